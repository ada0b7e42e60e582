/* How the diagnostics' reader is told about a cell: the one place where the cell's map and the
 * reader meet. */
#pragma once

#include "mojo/cell.h"
#include "mojo/diag.h"

static inline void
mc_cell_source_map(const void *cell, long line, long column, long *ret_line, long *ret_column)
{
    mc_cell_map(cell, line, column, ret_line, ret_column);
}

/* `file` and `text` are borrowed. */
static inline struct mc_diag_source
mc_cell_source(const struct mc_cell *cell, const char *file, const char *text, size_t length)
{
    return (struct mc_diag_source) {.file = file,
                                    .name = "cell",
                                    .text = text,
                                    .length = length,
                                    .map = mc_cell_source_map,
                                    .cell = cell,
                                    .main_line = mc_cell_main_line(cell)};
}
