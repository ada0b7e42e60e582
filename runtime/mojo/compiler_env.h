/* The environment that the compiler and its subcommands are started with. */
#pragma once

#include "base/err.h"
#include "base/strv.h"

/* Nothing of the caller's environment gets in but what is given. `root` is the toolchain's. NULL
 * tmp_dir and home_dir are /tmp and /dev/null: nothing is cached then (the compiler makes a HOME
 * that is missing). */
int mc_compiler_env(const char *root,
                    const char *shim_dir,
                    const char *path,
                    const char *tmp_dir,
                    const char *home_dir,
                    struct mc_strv *ret_env,
                    mc_err *err) MC_MUST_USE;
