/* The inside of the bindings, shared by the files that implement them. */
#pragma once

#include "abi/type.h"
#include "base/buf.h"
#include "mojo/cell_parts.h"
#include "mojo/scope.h"

#include <jansson.h>

struct mc_binding_arg {
    const struct mc_arg *arg;
    struct mc_type type;
    bool slice;      /* a StringSlice rather than a String */
    bool consumed;   /* the function takes it over: `var`, `owned`, `deinit` */
    json_t *literal; /* the default, where it is a literal of the type; else NULL */
    bool computed;   /* has another default, which only Mojo can compute */
};

/* How a loop over many elements (abi/loop.h) is made of a function. */
enum mc_loop_how {
    MC_LOOP_NONE,   /* there is a thunk instead */
    MC_LOOP_SCALAR, /* a call for each element */
    MC_LOOP_LIFTED, /* a call for as many as fit a vector, of what was made of its text (lift.h) */
    MC_LOOP_WIDTH,  /* the same of the function itself, which is written with a width */
};

struct mc_binding {
    const struct mc_item *item;
    char *name;
    struct mc_binding_arg *args;
    size_t n_args;
    struct mc_type result;
    bool masked;
    const struct mc_arg *width;   /* the parameter that stands for a vector's width; NULL: none */
    enum mc_loop_how how;         /* what it is called by */
    char *reason;                 /* why not otherwise; NULL: it was written so */
    char *lifted;                 /* of LIFTED: definitions for behind the cell's text */
    char *skipped;                /* why there is no thunk; NULL: there is one */
    size_t number;                /* of the thunk: mc_call_<number>, mc_loop_<number> */
    size_t first_line, last_line; /* of the thunk in the entry, from 1; 0: not written */
};

/* A struct that Python has a class for. */
struct mc_binding_record {
    const struct mc_scope *scope;
    const struct mc_item *item;
    struct mc_type type;
};

struct mc_bindings {
    const struct mc_cell *cell;
    struct mc_scopes scopes;
    struct mc_binding_record *records; /* each behind those that it is made of */
    size_t n_records;
    struct mc_binding *items;
    size_t count;
};

/* Whether there are loops in the place of thunks. */
bool mc_bindings_have_loops(const struct mc_bindings *bindings);

/* Reads a type as the function's source has it: plain names of the language, `comptime` names that
 * stand for them, structs. 0 where it is one that can cross the border, and -1 where it is
 * not (no error is set); ret_why has what is to be said of a struct then. ret_slice: as in
 * mc_binding_arg, NULL for a result. */
int mc_bind_type(const struct mc_scopes *scopes,
                 const struct mc_def *def,
                 struct mc_span span,
                 struct mc_type *ret,
                 bool *ret_slice,
                 struct mc_buf *ret_why);

/* The same of a cell that sees nothing but itself. */
int mc_bind_own_type(const struct mc_cell *cell,
                     const struct mc_def *def,
                     struct mc_span span,
                     struct mc_type *ret,
                     bool *ret_slice);

/* The same of a struct itself; -1 where it cannot cross. */
int mc_bind_struct(const struct mc_scopes *scopes,
                   const struct mc_scope *scope,
                   const struct mc_item *item,
                   struct mc_type *ret);

/* Notes the structs of the cell, and those in what is not skipped. -1 when out of memory. */
int mc_bind_records(struct mc_bindings *bindings);

/* Adds the names that thunks have for them. `module`: put before those of the cell itself. */
void mc_bind_write_records(const struct mc_bindings *bindings,
                           const char *module,
                           struct mc_buf *ret);

/* At the tokens of the span. */
struct mc_cursor mc_bind_cursor(const struct mc_cell *cell, struct mc_span span);

/* Whether something else than the standard library's, or the language's own, goes by the name: a
 * definition or an import of the cell. */
bool mc_bind_is_own(const struct mc_cell *cell, const struct mc_token *token);

/* Whether the token is the name of a scalar, or is one of the cell's own names for it. */
bool mc_bind_scalar(const struct mc_cell *cell, const struct mc_token *token, enum mc_scalar *ret);

/* The parameter of the compile-time list that is the width of SIMD arguments: the only one, a whole
 * number without a default. NULL: there is none. */
const struct mc_arg *mc_bind_width(const struct mc_cell *cell, const struct mc_def *def);

/* How many types within the span are of that width: SIMD[…, W]. */
size_t
mc_bind_count_width(const struct mc_cell *cell, const struct mc_arg *width, struct mc_span in);

/* Whether a parameter of the compile-time list can be left to the compiler: it is inferred, an
 * origin, or has a default. */
bool mc_bind_is_free(const struct mc_cell *cell, const struct mc_arg *param);

/* The JSON value of a default that is a literal of the type; NULL where it is not. */
json_t *
mc_bind_literal(const struct mc_cell *cell, struct mc_span span, const struct mc_type *type);

/* The span's tokens with single blanks and without comments, to be freed; NULL when out of memory.
 */
char *mc_bind_text(const struct mc_cell *cell, struct mc_span span);
