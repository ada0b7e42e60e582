/* Libraries that an artifact wants beside those that its runner has loaded: of a toolchain with
 * Modular's `max` those behind `parallelize` and the GPU. They are found by the symbols that the
 * artifact lacks, and loaded in the process of the run, so that nothing of theirs comes before a
 * fork. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Loads into this process, for all to see, each library of the directory that defines a symbol
 * which the artifact needs and nothing here defines, with what it needs itself, by their absolute
 * paths. Returns 1 where nothing is missing any more, 0 where nothing was; -1 where something still
 * is (ret_missing is then its name) or a library does not load (ret_missing is then as it was). */
int mc_provide(const char *artifact,
               const char *directory,
               char *ret_missing,
               size_t size,
               mc_err *err) MC_MUST_USE;
