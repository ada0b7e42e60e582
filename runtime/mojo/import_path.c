#include "mojo/import_path.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_there(const char *directory, const char *name)
{
    struct stat st;
    mc_autofree char *path = NULL;
    return asprintf(&path, "%s/%s", directory, name) >= 0 && stat(path, &st) == 0;
}

static bool is_a_compilers(const char *directory)
{
    static const char *const names[] = {"std.mojoc", "std.mojopkg", "std"};
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        if (is_there(directory, names[i])) {
            return true;
        }
    }
    return false;
}

void mc_import_path_add(char *const *envp, const char *cwd, struct mc_strv *ret_dirs)
{
    const char *at = mc_strv_getenv(envp, "MODULAR_MOJO_MAX_IMPORT_PATH");
    while (at && *at) {
        int length = (int) strcspn(at, ",");
        mc_autofree char *directory = NULL;
        bool absolute = *at == '/';
        int made =
            asprintf(&directory, "%s%s%.*s", absolute ? "" : cwd, absolute ? "" : "/", length, at);
        if (made < 0) {
            ret_dirs->failed = true;
        } else if (length > 0 && is_there(directory, ".") && !is_a_compilers(directory)) {
            mc_strv_add(ret_dirs, directory);
        }
        at += length + (at[length] == ',');
    }
}
