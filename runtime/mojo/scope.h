/* What a name means in a source: of its own, or of a source that it has it from. */
#pragma once

#include "base/strv.h"
#include "mojo/cell_parts.h"

/* What is around a cell that is compiled; everything is borrowed. */
struct mc_around {
    const char *module;  /* what the cell is called as a module of others: by its content */
    const char *imports; /* lines of Mojo behind the cell */
    const struct mc_strv *names, *texts; /* modules that it uses */
};

struct mc_scope {
    const char *module;
    const struct mc_cell *cell;
    const struct mc_cell *below; /* the imports behind it, or NULL */
    struct mc_cell *owned[2];    /* those of the two that are nobody else's */
};

/* The cell's first, then those of the modules that it uses. */
struct mc_scopes {
    struct mc_scope *items;
    size_t count;
};

/* `around` may be NULL, where there is nothing. *ret is to be finished in any case. */
int mc_scopes_init(struct mc_scopes *ret,
                   const struct mc_cell *cell,
                   const struct mc_around *around,
                   mc_err *err) MC_MUST_USE;
void mc_scopes_fini(struct mc_scopes *scopes);

enum mc_meaning {
    MC_MEANS_NOTHING, /* the language's own, or nothing that is known here */
    MC_MEANS_ALIAS,   /* a `comptime` name */
    MC_MEANS_STRUCT,
    MC_MEANS_OTHER,
};

struct mc_found {
    enum mc_meaning meaning;
    const struct mc_scope *scope; /* that defines it */
    const struct mc_item *item;
};

/* What a name means in a scope. */
struct mc_found mc_scope_find(const struct mc_scopes *scopes,
                              const struct mc_scope *scope,
                              const char *name,
                              size_t length);
