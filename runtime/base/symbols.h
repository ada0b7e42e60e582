/* The symbols an ELF library wants from others and those it gives, read from its dynamic symbol
 * table without loading it. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum mc_symbols_kind {
    MC_SYMBOLS_UNDEFINED,
    MC_SYMBOLS_NEEDED, /* of the undefined ones those without which it does not load: not the weak
                        */
    MC_SYMBOLS_DEFINED,
};

/* Called for each symbol's name; valid during the call. Anything but 0 ends the walk. */
typedef int mc_symbols_each(const char *name, void *data);

/* Walks the dynamic symbols of one kind of the 64-bit little-endian ELF file at `path`. Returns 0,
 * or what the callback returned to end the walk; -1 where the file cannot be read or is no such
 * file (INVALID_REQUEST) or damaged. The bytes are not trusted. */
int mc_symbols_walk(const char *path,
                    enum mc_symbols_kind kind,
                    mc_symbols_each *each,
                    void *data,
                    mc_err *err) MC_MUST_USE;

/* The undefined ones. */
int mc_symbols_undefined(const char *path, mc_symbols_each *each, void *data, mc_err *err)
    MC_MUST_USE;

/* Of bytes in memory. */
int mc_symbols_walk_in(const void *bytes,
                       size_t length,
                       enum mc_symbols_kind kind,
                       mc_symbols_each *each,
                       void *data,
                       mc_err *err) MC_MUST_USE;

/* Whether loading the library runs code of it or loads others: 1, 0; -1 as above. */
int mc_symbols_acts(const char *path, mc_err *err) MC_MUST_USE;
int mc_symbols_acts_in(const void *bytes, size_t length, mc_err *err) MC_MUST_USE;

/* Calls back with the name of the function that each address lies in, in the order of the
 * addresses, which count from where the library is loaded; nothing for those that lie in none.
 * Returns as mc_symbols_walk. */
int mc_symbols_functions(const char *path,
                         const uint64_t *addresses,
                         size_t count,
                         mc_symbols_each *each,
                         void *data,
                         mc_err *err) MC_MUST_USE;

/* The same over bytes in memory. */
int mc_symbols_functions_in(const void *bytes,
                            size_t length,
                            const uint64_t *addresses,
                            size_t count,
                            mc_symbols_each *each,
                            void *data,
                            mc_err *err) MC_MUST_USE;
