/* A round of repairs on its way: the cell as tokens, the edits so far, and the error that is being
 * looked at. For the files of repair alone. */
#pragma once

#include "mojo/lex.h"
#include "mojo/repair_edits.h"

#include <jansson.h>

struct mc_repair {
    const char *source;
    size_t length;
    struct mc_tokens tokens;
    struct mc_edits edits;
    bool old; /* some error is one of older Mojo */
};

struct mc_repair_error {
    const char *message;
    const char *line; /* its text, never NULL */
    const json_t *notes;
    size_t at; /* the token at its place; the count of tokens where there is none */
};

/* --- tokens (repair_tokens.c) ---------------------------------------------------------------- */

/* The token at an index, also beyond either end: the last one is MC_TOKEN_END. */
const struct mc_token *mc_repair_token(const struct mc_repair *r, size_t i);
bool mc_repair_is(const struct mc_repair *r, size_t i, const char *text);
bool mc_repair_is_name(const struct mc_repair *r, size_t i);
bool mc_repair_is_first(const struct mc_repair *r, size_t i);
/* A name that is not an attribute: `x`, and not the `x` of `a.x`. */
bool mc_repair_is_free(const struct mc_repair *r, size_t i, const char *name);
size_t mc_repair_end(const struct mc_repair *r, size_t i);

/* The bracket that belongs to the one at i; i where there is none. */
size_t mc_repair_match(const struct mc_repair *r, size_t i);
/* The first token of the expression whose last call, subscript, attribute or name is at i, and its
 * last one. */
size_t mc_repair_expression(const struct mc_repair *r, size_t i);
size_t mc_repair_expression_end(const struct mc_repair *r, size_t i);
/* Commas between the brackets at `open` and `close`, and one more; 0 where they hold nothing. */
size_t mc_repair_arguments(const struct mc_repair *r, size_t open, size_t close);
bool mc_repair_names_argument(const struct mc_repair *r, size_t open, size_t close);

/* The end of the block whose first line begins at i; the `def` or `fn` around i, or the count. */
size_t mc_repair_block_end(const struct mc_repair *r, size_t i);
size_t mc_repair_function(const struct mc_repair *r, size_t i);

/* What stands from the first to the last of these tokens; NULL where there is no memory. */
char *mc_repair_text(const struct mc_repair *r, size_t first, size_t last);

void mc_repair_replace(struct mc_repair *r, size_t i, const char *text, const char *message);
void mc_repair_insert(struct mc_repair *r, size_t at, const char *text, const char *message);
/* Removes tokens, and the space behind them on their line. */
void mc_repair_remove(struct mc_repair *r, size_t first, size_t last, const char *message);
/* Removes a statement or decorator: its line stays, empty, so that no other line moves. */
void mc_repair_remove_line(struct mc_repair *r, size_t first, const char *message);
void mc_repair_wrap(
    struct mc_repair *r, size_t first, size_t last, const char *type, const char *message);
/* An edit whose text is made by a format. */
void mc_repair_change(
    struct mc_repair *r, size_t start, size_t end, const char *message, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What `message` has in quotes behind `before`, wherever that is; false where it has not. */
bool mc_repair_quoted(const char *message, const char *before, char *ret, size_t size);

/* --- what is repaired ------------------------------------------------------------------------ */

/* Each looks at one error, repairs what it knows, and returns whether it is one of older Mojo. */
bool mc_repair_names(struct mc_repair *r, const struct mc_repair_error *e);
bool mc_repair_imports(struct mc_repair *r, const struct mc_repair_error *e);
bool mc_repair_structs(struct mc_repair *r, const struct mc_repair_error *e);
void mc_repair_values(struct mc_repair *r, const struct mc_repair_error *e);
void mc_repair_types(struct mc_repair *r, const struct mc_repair_error *e);

/* What no Mojo of today can mean anything else by. */
void mc_repair_words(struct mc_repair *r);

/* Leaves a name out of the `from … import` that i is in, or the whole of it. */
void mc_repair_forget_import(struct mc_repair *r, size_t i);

/* Makes a struct ImplicitlyCopyable where each copy of one was implicit. False where it cannot. */
bool mc_repair_implicit_copies(struct mc_repair *r, const char *type);
/* Puts another trait in the place of the one at i; takes it away where the struct has it already.
 */
void mc_repair_trait(struct mc_repair *r, size_t i, const char *to, const char *message);
