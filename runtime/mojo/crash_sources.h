/* Whose places the words of a crash, and the texts of errors, may name: a compiled cell's, and
 * those of the modules that it uses. The same for what a program says and for a call in the
 * caller's own process. Everything that goes in is borrowed. */
#pragma once

#include "base/strv.h"
#include "mojo/diag_file.h"

struct mc_cell;

#define MC_USING_MOST 64 /* modules that a cell may use */

struct mc_crash_sources {
    struct mc_diag_source sources[1 + MC_USING_MOST]; /* the cell's first */
    char files[1 + MC_USING_MOST][64];
    size_t count;
};

/* `module` is the cell's, without ".mojo"; NULL: it is not known. `names` and `texts` are those of
 * the modules that it uses; more than MC_USING_MOST are left out. */
void mc_crash_sources_init(struct mc_crash_sources *self,
                           const struct mc_cell *cell,
                           const char *module,
                           const char *text,
                           size_t length,
                           const struct mc_strv *names,
                           const struct mc_strv *texts);
