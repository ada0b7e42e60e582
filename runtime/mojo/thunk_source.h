/* The text of thunks (abi/thunk.h): Mojo that stands behind what they call. */
#pragma once

#include "base/buf.h"
#include "mojo/bind_parts.h"

#include <stdbool.h>

/* Adds what the module of a cell needs that gives values. */
void mc_thunks_write_outputs(const struct mc_cell *cell, struct mc_buf *ret);

/* Adds the thunks of the functions that are not skipped, of which there are some where the cell
 * takes and gives no variables; they are called as `module` and their name. -1 when out of memory.
 */
int mc_thunks_write(struct mc_bindings *bindings, const char *module, struct mc_buf *ret);

/* Whether the text of thunks means what it says where the cell's own names are known. */
bool mc_thunks_fit(const struct mc_cell *cell);
