/* Mojo source as tokens: what is a name, a string or a comment, and where logical lines begin and
 * end. Takes any bytes whatever: damaged source gives odd tokens, never an error. The tokens point
 * into the source, which they do not own. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Longer sources are refused with TOO_LARGE. */
#define MC_LEX_LIMIT ((size_t) 64 << 20)

enum mc_token_kind {
    MC_TOKEN_END,      /* after the last; its place is the end of the source */
    MC_TOKEN_NEWLINE,  /* the end of a logical line; empty where the source ends without one */
    MC_TOKEN_NAME,     /* an identifier or keyword */
    MC_TOKEN_BACKTICK, /* `an identifier`, backticks included */
    MC_TOKEN_NUMBER,
    MC_TOKEN_STRING, /* prefix and quotes included; of a t-string with all that is inside */
    MC_TOKEN_OP,     /* an operator, delimiter or bracket */
    MC_TOKEN_OTHER,  /* a byte that begins nothing */
};

struct mc_token {
    uint32_t start; /* byte offset */
    uint32_t length;
    uint32_t line;  /* of its first byte, from 1 */
    uint16_t depth; /* open brackets around it; an opening bracket and its closing one have the
                       same; stops counting at UINT16_MAX */
    uint8_t kind;   /* enum mc_token_kind */
    uint8_t flags;
};

#define MC_TOKEN_FIRST        0x01 /* the first of a logical line */
#define MC_TOKEN_UNTERMINATED 0x02 /* a string or backtick that its line or the source ends */

struct mc_tokens {
    const char *source; /* as given; offsets count from here */
    size_t length;
    size_t start;           /* 3 where a byte order mark comes first, else 0 */
    struct mc_token *items; /* the last one is MC_TOKEN_END */
    size_t count;           /* without it */
};

#define MC_TOKENS_INIT ((struct mc_tokens) {0})
#define mc_autotokens  __attribute__((cleanup(mc_tokens_fini))) struct mc_tokens

/* Tokens of the whole source, in order; comments and blank lines leave none. Line ends are \n, \r\n
 * and \r; inside brackets and after a backslash they leave no token either. Fails with TOO_LARGE or
 * NO_MEMORY; *ret is empty then. */
int mc_lex(const char *source, size_t length, struct mc_tokens *ret, mc_err *err) MC_MUST_USE;
void mc_tokens_fini(struct mc_tokens *tokens);

/* Line ends in `length` bytes; \r\n is one. */
size_t mc_lex_count_lines(const char *source, size_t length);

/* Whether the token's text is exactly `text`. */
bool mc_token_is(const struct mc_tokens *tokens, const struct mc_token *token, const char *text);

/* The first token that ends after `offset` (MC_TOKEN_END where there is none); never NULL. */
const struct mc_token *mc_lex_at(const struct mc_tokens *tokens, size_t offset);
