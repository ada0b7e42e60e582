/* A cell's items with their places, for those who write it into another file. */
#pragma once

#include "mojo/cell.h"

/* {kind, text, module, lines, items: [{kind, main, line, column, end_line, end_column, imports}]},
 * a new reference; NULL when out of memory. `text` is the source without comments, `module` what is
 * compiled (mc_cell_module) and `lines` how many of it are the definitions of a cell of statements;
 * `main` tells that an item is, or is in, `main`. Places are bytes from 1 in `text`, the end
 * exclusive. An import is [module, name or null, as or null] (scan_imports.h). */
json_t *mc_cell_items(const struct mc_cell *cell);
