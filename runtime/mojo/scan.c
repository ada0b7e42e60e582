#include "mojo/scan.h"

#include "base/err.h"
#include "mojo/scan_imports.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const compound_words[] = {
    "if", "elif", "else", "for", "while", "with", "try", "except", "finally", NULL};
static const char *const branch_words[] = {"elif", "else", "except", "finally", NULL};
static const char *const branching_words[] = {"if", "for", "while", "try", "comptime", NULL};
/* What begins a statement that has no value. */
static const char *const valueless_words[] = {
    "if",      "elif",     "else",  "for",   "while",    "with", "try",    "except",
    "finally", "return",   "raise", "break", "continue", "pass", "assert", "del",
    "global",  "nonlocal", "yield", "var",   "...",      NULL};
static const char *const assignments[] = {
    "=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "&=", "|=", "^=", "<<=", ">>=", NULL};

/* The index of the first token of the next logical line. */
static size_t next_line(const struct mc_tokens *tokens, size_t at)
{
    while (at < tokens->count && tokens->items[at].kind != MC_TOKEN_NEWLINE) {
        at++;
    }
    return at < tokens->count ? at + 1 : at;
}

struct scanner {
    struct mc_scan *out;
    size_t capacity;
    bool failed;
};

static struct mc_item *add_item(struct scanner *scanner)
{
    struct mc_scan *out = scanner->out;
    if (out->count == scanner->capacity) {
        size_t capacity = scanner->capacity > 0 ? scanner->capacity * 2 : 16;
        struct mc_item *items = realloc(out->items, capacity * sizeof *items);
        if (items == NULL) {
            scanner->failed = true;
            return NULL;
        }
        out->items = items;
        scanner->capacity = capacity;
    }
    out->items[out->count] = (struct mc_item) {0};
    return &out->items[out->count++];
}

/* Whether the words at the cursor are `keyword name`. */
static bool is_keyword(const struct mc_cursor *cursor, const char *keyword)
{
    return mc_cursor_is(cursor, 0, keyword) && mc_cursor_is_name(cursor, 1);
}

static bool is_def(const struct mc_cursor *cursor)
{
    bool async = mc_cursor_is(cursor, 0, "async") || mc_cursor_is(cursor, 0, "__async");
    struct mc_cursor at = *cursor;
    at.at += async ? 1 : 0;
    return is_keyword(&at, "def") || is_keyword(&at, "fn");
}

/* `alias x = 1`, `comptime x: Int = 1`, `comptime f[n: Int] = …`; `comptime if …` and the like are
 * statements. */
static bool is_comptime(const struct mc_cursor *cursor)
{
    if (!is_keyword(cursor, "comptime") && !is_keyword(cursor, "alias")) {
        return false;
    }
    return mc_cursor_is(cursor, 2, "=") || mc_cursor_is(cursor, 2, ":") ||
           mc_cursor_is(cursor, 2, "[");
}

static enum mc_item_kind kind_of(const struct mc_cursor *cursor)
{
    if (mc_import_at(cursor)) {
        return MC_ITEM_IMPORT;
    }
    if (is_def(cursor)) {
        return MC_ITEM_DEF;
    }
    if (is_keyword(cursor, "struct") || is_keyword(cursor, "class")) {
        return MC_ITEM_STRUCT;
    }
    if (is_keyword(cursor, "trait")) {
        return MC_ITEM_TRAIT;
    }
    if (is_keyword(cursor, "__extension") || is_keyword(cursor, "extension")) {
        return MC_ITEM_EXTENSION;
    }
    return is_comptime(cursor) ? MC_ITEM_COMPTIME : MC_ITEM_STATEMENT;
}

/* Whether the logical line holds several simple statements where it has semicolons. */
static bool is_simple(const struct mc_cursor *cursor, enum mc_item_kind kind)
{
    if (kind == MC_ITEM_STATEMENT) {
        const struct mc_token *first = mc_cursor_peek(cursor, 0);
        bool comptime = mc_cursor_is(cursor, 0, "comptime");
        return !mc_token_in(cursor->tokens, first, compound_words) &&
               !(comptime &&
                 mc_token_in(cursor->tokens, mc_cursor_peek(cursor, 1), compound_words));
    }
    return kind == MC_ITEM_IMPORT || kind == MC_ITEM_COMPTIME;
}

/* Whether tokens first to end - 1 are an expression whose value can be shown. */
static bool is_expression(const struct mc_tokens *tokens, size_t first, size_t end)
{
    bool lambda = false;
    if (first >= end || mc_token_in(tokens, &tokens->items[first], valueless_words)) {
        return false;
    }
    struct mc_cursor words = {.tokens = tokens, .at = first, .end = end};
    if (is_keyword(&words, "comptime") || is_keyword(&words, "let") || is_keyword(&words, "ref") ||
        is_keyword(&words, "alias") || mc_cursor_is(&words, 0, "@")) {
        return false;
    }
    for (size_t i = first; i < end; i++) {
        const struct mc_token *token = &tokens->items[i];
        if (token->kind == MC_TOKEN_OTHER || (token->flags & MC_TOKEN_UNTERMINATED)) {
            return false;
        }
        if (token->depth > 0) {
            continue;
        }
        lambda |= mc_token_is(tokens, token, "lambda");
        if (mc_token_in(tokens, token, assignments) ||
            (!lambda && mc_token_is(tokens, token, ":"))) {
            return false;
        }
    }
    /* An open bracket: the last token is inside of it. */
    const struct mc_token *last = &tokens->items[end - 1];
    return last->depth == 0 &&
           !mc_token_in(tokens, last, (const char *const[]) {"(", "[", "{", NULL});
}

static struct mc_span docstring_at(const struct mc_tokens *tokens, size_t at, size_t end)
{
    if (at < end && tokens->items[at].kind == MC_TOKEN_NEWLINE) {
        at++;
    }
    if (at >= end || tokens->items[at].kind != MC_TOKEN_STRING) {
        return (struct mc_span) {0};
    }
    const struct mc_token *next = &tokens->items[at + 1];
    bool alone = next->kind == MC_TOKEN_NEWLINE || next->kind == MC_TOKEN_END ||
                 mc_token_is(tokens, next, ";");
    return alone ? mc_tokens_span(tokens, at, at + 1) : (struct mc_span) {0};
}

/* The cursor is at the name of a struct, trait or extension: on, to behind the header's colon. */
static void skip_type_header(struct mc_cursor *cursor)
{
    while (cursor->at < cursor->end && !mc_cursor_is(cursor, 0, ":")) {
        if (mc_cursor_is(cursor, 0, "[") || mc_cursor_is(cursor, 0, "(")) {
            mc_cursor_skip_bracket(cursor);
        } else {
            cursor->at++;
        }
    }
    cursor->at += cursor->at < cursor->end ? 1 : 0;
}

/* Name, signature and docstring of a definition whose keyword the cursor is at. */
static void read_definition(struct scanner *scanner, struct mc_item *item, struct mc_cursor cursor)
{
    bool async = mc_cursor_accept(&cursor, "async") || mc_cursor_accept(&cursor, "__async");
    bool is_fn = mc_cursor_is(&cursor, 0, "fn");
    cursor.at++;
    item->name = mc_tokens_span(cursor.tokens, cursor.at, cursor.at + 1);
    if (item->kind == MC_ITEM_DEF) {
        item->def = mc_def_read(&cursor);
        if (item->def == NULL) {
            scanner->failed = true;
            return;
        }
        item->def->is_fn = is_fn;
        item->def->is_async = async;
    } else if (item->kind != MC_ITEM_COMPTIME) {
        skip_type_header(&cursor);
    }
    if (item->kind != MC_ITEM_COMPTIME) {
        item->docstring = docstring_at(cursor.tokens, cursor.at, cursor.end);
    }
}

/* Fills in what follows from the item's range of tokens. `head` is the index of its keyword. */
static void
finish_item(struct scanner *scanner, struct mc_item *item, size_t first, size_t head, size_t end)
{
    const struct mc_tokens *tokens = &scanner->out->tokens;
    while (end > head + 1 && tokens->items[end - 1].kind == MC_TOKEN_NEWLINE) {
        end--;
    }
    struct mc_cursor cursor = {.tokens = tokens, .at = head, .end = end};
    item->kind = kind_of(&cursor);
    item->first_token = first;
    item->end_token = end;
    item->span = mc_tokens_span(tokens, first, end);
    item->keyword = mc_tokens_span(tokens, head, head + 1);
    item->line = tokens->items[head].line;
    item->first_line = tokens->items[first].line;
    item->last_line = tokens->items[end - 1].line;
    const struct mc_token *last = &tokens->items[end - 1];
    item->last_line += (uint32_t) mc_lex_count_lines(tokens->source + last->start, last->length);
    if (item->kind != MC_ITEM_STATEMENT && item->kind != MC_ITEM_IMPORT) {
        read_definition(scanner, item, cursor);
    }
}

/* One physical run of decorator lines before the head. */
static void
read_decorators(struct scanner *scanner, struct mc_item *item, size_t first, size_t head)
{
    const struct mc_tokens *tokens = &scanner->out->tokens;
    size_t n = 0;
    for (size_t at = first; at < head; at = next_line(tokens, at)) {
        n++;
    }
    item->decorators = n > 0 ? calloc(n, sizeof *item->decorators) : NULL;
    if (n > 0 && item->decorators == NULL) {
        scanner->failed = true;
        return;
    }
    for (size_t at = first; at < head; at = next_line(tokens, at)) {
        size_t end = next_line(tokens, at);
        item->decorators[item->n_decorators++] = mc_tokens_span(tokens, at, end - 1);
    }
}

/* The simple statements of one logical line: an item each. */
static void add_simple(struct scanner *scanner, size_t first, size_t end)
{
    const struct mc_tokens *tokens = &scanner->out->tokens;
    while (end > first && tokens->items[end - 1].kind == MC_TOKEN_NEWLINE) {
        end--;
    }
    while (first < end && !scanner->failed) {
        size_t stop = first;
        while (stop < end && !(tokens->items[stop].depth == 0 &&
                               mc_token_is(tokens, &tokens->items[stop], ";"))) {
            stop++;
        }
        bool semicolon = stop < end;
        size_t behind = stop + (semicolon ? 1 : 0);
        struct mc_item *item = add_item(scanner);
        if (item == NULL) {
            return;
        }
        finish_item(scanner, item, first, first, behind);
        item->semicolon = semicolon;
        item->expression = item->kind == MC_ITEM_STATEMENT && is_expression(tokens, first, stop);
        first = behind;
    }
}

/* The end of the item that begins at `first` with its head at `head`: behind its block and its
 * branches. */
static size_t item_end(const struct mc_tokens *tokens, size_t head, size_t column, bool branches)
{
    size_t at = next_line(tokens, head);
    while (at < tokens->count) {
        size_t here = mc_token_column(tokens, &tokens->items[at]);
        bool branch =
            branches && here == column && mc_token_in(tokens, &tokens->items[at], branch_words);
        if (here <= column && !branch) {
            break;
        }
        at = next_line(tokens, at);
    }
    return at;
}

/* The item whose first token is `first`; returns the index of the token behind it. */
static size_t scan_item(struct scanner *scanner, size_t first)
{
    const struct mc_tokens *tokens = &scanner->out->tokens;
    size_t head = first;
    size_t column = mc_token_column(tokens, &tokens->items[first]);
    while (head < tokens->count && mc_token_is(tokens, &tokens->items[head], "@")) {
        size_t next = next_line(tokens, head);
        if (next >= tokens->count) {
            break;
        }
        head = next;
    }
    struct mc_cursor cursor = {.tokens = tokens, .at = head, .end = next_line(tokens, head)};
    enum mc_item_kind kind = kind_of(&cursor);
    bool branches =
        kind == MC_ITEM_STATEMENT && mc_token_in(tokens, &tokens->items[head], branching_words);
    size_t end = item_end(tokens, head, column, branches);
    if (head == first && is_simple(&cursor, kind) && end == cursor.end) {
        add_simple(scanner, first, end);
        return end;
    }
    struct mc_item *item = add_item(scanner);
    if (item != NULL) {
        finish_item(scanner, item, first, head, end);
        read_decorators(scanner, item, first, head);
    }
    return end;
}

static bool is_main(const struct mc_scan *scan, const struct mc_item *item)
{
    return item->kind == MC_ITEM_DEF && item->name.end - item->name.start == 4 &&
           memcmp(scan->tokens.source + item->name.start, "main", 4) == 0;
}

int mc_scan(const char *source, size_t length, struct mc_scan *ret, mc_err *err)
{
    *ret = MC_SCAN_INIT;
    if (mc_lex(source, length, &ret->tokens, err) < 0) {
        return -1;
    }
    struct scanner scanner = {.out = ret};
    for (size_t at = 0; at < ret->tokens.count && !scanner.failed;) {
        at = scan_item(&scanner, at);
    }
    if (scanner.failed) {
        mc_scan_fini(ret);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < ret->count; i++) {
        ret->main = is_main(ret, &ret->items[i]) ? i : ret->main;
    }
    return 0;
}

void mc_scan_fini(struct mc_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        free(scan->items[i].decorators);
        mc_def_free(scan->items[i].def);
    }
    free(scan->items);
    mc_tokens_fini(&scan->tokens);
    *scan = MC_SCAN_INIT;
}

bool mc_item_is_definition(const struct mc_item *item)
{
    return item->kind != MC_ITEM_STATEMENT;
}

const char *mc_item_kind_name(enum mc_item_kind kind)
{
    static const char *const names[] = {
        [MC_ITEM_IMPORT] = "import",
        [MC_ITEM_DEF] = "def",
        [MC_ITEM_STRUCT] = "struct",
        [MC_ITEM_TRAIT] = "trait",
        [MC_ITEM_COMPTIME] = "comptime",
        [MC_ITEM_EXTENSION] = "extension",
        [MC_ITEM_STATEMENT] = "statement",
    };
    return names[kind];
}
