/* Types as they are read: for bind_type.c and bind_struct.c. */
#pragma once

#include "mojo/bind_parts.h"

/* Of a field anywhere: it goes both ways. */
enum mc_bind_place { MC_BIND_ARGUMENT = 1, MC_BIND_RESULT = 2, MC_BIND_ANYWHERE = 3 };

struct mc_bind_reader {
    const struct mc_scopes *scopes;
    const struct mc_scope *scope; /* whose names it reads */
    const struct mc_cell *cell;   /* the scope's */
    const struct mc_def *def;
    struct mc_cursor cursor;
    int depth;
    enum mc_bind_place place;
    bool slice;                          /* a StringSlice was read */
    const struct mc_bind_reader *within; /* of a struct's fields: who came upon the struct, */
    const struct mc_item *item;          /* and that; else NULL */
    struct mc_buf *why;                  /* what is to be said of a struct that does not cross */
};

/* What a type outside of a function's header is about. */
extern const struct mc_def mc_bind_no_def;

/* Goes over to the names of a scope. */
void mc_bind_enter(struct mc_bind_reader *reader, const struct mc_scope *scope);

/* -1: it is no type that can cross, and *ret is empty. */
int mc_bind_read_type(struct mc_bind_reader *reader, struct mc_type *ret);

/* The same of a struct that was found; *ret is to be finished in any case. */
int mc_bind_read_struct(const struct mc_bind_reader *outer,
                        const struct mc_found *found,
                        struct mc_type *ret);
