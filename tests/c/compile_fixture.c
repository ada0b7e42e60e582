/* compile_fixture ENTRY MODULE_DIR OUTPUT TMP: compiles with MOJOCELL_TEST_TOOLCHAIN, for tests
 * that are not sanitized themselves, and prints the libraries of the runtime, one a line. */
#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/toolchain.h"
#include "proc/spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static int compile(const struct mc_toolchain *toolchain, char **argv, mc_err *err)
{
    struct mc_compile_spec spec = {.toolchain = toolchain,
                                   .entry = argv[1],
                                   .module_dir = argv[2],
                                   .output = argv[3],
                                   .shim_dir = MC_TEST_SHIM_DIR,
                                   .tmp_dir = argv[4],
                                   .home_dir = argv[4]};
    mc_autostrv command = MC_STRV_INIT;
    mc_autostrv environment = MC_STRV_INIT;
    struct mc_spawn_spec process = MC_SPAWN_INIT;
    pid_t pid;
    int status;
    if (mc_command_build(&spec, &command, &environment, err) < 0) {
        return -1;
    }
    process.path = command.items[0];
    process.argv = command.items;
    process.envp = environment.items;
    process.out = 2;
    process.err = 2;
    if (mc_spawn(&process, &pid, NULL, err) < 0) {
        return -1;
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        return mc_err_set(err, MC_COMPILE_FAILED, "the fixture does not compile");
    }
    return 0;
}

int main(int argc, char **argv)
{
    mc_autofree char *root = NULL;
    struct mc_toolchain *toolchain = NULL;
    struct mc_toolchain_hints hints = {.explicit_path = getenv("MOJOCELL_TEST_TOOLCHAIN")};
    mc_err err;
    if (argc != 5 || mc_toolchain_find(&hints, &root, NULL, &err) < 0 ||
        mc_toolchain_identify(root, argv[4], &toolchain, &err) < 0 ||
        compile(toolchain, argv, &err) < 0) {
        fprintf(stderr, "%s\n", argc == 5 ? err.message : "four arguments");
        mc_toolchain_free(toolchain);
        return 1;
    }
    for (char **library = toolchain->libraries.items; library && *library; library++) {
        puts(*library);
    }
    mc_toolchain_free(toolchain);
    return 0;
}
