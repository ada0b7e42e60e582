#include "mojo/scan_cursor.h"

#include <stddef.h>

const struct mc_token *mc_cursor_peek(const struct mc_cursor *cursor, size_t ahead)
{
    const struct mc_tokens *tokens = cursor->tokens;
    size_t at = cursor->at + ahead;
    return &tokens->items[at < cursor->end && at < tokens->count ? at : tokens->count];
}

bool mc_cursor_is(const struct mc_cursor *cursor, size_t ahead, const char *text)
{
    return mc_token_is(cursor->tokens, mc_cursor_peek(cursor, ahead), text);
}

bool mc_cursor_is_name(const struct mc_cursor *cursor, size_t ahead)
{
    int kind = mc_cursor_peek(cursor, ahead)->kind;
    return kind == MC_TOKEN_NAME || kind == MC_TOKEN_BACKTICK;
}

bool mc_cursor_accept(struct mc_cursor *cursor, const char *text)
{
    bool is = mc_cursor_is(cursor, 0, text);
    cursor->at += is ? 1 : 0;
    return is;
}

void mc_cursor_skip_bracket(struct mc_cursor *cursor)
{
    size_t depth = mc_cursor_peek(cursor, 0)->depth;
    cursor->at++;
    while (cursor->at < cursor->end && cursor->tokens->items[cursor->at].depth > depth) {
        cursor->at++;
    }
    cursor->at += cursor->at < cursor->end ? 1 : 0;
}

struct mc_span mc_tokens_span(const struct mc_tokens *tokens, size_t first, size_t end)
{
    if (first >= end || first >= tokens->count) {
        return (struct mc_span) {0};
    }
    const struct mc_token *last = &tokens->items[(end < tokens->count ? end : tokens->count) - 1];
    return (struct mc_span) {.start = tokens->items[first].start,
                             .end = last->start + last->length};
}

size_t mc_token_column(const struct mc_tokens *tokens, const struct mc_token *token)
{
    size_t start = token->start;
    while (start > tokens->start && tokens->source[start - 1] != '\n' &&
           tokens->source[start - 1] != '\r') {
        start--;
    }
    size_t column = 0;
    for (size_t i = start; i < token->start; i++) {
        column = tokens->source[i] == '\t' ? (column / 8 + 1) * 8 : column + 1;
    }
    return column;
}

bool mc_token_in(const struct mc_tokens *tokens,
                 const struct mc_token *token,
                 const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (mc_token_is(tokens, token, words[i])) {
            return true;
        }
    }
    return false;
}
