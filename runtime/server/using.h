/* Functions of other sources that a cell uses: each source becomes a module beside the cell's,
 * named by its content, and the cell's module gets lines that import the names. */
#pragma once

#include "base/buf.h"
#include "base/strv.h"
#include "mojo/crash_sources.h"

#include <jansson.h>

#define MC_USING_NAME 32

struct mc_using {
    struct mc_buf imports;  /* lines for the cell's module */
    struct mc_strv names;   /* of the modules, mc_u<16 digits>, without doubles */
    struct mc_strv texts;   /* of the same modules, without comments */
    struct mc_strv sources; /* that they were made of, as given */
};

/* Reads `using` of a request (docs/protocol.md); NULL is nothing. INVALID_REQUEST for what it must
 * not look like, INVALID_CELL for a source that is no cell. *ret is to be finished in any case. */
int mc_using_read(const json_t *using, struct mc_using *ret, mc_err *err) MC_MUST_USE;

/* What a source would be called as a module of others, with the imports behind it. */
int mc_using_module(const char *source,
                    size_t length,
                    const struct mc_buf *imports,
                    char ret_name[static MC_USING_NAME],
                    mc_err *err) MC_MUST_USE;
void mc_using_fini(struct mc_using *using);
