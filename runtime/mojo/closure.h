/* The local modules that a source imports, directly or not: what an artifact depends on besides the
 * source itself. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Told of each place where the compiler could look for an imported module: `digest` is the SHA-256
 * of the file there, or NULL where there is none (one that appears later would be found first).
 * Returns 0 to go on. */
typedef int mc_closure_each(void *context, const char *path, const char *digest);

/* Finds what `source` imports in `dirs` (absolute, NULL-terminated; may be NULL), what those
 * modules import, and so on; of a package the whole directory. `std` is the compiler's own and left
 * out. Places come in a fixed order, each once.
 *
 * The compiler's order of preference does not matter: every place is told, found or not, so that
 * whichever it prefers is among them. For the same reason imports inside strings count as imports:
 * at worst a place too many is told.
 *
 * TOO_LARGE above 2,000 places or 64 MiB; IO for a module that is there and cannot be read; what
 * `each` returned to end. */
int mc_closure(const char *source,
               size_t length,
               char *const *dirs,
               mc_closure_each *each,
               void *context,
               mc_err *err) MC_MUST_USE;
