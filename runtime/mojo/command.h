/* What is needed to start the compiler: its arguments and its whole environment. Nothing here is
 * started. */
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
