/* A file that the compiler was given, as its diagnostics and the words of crashes are told in it.
 */
#pragma once

#include <stddef.h>

/* Gives the place in the cell of a place in the generated file; lines and columns (bytes) count
 * from 1 on both sides. A place that is no part of the cell gives line 0. */
typedef void
mc_diag_map(const void *cell, long line, long column, long *ret_line, long *ret_column);

/* A hint for a name that is unknown at a line of the cell: static text, or NULL. */
typedef const char *mc_diag_name_hint(const void *cell, const char *name, long line);

/* A file that the compiler was given. Borrowed. */
struct mc_diag_source {
    const char *file; /* its path; a diagnostic whose file has the same base name is in it */
    const char *name; /* what the user calls it ("cell"); NULL: generated, the user knows nothing of
                         it and never sees a position in it */
    const char *text; /* the cell as the user wrote it; NULL where name is NULL */
    size_t length;
    mc_diag_map *map;        /* NULL: the file is the cell verbatim */
    mc_diag_name_hint *hint; /* may be NULL */
    const void *cell;        /* first argument of both */
    long main_line; /* where errors without a place of the user's are shown: the line of `main` or
                       of the first statement; 0: nowhere */
};
