#include "runner/provide.h"

#include "base/fs.h"
#include "base/libraries.h"
#include "base/mem.h"
#include "base/symbols.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int note_missing(const char *name, void *data)
{
    if (dlsym(RTLD_DEFAULT, name) == NULL) {
        mc_strv_add(data, name);
    }
    return 0;
}

static int find_missing(const char *artifact, struct mc_strv *ret, mc_err *err)
{
    if (mc_symbols_walk(artifact, MC_SYMBOLS_NEEDED, note_missing, ret, err) < 0) {
        return -1;
    }
    return mc_strv_check(ret, err);
}

static int is_among(const char *name, void *data)
{
    for (char *const *item = ((const struct mc_strv *) data)->items; *item; item++) {
        if (strcmp(*item, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A library of that name that is there already is the one to be bound to: it may be another
 * installation's, of the same runtime. */
static bool is_loaded(const char *path)
{
    const char *slash = strrchr(path, '/');
    return dlopen(slash ? slash + 1 : path, RTLD_NOW | RTLD_NOLOAD) != NULL;
}

static int load(const char *directory, const char *name, mc_err *err)
{
    mc_autostrv paths = MC_STRV_INIT;
    if (mc_libraries_add(directory, name, &paths, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < paths.count; i++) {
        if (!is_loaded(paths.items[i]) && !dlopen(paths.items[i], RTLD_NOW | RTLD_GLOBAL)) {
            return mc_err_set(err, MC_IO, "%s", dlerror());
        }
    }
    return 0;
}

/* Small ones first: a large library carries much that is not its own. Returns 1 once nothing is
 * missing. */
static int search(const char *artifact, const char *directory, struct mc_strv *missing, mc_err *err)
{
    mc_autostrv names = MC_STRV_INIT;
    if (mc_libraries_list(directory, &names, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.count; i++) {
        mc_autofree char *path = mc_fs_join(directory, names.items[i]);
        mc_err ignored; /* a file that is no library defines nothing */
        if (!path || mc_symbols_walk(path, MC_SYMBOLS_DEFINED, is_among, missing, &ignored) != 1) {
            continue;
        }
        if (load(directory, names.items[i], err) < 0) {
            return -1;
        }
        mc_strv_fini(missing);
        *missing = MC_STRV_INIT;
        if (find_missing(artifact, missing, err) < 0) {
            return -1;
        }
        if (missing->count == 0) {
            return 1;
        }
    }
    return 0;
}

int mc_provide(
    const char *artifact, const char *directory, char *ret_missing, size_t size, mc_err *err)
{
    mc_autostrv missing = MC_STRV_INIT;
    mc_err unreadable;
    if (find_missing(artifact, &missing, &unreadable) < 0 || missing.count == 0) {
        return 0;
    }
    int found = directory[0] ? search(artifact, directory, &missing, err) : 0;
    if (found == 0) {
        snprintf(ret_missing, size, "%s", missing.items[0]);
        return mc_err_set(err, MC_NOT_FOUND, "no library defines '%s'", missing.items[0]);
    }
    return found;
}
