/* What an asked cell becomes before it is compiled: the module's name, checked flags, search
 * path and the key. */
#pragma once

#include "base/hash.h"
#include "base/strv.h"
#include "cache/key.h"
#include "protocol/fields.h"
#include "server/using.h"

struct mc_cell_io;
struct mc_toolchain;

struct mc_prepared {
    char key[MC_HASH_HEX];
    char module[32];        /* mc_<16 digits> */
    struct mc_strv flags;   /* canonical, search directories among them */
    struct mc_strv include; /* the search directories alone, absolute, in order */
    struct mc_using using;  /* other sources */
    json_t *parts;          /* what the key was made of, for explanations */
};

int mc_prepared_make(const struct mc_fields *fields,
                     const struct mc_toolchain *toolchain,
                     const struct mc_cell_io *io,
                     struct mc_prepared **ret,
                     mc_err *err) MC_MUST_USE;
struct mc_prepared *mc_prepared_free(struct mc_prepared *prepared);
