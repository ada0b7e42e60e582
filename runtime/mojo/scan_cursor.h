/* Where a part of the scanner reads, and what is at that place. */
#pragma once

#include "mojo/lex.h"

/* Bytes of the source; an absent part is empty with start 0. */
struct mc_span {
    uint32_t start, end;
};

/* `end` is the index of the first token that is not its own. */
struct mc_cursor {
    const struct mc_tokens *tokens;
    size_t at;
    size_t end;
};

/* The token `ahead` of the cursor; MC_TOKEN_END's where the cursor's range ends. */
const struct mc_token *mc_cursor_peek(const struct mc_cursor *cursor, size_t ahead);
bool mc_cursor_is(const struct mc_cursor *cursor, size_t ahead, const char *text);
/* Whether that token is an identifier (of either kind) or keyword. */
bool mc_cursor_is_name(const struct mc_cursor *cursor, size_t ahead);
/* Goes on by one where the token is `text`. */
bool mc_cursor_accept(struct mc_cursor *cursor, const char *text);
/* Past the bracket at the cursor and its closing one; to the end where there is none. */
void mc_cursor_skip_bracket(struct mc_cursor *cursor);

/* The bytes of tokens first to end - 1. */
struct mc_span mc_tokens_span(const struct mc_tokens *tokens, size_t first, size_t end);

/* The column of a logical line's first token; a tab goes on to the next multiple of eight. */
size_t mc_token_column(const struct mc_tokens *tokens, const struct mc_token *token);

/* Whether the token is one of the NULL-terminated words. */
bool mc_token_in(const struct mc_tokens *tokens,
                 const struct mc_token *token,
                 const char *const *words);
