/* Older Mojo in a cell, made today's: the fix-its of the compiler's errors, and repairs of our own
 * where it says what is wrong but not what to write. One round; compiling again and repeating is
 * the caller's. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* A round repairs all it can at once; more rounds than this do not help. */
#define MC_REPAIR_ROUNDS 6

/* Repairs the cell according to `diagnostics` as mc_diag_read returned them for it (only entries
 * without `file` are looked at). Returns 0 with the new source in ret (cleared first) and a new
 * array of {line, message, before, after} (lines from 1, in the source given; before and after are
 * the line's text, after may hold several lines) in *ret_changes; or 1 when nothing could be
 * repaired: ret is empty then and *ret_changes untouched. Strings and comments stay as they are. */
int mc_repair(const char *source,
              size_t length,
              const json_t *diagnostics,
              struct mc_buf *ret,
              json_t **ret_changes,
              mc_err *err) MC_MUST_USE;
