/* What there is of a package that was found, where a cell imports something of it that is not. */
#pragma once

#include "base/buf.h"

/* Adds the hint for an error of the compiler at the column (from 1) of a line. `flags`: -I and a
 * directory in one, NULL at the end. Nothing where the error is another one, or no such directory
 * has the package. */
void mc_library_hint(
    char *const *flags, const char *message, const char *line, long column, struct mc_buf *ret);
