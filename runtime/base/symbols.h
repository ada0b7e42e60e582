/* The symbols an ELF library wants from others, read from its dynamic symbol table without loading
 * it. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Called for each undefined symbol's name; valid during the call. Anything but 0 ends the walk. */
typedef int mc_symbols_each(const char *name, void *data);

/* Walks the undefined dynamic symbols of the 64-bit little-endian ELF file at `path`. Returns 0, or
 * what the callback returned to end the walk; -1 where the file cannot be read or is no such file
 * (INVALID_REQUEST) or damaged. The bytes are not trusted. */
int mc_symbols_undefined(const char *path, mc_symbols_each *each, void *data, mc_err *err)
    MC_MUST_USE;

/* The same over bytes in memory. */
int mc_symbols_undefined_in(
    const void *bytes, size_t length, mc_symbols_each *each, void *data, mc_err *err) MC_MUST_USE;
