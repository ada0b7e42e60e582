#include "mojo/toolchain_files.h"

#include "base/fs.h"
#include "base/libraries.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RUNTIME_LIBRARY "libKGENCompilerRTShared.so"
#define MAX_DEPTH       8

void mc_toolchain_files_fini(struct mc_toolchain_files *files)
{
    mc_strv_fini(&files->compiler);
    mc_strv_fini(&files->libraries);
}

static int add_tree(const char *directory, int depth, struct mc_strv *ret, mc_err *err)
{
    DIR *dir = opendir(directory);
    int r = 0;
    if (dir == NULL) {
        return mc_err_errno(err, MC_TOOLCHAIN_FAILED, "open '%s'", directory);
    }
    for (struct dirent *entry; r == 0 && (entry = readdir(dir)) != NULL;) {
        mc_autofree char *path = mc_fs_join(directory, entry->d_name);
        struct stat st;
        if (entry->d_name[0] == '.' || path == NULL || stat(path, &st) < 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH) {
            r = add_tree(path, depth + 1, ret, err);
        } else if (S_ISREG(st.st_mode)) {
            mc_strv_add(ret, path);
        }
    }
    closedir(dir);
    return r;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

int mc_toolchain_files_list(const char *root, struct mc_toolchain_files *ret, mc_err *err)
{
    mc_autofree char *mojo = mc_fs_join(root, "bin/mojo");
    mc_autofree char *lld = mc_fs_join(root, "bin/lld");
    mc_autofree char *lib = mc_fs_join(root, "lib");
    mc_autofree char *packages = mc_fs_join(root, "lib/mojo");
    if (mojo == NULL || lld == NULL || lib == NULL || packages == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    ret->has_lld = access(lld, X_OK) == 0;
    mc_strv_add(&ret->compiler, mojo);
    if (ret->has_lld) {
        mc_strv_add(&ret->compiler, lld);
    }
    if (add_tree(packages, 0, &ret->compiler, err) < 0 ||
        mc_libraries_add(lib, RUNTIME_LIBRARY, &ret->libraries, err) < 0 ||
        mc_strv_check(&ret->compiler, err) < 0) {
        return -1;
    }
    qsort(ret->compiler.items, ret->compiler.count, sizeof(char *), compare);
    if (ret->libraries.count == 0) {
        return mc_err_set(err, MC_TOOLCHAIN_FAILED, "'%s/lib' has no %s", root, RUNTIME_LIBRARY);
    }
    return 0;
}

int mc_toolchain_files_state(struct mc_hash *hash,
                             const char *tag,
                             const struct mc_strv *paths,
                             mc_err *err)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct stat st;
        if (stat(paths->items[i], &st) < 0) {
            return mc_err_errno(err, MC_TOOLCHAIN_FAILED, "stat '%s'", paths->items[i]);
        }
        const int64_t state[] = {(int64_t) st.st_dev,
                                 (int64_t) st.st_ino,
                                 st.st_size,
                                 st.st_mtim.tv_sec,
                                 st.st_mtim.tv_nsec,
                                 st.st_ctim.tv_sec,
                                 st.st_ctim.tv_nsec};
        mc_hash_part_string(hash, tag, paths->items[i]);
        mc_hash_part(hash, "state", state, sizeof state);
    }
    return 0;
}

int mc_toolchain_files_content(struct mc_hash *hash,
                               const char *root,
                               const struct mc_strv *paths,
                               mc_err *err)
{
    size_t prefix = strlen(root);
    for (size_t i = 0; i < paths->count; i++) {
        char hex[MC_HASH_HEX];
        if (mc_hash_file(paths->items[i], hex, err) < 0) {
            return mc_err_wrap(err, "identify the compiler");
        }
        mc_hash_part_string(hash, "name", paths->items[i] + prefix);
        mc_hash_part_string(hash, "content", hex);
    }
    return 0;
}
