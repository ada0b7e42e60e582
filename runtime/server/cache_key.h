/* The key of a cell's artifact, and what it is made of that the compilation needs as well: checked
 * flags, search path, other sources, and the module's name. */
#pragma once

#include "base/hash.h"
#include "base/strv.h"
#include "cache/key.h"
#include "protocol/fields.h"
#include "server/using.h"

struct mc_cell;
struct mc_cell_io;
struct mc_toolchain;

struct mc_cache_key {
    char key[MC_HASH_HEX];
    char module[32];        /* mc_<16 digits> */
    struct mc_strv flags;   /* canonical, search directories among them */
    struct mc_strv include; /* the search directories alone, absolute, in order */
    size_t n_given;         /* of these, which the request names */
    struct mc_using using;  /* other sources */
    json_t *parts;          /* what the key was made of, for explanations */
};

/* Only flags, search path and other sources: for what is not compiled. `package` is a directory
 * where modules are found last, which are part of this build as the key has it. */
int mc_cache_key_surroundings(const struct mc_fields *fields,
                              char *const *envp,
                              const char *package,
                              struct mc_cache_key **ret,
                              mc_err *err) MC_MUST_USE;

/* `cell` is the request's; `envp` the caller's environment. */
int mc_cache_key_make(const struct mc_fields *fields,
                      const struct mc_cell *cell,
                      const struct mc_toolchain *toolchain,
                      const struct mc_cell_io *io,
                      char *const *envp,
                      const char *package,
                      struct mc_cache_key **ret,
                      mc_err *err) MC_MUST_USE;
struct mc_cache_key *mc_cache_key_free(struct mc_cache_key *made);
