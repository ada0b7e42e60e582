/* The signature of a function. */
#pragma once

#include "mojo/scan_cursor.h"

enum mc_arg_kind {
    MC_ARG_POSITIONAL,       /* before a `/` */
    MC_ARG_ANY,              /* by position or by name */
    MC_ARG_KEYWORD,          /* after `*` or a variadic */
    MC_ARG_VARIADIC,         /* *args */
    MC_ARG_KEYWORD_VARIADIC, /* **kwargs */
};

/* An argument of a function, or a parameter of the compile-time list. */
struct mc_arg {
    struct mc_span name;
    struct mc_span convention; /* "mut", "ref", "ref[origin]", "out", "var", "deinit", "imm",
                                  "read", "owned", …; empty: the default */
    struct mc_span type;       /* of a parameter also its trait bound */
    struct mc_span default_value;
    enum mc_arg_kind kind;
    bool inferred; /* a parameter before `//` */
};

struct mc_def {
    struct mc_span parameters; /* text between the brackets */
    struct mc_arg *params;
    size_t n_params;
    struct mc_span arguments; /* text between the parentheses */
    struct mc_arg *args;
    size_t n_args;
    struct mc_span effects;     /* all between `)` and `->` or `:` */
    struct mc_span returns;     /* the type; empty: none is given */
    struct mc_span result;      /* `-> out name: Type` of older sources: the name */
    struct mc_span raises_type; /* of a typed `raises` */
    struct mc_span constraint;  /* of `where` */
    bool raises;
    bool is_fn;
    bool is_async;
    bool complete; /* the header was read up to its colon */
};

/* Reads the header of a function: the cursor is at its name and comes out behind the header's
 * colon. Returns NULL when out of memory. */
struct mc_def *mc_def_read(struct mc_cursor *cursor);
struct mc_def *mc_def_free(struct mc_def *def);
