#include "mojo/cell_names.h"

#include "mojo/lex.h"
#include "mojo/scan.h"
#include "mojo/scan_cursor.h"

#include <stdlib.h>
#include <string.h>

static int add_name(struct mc_names *names, const char *text, size_t length, bool bound)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? names->capacity * 2 : 16;
        struct mc_name *items = realloc(names->items, capacity * sizeof *items);
        if (items == NULL) {
            return -1;
        }
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] =
        (struct mc_name) {.text = text, .length = length, .count = 1, .bound = bound};
    return 0;
}

/* Where the targets of the statement end: at its first `=`, `:` or `in` outside of brackets, or the
 * name after `as`. The cursor is at their first token. Leaves an empty range where nothing is
 * bound. */
static struct mc_cursor targets_of(struct mc_cursor cursor)
{
    static const char *const ends[] = {"=", ":", "in", ":=", NULL};
    const struct mc_tokens *tokens = cursor.tokens;
    bool loop = mc_cursor_accept(&cursor, "for");
    bool named = mc_cursor_is(&cursor, 0, "with") || mc_cursor_is(&cursor, 0, "except");
    bool declared = mc_cursor_is(&cursor, 0, "var") || mc_cursor_is(&cursor, 0, "let") ||
                    mc_cursor_is(&cursor, 0, "ref");
    cursor.at += declared ? 1 : 0;
    struct mc_cursor none = {.tokens = tokens, .at = cursor.at, .end = cursor.at};
    for (size_t i = cursor.at; i < cursor.end; i++) {
        const struct mc_token *token = &tokens->items[i];
        if (token->depth > 0) {
            continue;
        }
        if (named && mc_token_is(tokens, token, "as")) {
            return (struct mc_cursor) {.tokens = tokens, .at = i + 1, .end = i + 2};
        }
        if (!named && mc_token_in(tokens, token, ends)) {
            bool binds = loop == mc_token_is(tokens, token, "in");
            cursor.end = i;
            return binds ? cursor : none;
        }
    }
    return declared ? cursor : none;
}

/* Each name of `a, (b, c)`; not of `a.b`, `a[b]` or `f(a)`. */
static int add_targets(struct mc_names *names, struct mc_cursor cursor)
{
    static const char *const before[] = {"(", ",", "var", "ref", "*", NULL};
    static const char *const after[] = {")", ",", NULL};
    for (size_t i = cursor.at; i < cursor.end; i++) {
        const struct mc_token *token = &cursor.tokens->items[i];
        bool starts = i == cursor.at || mc_token_in(cursor.tokens, token - 1, before);
        bool ends = i + 1 == cursor.end || mc_token_in(cursor.tokens, token + 1, after);
        bool name = token->kind == MC_TOKEN_NAME || token->kind == MC_TOKEN_BACKTICK;
        if (!starts || !ends || !name) {
            continue;
        }
        size_t quote = token->kind == MC_TOKEN_BACKTICK && token->length >= 2 ? 1 : 0;
        if (add_name(names,
                     cursor.tokens->source + token->start + quote,
                     token->length - 2 * quote,
                     true) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Where the simple statement at `at` ends. */
static size_t statement_end(const struct mc_tokens *tokens, size_t at, size_t end)
{
    while (at < end && tokens->items[at].kind != MC_TOKEN_NEWLINE &&
           !(tokens->items[at].depth == 0 && mc_token_is(tokens, &tokens->items[at], ";"))) {
        at++;
    }
    return at;
}

/* All statements of the item: those in its blocks too, also behind the first colon of a line. */
static int
add_item(struct mc_names *names, const struct mc_tokens *tokens, const struct mc_item *item)
{
    bool colon = false;
    for (size_t i = item->first_token; i < item->end_token; i++) {
        const struct mc_token *token = &tokens->items[i];
        bool first = i == item->first_token || (token->flags & MC_TOKEN_FIRST);
        bool begins = first || (token->depth == 0 && mc_token_is(tokens, token - 1, ";"));
        colon = colon && !first;
        if (!first && !colon && token->depth == 0 && mc_token_is(tokens, token - 1, ":")) {
            begins = colon = true;
        }
        if (begins) {
            struct mc_cursor cursor = {
                .tokens = tokens, .at = i, .end = statement_end(tokens, i, item->end_token)};
            if (add_targets(names, targets_of(cursor)) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct mc_name *x = a;
    const struct mc_name *y = b;
    size_t n = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, n);
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

static void sort_unique(struct mc_names *names)
{
    if (names->count == 0) {
        return;
    }
    qsort(names->items, names->count, sizeof *names->items, compare);
    size_t kept = 1;
    for (size_t i = 1; i < names->count; i++) {
        if (compare(&names->items[i], &names->items[kept - 1]) == 0) {
            names->items[kept - 1].bound |= names->items[i].bound;
            names->items[kept - 1].count += names->items[i].count;
        } else {
            names->items[kept++] = names->items[i];
        }
    }
    names->count = kept;
}

int mc_names_collect(struct mc_names *names, const struct mc_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        const struct mc_item *item = &scan->items[i];
        const char *name = scan->tokens.source + item->name.start;
        int added = 0;
        if (item->kind == MC_ITEM_STATEMENT) {
            added = add_item(names, &scan->tokens, item);
        } else if (item->kind == MC_ITEM_COMPTIME) {
            added = add_name(names, name, item->name.end - item->name.start, false);
        }
        if (added < 0) {
            return -1;
        }
    }
    sort_unique(names);
    return 0;
}

int mc_names_of_definitions(struct mc_names *names, const struct mc_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        struct mc_span name = scan->items[i].name;
        if (name.end > name.start &&
            add_name(names, scan->tokens.source + name.start, name.end - name.start, false) < 0) {
            return -1;
        }
    }
    sort_unique(names);
    return 0;
}

void mc_names_fini(struct mc_names *names)
{
    free(names->items);
    *names = MC_NAMES_INIT;
}

struct mc_name *mc_names_find(const struct mc_names *names, const char *text, size_t length)
{
    struct mc_name key = {.text = text, .length = length};
    return names->count > 0
               ? bsearch(&key, names->items, names->count, sizeof *names->items, compare)
               : NULL;
}
