#include "cache/key.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Raised whenever the same parts would mean another artifact. */
static const char KEY_VERSION[] = "1";
#define MODULE "module "
enum { SHORT_TEXT = 120, SHORT_DIGEST = 16 };

/* Every tag that a key has parts of: what its difference counts as, what it is called, and whether
 * its values mean something to a reader. The first that differs is the reason. */
static const struct tag {
    const char *tag;
    const char *reason;
    const char *name;
    bool show;
} tags[] = {
    {"source", "source", "the source", false},
    {"flag", "flags", "the flags", false},
    {"compiler", "toolchain", "the compiler", true},
    {"compiler.identity", "toolchain", "the compiler's files", false},
    {"runtime.identity", "toolchain", "the runtime libraries", false},
    {"linker", "toolchain", "this program's own linker and generated code", false},
    {"target", "target", "the target", true},
    {"target.cpu", "target", "the target CPU", true},
    {"target.features", "target", "the target's CPU features", false},
    {"repair", "flags", "the repair of older sources", true},
    {"export", "exports", "the choice of functions", false},
    {"loop", "exports", "the choice of loops", false},
    {"exports", "exports", "whether functions are chosen", false},
    {"using", "using", "what other sources define", false},
    {"using.names", "using", "what is used of other sources", false},
    {"inputs", "inputs", "the variables that go in", false},
    {"outputs", "outputs", "the variables that come out", false},
    {MODULE, "imports", NULL, false}, /* the tag goes on with the module's path */
};

/* NULL: no part has this tag. */
static const struct tag *find_tag(const char *text)
{
    for (size_t i = 0; i < MC_LENGTH(tags); i++) {
        bool whole = strcmp(tags[i].tag, MODULE) != 0;
        if (whole ? strcmp(tags[i].tag, text) == 0 : strncmp(text, MODULE, strlen(MODULE)) == 0) {
            return &tags[i];
        }
    }
    return NULL;
}

int mc_key_init(struct mc_key *key, mc_err *err)
{
    *key = (struct mc_key) {.parts = json_object()};
    if (!key->parts) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_hash_init(&key->hash, err) < 0) {
        json_decref(key->parts);
        return -1;
    }
    mc_hash_part_string(&key->hash, "key", KEY_VERSION);
    return 0;
}

void mc_key_fini(struct mc_key *key)
{
    mc_hash_fini(&key->hash);
    json_decref(key->parts);
    key->parts = NULL;
}

static json_t *short_text(const void *bytes, size_t length)
{
    char hex[MC_HASH_HEX];
    mc_err ignored;
    json_t *text =
        length <= SHORT_TEXT && !memchr(bytes, '\n', length) ? json_stringn(bytes, length) : NULL;
    if (text) {
        return text;
    }
    if (mc_hash_bytes(bytes, length, hex, &ignored) < 0) {
        return NULL;
    }
    return json_sprintf("sha256:%.*s", SHORT_DIGEST, hex);
}

/* A second part of the same tag makes the entry an array. */
static int note_part(json_t *parts, const char *tag, json_t *text)
{
    json_t *old = json_object_get(parts, tag);
    if (!text) {
        return -1;
    }
    if (!old) {
        return json_object_set_new(parts, tag, text);
    }
    if (json_is_array(old)) {
        return json_array_append_new(old, text);
    }
    return json_object_set_new(parts, tag, json_pack("[O, o]", old, text));
}

void mc_key_add(struct mc_key *key, const char *tag, const void *bytes, size_t length)
{
    assert(find_tag(tag));
    mc_hash_part(&key->hash, tag, bytes, length);
    /* The source is told by its digest even where it is short: explanations never show it. */
    json_t *text =
        strcmp(tag, "source") == 0 && length <= SHORT_TEXT ? NULL : short_text(bytes, length);
    if (!text) {
        char hex[MC_HASH_HEX];
        mc_err ignored;
        text = mc_hash_bytes(bytes, length, hex, &ignored) < 0
                   ? NULL
                   : json_sprintf("sha256:%.*s", SHORT_DIGEST, hex);
    }
    if (note_part(key->parts, tag, text) < 0) {
        key->failed = true;
    }
}

void mc_key_add_string(struct mc_key *key, const char *tag, const char *text)
{
    mc_key_add(key, tag, text ? text : "", text ? strlen(text) : 0);
}

int mc_key_finish(struct mc_key *key,
                  char ret_hex[static MC_HASH_HEX],
                  json_t **ret_parts,
                  mc_err *err)
{
    if (key->failed) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_hash_hex(&key->hash, ret_hex);
    *ret_parts = json_incref(key->parts);
    return 0;
}

/* ---- comparison ---- */

static void say(json_t *sentences, json_t *sentence)
{
    if (sentence) {
        json_array_append_new(sentences, sentence);
    }
}

static void
compare_one(json_t *sentences, const char *tag, const json_t *before, const json_t *after)
{
    const struct tag *known = find_tag(tag); /* a note may be of another version */
    const char *name = known && known->name ? known->name : tag;
    const char *old = json_string_value(before);
    const char *new = json_string_value(after);
    if (strncmp(tag, MODULE, strlen(MODULE)) == 0) {
        const char *what = !old ? "is looked for now" : !new ? "is no longer imported" : "changed";
        if (old && new && strcmp(old, "absent") == 0) {
            what = "appeared";
        } else if (old && new && strcmp(new, "absent") == 0) {
            what = "is gone";
        }
        if ((old || (new && strcmp(new, "absent") != 0)) && (new || strcmp(old, "absent") != 0)) {
            say(sentences, json_sprintf("%s %s", tag, what));
        }
    } else if (known && known->show && old && new) {
        say(sentences, json_sprintf("%s changed: %s → %s", name, old, new));
    } else {
        say(sentences, json_sprintf("%s changed", name));
    }
}

static bool holds(const json_t *list, const json_t *item)
{
    size_t i;
    json_t *one;
    if (json_is_string(list)) {
        return json_equal(list, item);
    }
    json_array_foreach(list, i, one)
    {
        if (json_equal(one, item)) {
            return true;
        }
    }
    return false;
}

static void say_missing(json_t *sentences, const json_t *from, const json_t *in, const char *what)
{
    size_t i;
    json_t *one;
    if (json_is_string(from)) {
        if (!holds(in, from)) {
            say(sentences, json_sprintf("the flag %s %s", json_string_value(from), what));
        }
        return;
    }
    json_array_foreach(from, i, one)
    {
        if (!holds(in, one)) {
            say(sentences, json_sprintf("the flag %s %s", json_string_value(one), what));
        }
    }
}

static void compare_flags(json_t *sentences, const json_t *before, const json_t *after)
{
    size_t told = json_array_size(sentences);
    say_missing(sentences, after, before, "is new");
    say_missing(sentences, before, after, "is gone");
    if (json_array_size(sentences) == told) {
        say(sentences, json_string("the order of the flags changed"));
    }
}

json_t *mc_key_compare(const json_t *before, const json_t *after)
{
    json_t *sentences = json_array();
    const char *tag;
    json_t *value;
    json_object_foreach((json_t *) after, tag, value)
    {
        const json_t *old = json_object_get(before, tag);
        if (old && json_equal(old, value)) {
            continue;
        }
        if (strcmp(tag, "flag") == 0) {
            compare_flags(sentences, old, value);
        } else {
            compare_one(sentences, tag, old, value);
        }
    }
    json_object_foreach((json_t *) before, tag, value)
    {
        if (json_object_get(after, tag)) {
            continue;
        }
        if (strcmp(tag, "flag") == 0) {
            compare_flags(sentences, value, NULL);
        } else {
            compare_one(sentences, tag, value, NULL);
        }
    }
    return sentences;
}

static bool differs(const json_t *before, const json_t *after, const char *tag)
{
    const json_t *old = json_object_get(before, tag);
    const json_t *new = json_object_get(after, tag);
    return old != new && (!old || !new || !json_equal(old, new));
}

/* Whether a part that `parts` has under this tag, or under one that begins with it, differs. */
static bool tag_differs(const struct tag *tag, const json_t *parts, const json_t *other)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) parts, name, value)
    {
        if (find_tag(name) == tag && differs(parts, other, name)) {
            return true;
        }
    }
    return false;
}

const char *mc_key_reason(const json_t *before, const json_t *after)
{
    for (size_t i = 0; i < MC_LENGTH(tags); i++) {
        if (tag_differs(&tags[i], before, after) || tag_differs(&tags[i], after, before)) {
            return tags[i].reason;
        }
    }
    return "other";
}
