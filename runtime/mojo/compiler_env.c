#include "mojo/compiler_env.h"

#include "base/mem.h"

#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin"

int mc_compiler_env(const char *root,
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
     * another compiler's parts. What the caller's import path has beside is given with -I
     * (import_path.h). */
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
