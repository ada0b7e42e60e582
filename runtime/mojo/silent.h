/* What Mojo does without a word where Python does something else: notes of ours on a cell that
 * compiled. */
#pragma once

#include "base/strv.h"
#include "mojo/cell.h"

/* Adds a note to `diagnostics` for the first division of Ints whose fraction seems to be wanted,
 * and one for the first `assert`, unless the compiler's flags say what becomes of those. */
void mc_silent_add(const struct mc_cell *cell, const struct mc_strv *flags, json_t *diagnostics);
