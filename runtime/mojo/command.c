#include "mojo/command.h"

#include "base/mem.h"
#include "mojo/compiler_env.h"

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
        mc_compiler_env(
            root, spec->shim_dir, spec->path, spec->tmp_dir, spec->home_dir, ret_env, err) < 0) {
        return -1;
    }
    *ret_argv = argv;
    argv = MC_STRV_INIT;
    return 0;
}
