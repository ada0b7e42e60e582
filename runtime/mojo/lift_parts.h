/* The inside of lifting: lift.c has functions and statements, lift_expression.c what stands in
 * them.
 */
#pragma once

#include "mojo/bind_parts.h"
#include "mojo/lift_names.h"

#define WIDTH        "mc_w"
#define MAX_NAMES    64
#define MAX_DEFS     16
#define EVERYTHING_N 64 /* bits: more than any shift that is the same for all types */

struct mc_lifter {
    const struct mc_cell *cell;
    const struct mc_tokens *tokens;
    const struct mc_lift_below *below;
    struct mc_buf *out;                   /* definitions that are complete */
    const struct mc_item *defs[MAX_DEFS]; /* begun, in this order */
    size_t n_defs;
    char *reason;
};

/* A function that is being rewritten. */
struct mc_lift_body {
    struct mc_lifter *lifter;
    const struct mc_item *item;
    struct mc_buf text;
    struct mc_span names[MAX_NAMES]; /* of its arguments and variables */
    size_t n_names;
    bool has_whole;              /* whole numbers are among its types */
    unsigned bits;               /* of the shortest of these */
    unsigned types;              /* a bit for each scalar */
    size_t functions[MAX_NAMES]; /* of the standard library: tokens */
    size_t n_functions;
    size_t division;  /* a token that divides, or raises to a power that is no literal; 0: none */
    unsigned shift;   /* the longest */
    size_t shifts_at; /* its token */
};

static inline const struct mc_token *mc_lift_at(const struct mc_lift_body *body, size_t i)
{
    return &body->lifter->tokens->items[i];
}

static inline bool mc_lift_is(const struct mc_lift_body *body, size_t i, const char *text)
{
    return mc_token_is(body->lifter->tokens, mc_lift_at(body, i), text);
}

/* Returns false. The first reason stays; the other tells the token. */
bool mc_lift_refuse(struct mc_lifter *lifter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool mc_lift_refuse_token(const struct mc_lift_body *body, size_t i, const char *why);

void mc_lift_note_type(struct mc_lift_body *body, enum mc_scalar scalar);
bool mc_lift_add_name(struct mc_lift_body *body, struct mc_span name);
bool mc_lift_has_name(const struct mc_lift_body *body, const struct mc_token *token);
void mc_lift_emit(struct mc_lift_body *body, size_t i);

/* `number`: among the definitions that one function needs. */
void mc_lift_write_def_name(const struct mc_cell *cell,
                            const struct mc_item *item,
                            size_t number,
                            struct mc_buf *ret);

/* Rewrites tokens `first` to `end - 1`; `initial`: what a new variable begins with. False where
 * they are refused. */
bool mc_lift_expression(struct mc_lift_body *body, size_t first, size_t end);
bool mc_lift_initial(struct mc_lift_body *body, size_t first, size_t end);
bool mc_lift_note_operator(struct mc_lift_body *body, size_t i);

/* Lifts a function, behind those that it calls. */
bool mc_lift_def(struct mc_lifter *lifter, const struct mc_item *item);
