#include "mojo/scan_struct.h"

#include <stdlib.h>
#include <string.h>

/* Behind the header's colon. */
static struct mc_cursor body_of(const struct mc_scan *scan, const struct mc_item *item)
{
    struct mc_cursor cursor = {
        .tokens = &scan->tokens, .at = item->first_token, .end = item->end_token};
    while (cursor.at < cursor.end &&
           mc_cursor_peek(&cursor, 0)->start < item->name.end) { /* decorators, keyword, name */
        cursor.at++;
    }
    while (cursor.at < cursor.end && !mc_cursor_is(&cursor, 0, ":")) {
        if (mc_cursor_is(&cursor, 0, "[") || mc_cursor_is(&cursor, 0, "(")) {
            mc_cursor_skip_bracket(&cursor);
        } else {
            cursor.at++;
        }
    }
    cursor.at += cursor.at < cursor.end ? 1 : 0;
    return cursor;
}

/* Behind the statement: its `;`, or the end of its line. */
static size_t statement_end(const struct mc_cursor *cursor)
{
    size_t at = cursor->at;
    while (at < cursor->end && cursor->tokens->items[at].kind != MC_TOKEN_NEWLINE &&
           !(cursor->tokens->items[at].depth == 0 &&
             mc_token_is(cursor->tokens, &cursor->tokens->items[at], ";"))) {
        at++;
    }
    return at;
}

/* `var name: Type` at the cursor, up to `end`. */
static void read_field(struct mc_cursor cursor, size_t end, struct mc_struct *ret)
{
    if (!mc_cursor_accept(&cursor, "var") || !mc_cursor_is_name(&cursor, 0)) {
        return;
    }
    struct mc_field field = {.name = mc_tokens_span(cursor.tokens, cursor.at, cursor.at + 1)};
    cursor.at++;
    if (mc_cursor_accept(&cursor, ":")) {
        field.type = mc_tokens_span(cursor.tokens, cursor.at, end);
    }
    ret->fields[ret->n_fields++] = field;
}

static bool begins_line(const struct mc_cursor *cursor)
{
    return mc_cursor_peek(cursor, 0)->flags & MC_TOKEN_FIRST;
}

/* The statements of the body itself: what is indented further belongs to a method. */
static void read_body(struct mc_cursor cursor, struct mc_struct *ret)
{
    size_t column = 0;
    bool own = true; /* on the header's line, where the body begins there */
    while (cursor.at < cursor.end) {
        if (mc_cursor_peek(&cursor, 0)->kind == MC_TOKEN_NEWLINE) {
            cursor.at++;
            continue;
        }
        if (begins_line(&cursor)) {
            size_t here = mc_token_column(cursor.tokens, mc_cursor_peek(&cursor, 0));
            column = column ? column : here;
            own = here == column;
        }
        size_t end = statement_end(&cursor);
        if (own) {
            read_field(cursor, end, ret);
        }
        cursor.at = end + 1;
    }
}

static bool is_fieldwise(const struct mc_scan *scan, const struct mc_item *item)
{
    static const char wanted[] = "fieldwise_init";
    for (size_t i = 0; i < item->n_decorators; i++) {
        const struct mc_token *name = mc_lex_at(&scan->tokens, item->decorators[i].start) + 1;
        if (mc_token_is(&scan->tokens, name, wanted)) {
            return true;
        }
    }
    return false;
}

int mc_struct_read(const struct mc_scan *scan, const struct mc_item *item, struct mc_struct *ret)
{
    *ret = (struct mc_struct) {.fieldwise = is_fieldwise(scan, item)};
    ret->fields = calloc(item->end_token - item->first_token + 1, sizeof *ret->fields);
    if (!ret->fields) {
        return -1;
    }
    const struct mc_token *behind = mc_lex_at(&scan->tokens, item->name.end);
    ret->has_parameters = mc_token_is(&scan->tokens, behind, "[");
    read_body(body_of(scan, item), ret);
    return 0;
}

void mc_struct_fini(struct mc_struct *self)
{
    free(self->fields);
    *self = (struct mc_struct) {0};
}
