/* The files that make a toolchain what it is: which ones, their state, their content. For
 * toolchain.c alone. */
#pragma once

#include "base/hash.h"
#include "base/strv.h"

struct mc_toolchain_files {
    struct mc_strv compiler;  /* bin/mojo, bin/lld where there is one, all of lib/mojo, sorted */
    struct mc_strv libraries; /* runtime libraries in the order in which they load */
    bool has_lld;
};

void mc_toolchain_files_fini(struct mc_toolchain_files *files);

/* Lists them; TOOLCHAIN_FAILED where one that every toolchain has is missing. */
int mc_toolchain_files_list(const char *root,
                            struct mc_toolchain_files *ret,
                            mc_err *err) MC_MUST_USE;

/* The files' state as stat tells it, under `tag`. */
int mc_toolchain_files_state(struct mc_hash *hash,
                             const char *tag,
                             const struct mc_strv *paths,
                             mc_err *err) MC_MUST_USE;

/* The files' names below root and content. */
int mc_toolchain_files_content(struct mc_hash *hash,
                               const char *root,
                               const struct mc_strv *paths,
                               mc_err *err) MC_MUST_USE;
