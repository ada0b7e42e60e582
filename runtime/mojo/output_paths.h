/* The places that a program names in its own output, told in terms of the cell: the file the
 * compiler saw was in a directory of the daemon's that means nothing to anybody.
 */
#pragma once

#include "base/buf.h"

struct mc_cell;

/* Whose they are; everything is borrowed. */
struct mc_output_paths {
    const struct mc_cell *cell;
    const char *name;   /* what the user calls the cell */
    const char *module; /* of the cell, without ".mojo" */
};

/* Adds the bytes to `ret`, with every "<path>:<line>:<column>" of the module's file replaced by the
 * cell's name, line and column. Any other file that was made for the compiler is told as another
 * cell. */
void mc_output_paths_rewrite(const struct mc_output_paths *paths,
                             const char *bytes,
                             size_t length,
                             struct mc_buf *ret);

/* Whether the bytes name a module's file at all. */
bool mc_output_paths_any(const struct mc_output_paths *paths, const char *bytes, size_t length);
