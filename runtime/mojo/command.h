/* What is needed to start the compiler: its arguments and its whole environment; and the flags that
 * a request may pass to it, checked and spelled in one way. Nothing here is started. */
#pragma once

#include "mojo/toolchain.h"

enum mc_emit {
    MC_EMIT_SHARED_LIB,
    MC_EMIT_EXECUTABLE,
};

/* One compilation. All paths are absolute; borrowed. */
struct mc_compile_spec {
    const struct mc_toolchain *toolchain;
    enum mc_emit emit;
    const char *entry;  /* the source file to compile */
    const char *output; /* what to write */
    const char
        *module_dir;      /* where the entry's generated modules are, searched first; may be NULL */
    char *const *flags;   /* as mc_flags_normalize gives them; may be NULL */
    const char *shim_dir; /* directory whose `cc` is the linker shim: heads PATH; NULL: system cc */
    const char *path;     /* the rest of PATH; NULL: a system default */
    const char *tmp_dir;  /* TMPDIR, private to this compilation */
    const char *home_dir; /* HOME and the compiler's own cache: writable, shared by compilations */
    int threads;          /* -j; 0: the compiler's choice */
};

/* argv (argv[0] is the absolute binary to exec) and the complete environment. Nothing of the
 * caller's environment gets in but what spec says. The caller frees both; on failure both are
 * left empty. */
int mc_command_build(const struct mc_compile_spec *spec,
                     struct mc_strv *ret_argv,
                     struct mc_strv *ret_env,
                     mc_err *err) MC_MUST_USE;

/* The environment alone, for other subcommands of the same compiler. NULL tmp_dir and home_dir
 * are /tmp and /dev/null: nothing is cached then (the compiler makes a HOME that is missing). */
int mc_command_env(const char *root,
                   const char *shim_dir,
                   const char *path,
                   const char *tmp_dir,
                   const char *home_dir,
                   struct mc_strv *ret_env,
                   mc_err *err) MC_MUST_USE;

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

/* The value of --target-cpu or --target-features in normalized flags, or NULL. */
const char *mc_flags_value(char *const *normalized, const char *option);
