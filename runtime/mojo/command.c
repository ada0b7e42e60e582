#include "mojo/command.h"

#include "base/fs.h"
#include "base/mem.h"

#include <string.h>

#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin"

int mc_command_env(const char *root,
                   const char *shim_dir,
                   const char *path,
                   const char *tmp_dir,
                   const char *home_dir,
                   struct mc_strv *ret_env,
                   mc_err *err)
{
    mc_autostrv env = MC_STRV_INIT;
    path = path != NULL && path[0] != '\0' ? path : SYSTEM_PATH;
    /* The four that `mojo` of a Python environment sets; an inherited one would silently select
     * another compiler's parts. */
    mc_strv_addf(&env, "MODULAR_MAX_PACKAGE_ROOT=%s", root);
    mc_strv_addf(&env, "MODULAR_MOJO_MAX_PACKAGE_ROOT=%s", root);
    mc_strv_addf(&env, "MODULAR_MOJO_MAX_DRIVER_PATH=%s/bin/mojo", root);
    mc_strv_addf(&env, "MODULAR_MOJO_MAX_IMPORT_PATH=%s/lib/mojo", root);
    /* The compiler links by running the first `cc` on PATH. */
    mc_strv_addf(
        &env, "PATH=%s%s%s", shim_dir != NULL ? shim_dir : "", shim_dir != NULL ? ":" : "", path);
    mc_strv_addf(&env, "TMPDIR=%s", tmp_dir != NULL ? tmp_dir : "/tmp");
    mc_strv_addf(&env, "HOME=%s", home_dir != NULL ? home_dir : "/dev/null");
    mc_strv_add(&env, "LANG=C.UTF-8");
    if (mc_strv_check(&env, err) < 0) {
        return -1;
    }
    *ret_env = env;
    env = MC_STRV_INIT;
    return 0;
}

int mc_command_build(const struct mc_compile_spec *spec,
                     struct mc_strv *ret_argv,
                     struct mc_strv *ret_env,
                     mc_err *err)
{
    mc_autostrv argv = MC_STRV_INIT;
    const char *root = spec->toolchain->root;
    mc_strv_addf(&argv, "%s/bin/mojo", root);
    mc_strv_add(&argv, "build");
    mc_strv_add(&argv, "--emit");
    mc_strv_add(&argv, spec->emit == MC_EMIT_SHARED_LIB ? "shared-lib" : "exe");
    mc_strv_add(&argv, "--diagnostic-format");
    mc_strv_add(&argv, "json");
    if (spec->threads > 0) {
        mc_strv_addf(&argv, "-j%d", spec->threads);
    }
    if (spec->module_dir != NULL) {
        mc_strv_add(&argv, "-I");
        mc_strv_add(&argv, spec->module_dir);
    }
    for (char *const *flag = spec->flags; flag != NULL && *flag != NULL; flag++) {
        mc_strv_add(&argv, *flag);
    }
    mc_strv_add(&argv, "-o");
    mc_strv_add(&argv, spec->output);
    mc_strv_add(&argv, spec->entry);
    if (mc_strv_check(&argv, err) < 0 ||
        mc_command_env(
            root, spec->shim_dir, spec->path, spec->tmp_dir, spec->home_dir, ret_env, err) < 0) {
        return -1;
    }
    *ret_argv = argv;
    argv = MC_STRV_INIT;
    return 0;
}
