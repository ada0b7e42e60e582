/* A Mojo compiler on this machine: where it is, exactly which one it is, and what its programs need
 * at run time. A value the caller owns and frees; nothing here keeps a process or a descriptor. */
#pragma once

#include "base/hash.h"
#include "base/strv.h"

#include <jansson.h>

/* Where to look. Every field may be NULL. */
struct mc_toolchain_hints {
    const char *explicit_path; /* a `mojo`, a `modular` directory or an environment's prefix */
    char *const *sites;        /* directories that may hold a `modular` package, in order */
    char *const *envp;         /* MOJOCELL_TOOLCHAIN, CONDA_PREFIX and PATH are looked at */
};

struct mc_toolchain {
    char *root;                 /* absolute: holds bin/mojo and lib/mojo */
    char *version;              /* "1.2.0" */
    char *version_line;         /* as the compiler prints it: "Mojo 1.2.0 (2016d0cd)" */
    char identity[MC_HASH_HEX]; /* content of the compiler, its linker, its standard library and its
                                   runtime libraries */
    char runtime[MC_HASH_HEX];  /* content of the runtime libraries alone: programs of toolchains
                                   that agree in it can share a process */
    struct mc_strv libraries;   /* the runtime libraries, absolute; each after those it needs */
    char *target_triple;        /* what the compiler makes code for unless told otherwise */
    char *target_cpu;
    char *target_features;
    bool has_lld; /* it brings a linker; else a system `cc` is needed */
};

/* Finds the root of the compiler to use, first hit wins: the explicit setting (the hint, else
 * MOJOCELL_TOOLCHAIN), the sites, $CONDA_PREFIX, PATH. Starts no process and reads at most the
 * head of a script named `mojo`: microseconds. ret_how (may be NULL) becomes a static word:
 * "explicit", "environment" (the variable), "site", "conda" or "path". An explicit setting that
 * holds no compiler is TOOLCHAIN_NOT_FOUND naming it; nothing found is TOOLCHAIN_NOT_FOUND listing
 * what was looked at. *ret_root is to be freed; it has no symbolic links. */
int mc_toolchain_find(const struct mc_toolchain_hints *hints,
                      char **ret_root,
                      const char **ret_how,
                      mc_err *err) MC_MUST_USE;

/* Finds out all about the toolchain at `root`. Blocks: a first time hashes some 270 MB and starts
 * the compiler twice (for about 0.6 s together); after that answers come from a memo in memo_dir
 * (made if missing; NULL: no memo), valid while path, device, inode, size, mtime and ctime of
 * every file and the processor stay what they were. A memo that is damaged or cannot be written is
 * no error. A version before 1.0 is TOOLCHAIN_UNSUPPORTED; one that cannot be started or does not
 * answer as a compiler does, TOOLCHAIN_FAILED. */
int mc_toolchain_identify(const char *root,
                          const char *memo_dir,
                          struct mc_toolchain **ret,
                          mc_err *err) MC_MUST_USE;

struct mc_toolchain *mc_toolchain_free(struct mc_toolchain *toolchain);

/* As an object to send to another process, and back. from_json checks every field:
 * INVALID_REQUEST for anything that to_json does not produce. */
int mc_toolchain_to_json(const struct mc_toolchain *toolchain,
                         json_t **ret,
                         mc_err *err) MC_MUST_USE;
int mc_toolchain_from_json(const json_t *json, struct mc_toolchain **ret, mc_err *err) MC_MUST_USE;
