#include "server/using.h"

#include "base/hash.h"
#include "mojo/cell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16

static int read_all(
    const json_t *using, struct mc_using *ret, struct mc_buf *ret_imports, int depth, mc_err *err);

static int malformed(mc_err *err)
{
    return mc_err_set(
        err,
        MC_INVALID_REQUEST,
        "'using' must be an array of {source, names, using?, links?}, links one of {of, names}, "
        "at most %d deep, of at most %d sources",
        MAX_DEPTH,
        MC_USING_MOST);
}

static bool is_name(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char) *c) && *c != '_') {
            return false;
        }
    }
    return *text && !isdigit((unsigned char) *text);
}

static int add_imports(const json_t *names, const char *module, struct mc_buf *ret, mc_err *err)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name) || !is_name(json_string_value(name))) {
            return malformed(err);
        }
        mc_buf_addf(ret, "from %s import %s\n", module, json_string_value(name));
    }
    return json_is_array(names) ? mc_buf_check(ret, err) : malformed(err);
}

/* What a source has of items before it in its list, whose modules are `given`. */
static int
add_links(const json_t *links, const struct mc_strv *given, struct mc_buf *ret, mc_err *err)
{
    size_t i;
    json_t *link;
    if (links && !json_is_array(links)) {
        return malformed(err);
    }
    json_array_foreach(links, i, link)
    {
        const json_t *of = json_object_get(link, "of");
        json_int_t number = json_is_integer(of) ? json_integer_value(of) : -1;
        if (number < 0 || (size_t) number >= given->count) {
            return malformed(err);
        }
        if (add_imports(json_object_get(link, "names"), given->items[number], ret, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The lines in an order that does not depend on that in which they were asked for: the same cell is
 * the same module, whether it is compiled itself or used by another. */
static int add_sorted(struct mc_buf *text, const struct mc_buf *imports, mc_err *err)
{
    mc_autostrv lines = MC_STRV_INIT;
    char *rest = imports->data;
    for (char *end; rest && (end = strchr(rest, '\n')); rest = end + 1) {
        mc_strv_addf(&lines, "%.*s", (int) (end - rest), rest);
    }
    if (mc_strv_check(&lines, err) < 0) {
        return -1;
    }
    if (lines.count > 1) {
        qsort(lines.items, lines.count, sizeof *lines.items, compare_lines);
    }
    for (size_t i = 0; i < lines.count; i++) {
        mc_buf_addf(text, "%s\n", lines.items[i]);
    }
    return mc_buf_check(text, err);
}

/* A source as a module: what it is called depends on nothing else. */
static int write_text(const char *source,
                      size_t length,
                      const struct mc_buf *imports,
                      struct mc_buf *text,
                      mc_err *err)
{
    struct mc_cell *cell = NULL;
    if (mc_cell_parse(source, length, &cell, err) < 0) {
        return -1;
    }
    mc_cell_module(cell, text);
    mc_cell_free(cell);
    mc_buf_addc(text, '\n');
    return add_sorted(text, imports, err);
}

/* The source as a module, with what it uses itself; `given` are the modules before it. */
static int module_text(const json_t *one,
                       struct mc_using *ret,
                       const struct mc_strv *given,
                       struct mc_buf *text,
                       int depth,
                       mc_err *err)
{
    const json_t *source = json_object_get(one, "source");
    mc_autobuf imports = MC_BUF_INIT;
    if (!json_is_string(source)) {
        return malformed(err);
    }
    if (read_all(json_object_get(one, "using"), ret, &imports, depth + 1, err) < 0 ||
        add_links(json_object_get(one, "links"), given, &imports, err) < 0) {
        return -1;
    }
    return write_text(json_string_value(source), json_string_length(source), &imports, text, err);
}

static int name_of(const struct mc_buf *text, char ret_name[static MC_USING_NAME], mc_err *err)
{
    char digest[MC_HASH_HEX];
    if (mc_hash_bytes(text->data, text->length, digest, err) < 0) {
        return -1;
    }
    snprintf(ret_name, MC_USING_NAME, "mc_u%.16s", digest);
    return 0;
}

static int add_module(struct mc_using *ret,
                      const struct mc_buf *text,
                      const char *source,
                      char name[static MC_USING_NAME],
                      mc_err *err)
{
    if (name_of(text, name, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < ret->names.count; i++) {
        if (strcmp(ret->names.items[i], name) == 0) {
            return 0;
        }
    }
    if (ret->names.count == MC_USING_MOST) {
        return malformed(err);
    }
    mc_strv_add(&ret->names, name);
    mc_strv_add(&ret->texts, text->data);
    mc_strv_add(&ret->sources, source);
    if (mc_strv_check(&ret->names, err) < 0 || mc_strv_check(&ret->sources, err) < 0) {
        return -1;
    }
    return mc_strv_check(&ret->texts, err);
}

static int read_all(
    const json_t *using, struct mc_using *ret, struct mc_buf *ret_imports, int depth, mc_err *err)
{
    mc_autostrv given = MC_STRV_INIT;
    size_t i;
    json_t *one;
    if (using && (!json_is_array(using) || depth > MAX_DEPTH)) {
        return malformed(err);
    }
    json_array_foreach(using, i, one)
    {
        mc_autobuf text = MC_BUF_INIT;
        char module[MC_USING_NAME];
        if (module_text(one, ret, &given, &text, depth, err) < 0 ||
            add_module(ret, &text, json_string_value(json_object_get(one, "source")), module, err) <
                0 ||
            add_imports(json_object_get(one, "names"), module, ret_imports, err) < 0) {
            return -1;
        }
        mc_strv_add(&given, module);
    }
    return mc_strv_check(&given, err);
}

int mc_using_read(const json_t *using, struct mc_using *ret, mc_err *err)
{
    return read_all(using, ret, &ret->imports, 0, err);
}

int mc_using_module(const char *source,
                    size_t length,
                    const struct mc_buf *imports,
                    char ret_name[static MC_USING_NAME],
                    mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    return write_text(source, length, imports, &text, err) < 0 ? -1 : name_of(&text, ret_name, err);
}

void mc_using_fini(struct mc_using *using)
{
    mc_buf_fini(&using->imports);
    mc_strv_fini(&using->names);
    mc_strv_fini(&using->texts);
    mc_strv_fini(&using->sources);
}
