/* Older Mojo in a cell, made today's: the fix-its of the compiler's errors, and repairs of our own
 * where it says what is wrong but not what to write. One round; compiling again and repeating is
 * the caller's. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* A round repairs all it can at once; more rounds than this do not help. */
#define MC_REPAIR_ROUNDS 8

/* Changes with what is repaired, and how: it is part of an entry's key, so that what was made of a
 * source before is made anew. */
#define MC_REPAIR_VERSION "3"

/* Repairs the cell according to `diagnostics` as mc_diag_read returned them for it (only entries
 * without `file` are looked at). Returns 0 with the new source in ret (cleared first) and a new
 * array of {line, message, before, after} (lines from 1, in the source given; before and after are
 * the line's text, after may hold several lines) in *ret_changes; or 1 when nothing could be
 * repaired: ret is empty then and *ret_changes untouched. Strings and comments stay as they are,
 * and no line moves: what is said of the new source is true of the one given. */
int mc_repair(const char *source,
              size_t length,
              const json_t *diagnostics,
              struct mc_buf *ret,
              json_t **ret_changes,
              mc_err *err) MC_MUST_USE;
