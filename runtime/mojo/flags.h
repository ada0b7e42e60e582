/* The compiler flags that a request may have, checked and spelled in one way. */
#pragma once

#include "base/err.h"
#include "base/strv.h"

/* Checks a request's compiler flags (docs/protocol.md) and gives them in canonical spelling, value
 * joined, in an order where only what matters to the compiler is kept: `-O 2`, `-O2` and
 * `--optimization-level 2` are all "-O2"; of options that override each other only the last stays;
 * -I and -D keep their order, -I made absolute against cwd (which must be absolute) and cleaned of
 * "." and "//". Equal results mean equal compilations. An unknown or malformed flag is
 * INVALID_REQUEST naming it, with the nearest known as hint. flags may be NULL. ret_includes (may
 * be NULL) gets the directories of -I in search order. */
int mc_flags_normalize(char *const *flags,
                       const char *cwd,
                       struct mc_strv *ret,
                       struct mc_strv *ret_includes,
                       mc_err *err) MC_MUST_USE;
