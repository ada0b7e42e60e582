#include "base/paths.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char name_format[] = "%s/mojocelld-" MC_VERSION "-" MC_BUILD_ID "-%d.%s";

static int no_memory(mc_err *err)
{
    return mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

/* In a directory that others can enter or control they could talk to the daemon, or answer in its
 * place. */
static int refuse(mc_err *err)
{
    mc_err_wrap(err, "runtime directory");
    return mc_err_hint(
        err, "close it (chmod 700), or set MOJOCELL_RUNTIME_DIR to a directory that is only yours");
}

/* `dir` without the slashes at its end: with one, lstat would follow a link. */
static char *trimmed(const char *dir)
{
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/') {
        length--;
    }
    return strndup(dir, length);
}

int mc_paths_check_dir(const char *dir, char **ret, mc_err *err)
{
    mc_autofree char *path = trimmed(dir);
    if (!path) {
        return no_memory(err);
    }
    if (mc_fs_mkdirs(path, 0700, err) < 0 || mc_fs_check_own(path, 077, err) < 0) {
        return refuse(err);
    }
    char *real = realpath(path, NULL);
    if (!real) {
        return mc_err_errno(err, MC_IO, "runtime directory '%s'", path);
    }
    *ret = real;
    return 0;
}

/* The basedir specification demands that XDG_RUNTIME_DIR belong to the user; one inherited from
 * somebody else does not. */
static bool is_own_dir(const char *dir)
{
    struct stat st;
    return dir && dir[0] == '/' && stat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid() && access(dir, W_OK | X_OK) == 0;
}

static char *fallback_dir(void)
{
    char *dir = NULL;
    return asprintf(&dir, "/tmp/mojocell-%u", (unsigned) geteuid()) < 0 ? NULL : dir;
}

int mc_paths_runtime_dir(char *const *envp, char **ret, mc_err *err)
{
    const char *chosen = mc_strv_getenv(envp, "MOJOCELL_RUNTIME_DIR");
    if (chosen && *chosen) {
        return mc_paths_check_dir(chosen, ret, err);
    }
    const char *xdg = mc_strv_getenv(envp, "XDG_RUNTIME_DIR");
    mc_autofree char *dir = is_own_dir(xdg) ? mc_fs_join(xdg, "mojocell") : fallback_dir();
    return dir ? mc_paths_check_dir(dir, ret, err) : no_memory(err);
}

/* A directory of this user with a short name, different for each `dir`. */
static int short_dir(const char *dir, char **ret, mc_err *err)
{
    char hex[MC_HASH_HEX];
    mc_autofree char *base = fallback_dir();
    mc_autofree char *checked = NULL;
    mc_autofree char *path = NULL;
    if (!base) {
        return no_memory(err);
    }
    if (mc_hash_bytes(dir, strlen(dir), hex, err) < 0 ||
        mc_paths_check_dir(base, &checked, err) < 0) {
        return -1;
    }
    if (asprintf(&path, "%s/%.16s", base, hex) < 0) {
        path = NULL;
        return no_memory(err);
    }
    return mc_paths_check_dir(path, ret, err);
}

static int path_in(const char *dir, const char *suffix, char **ret, mc_err *err)
{
    char *path = NULL;
    if (asprintf(&path, name_format, dir, MC_PROTOCOL_VERSION, suffix) < 0) {
        return no_memory(err);
    }
    *ret = path;
    return 0;
}

/* All names are in the directory of the socket, so that whoever shares a socket shares its locks.
 */
static int path_named(const char *dir, const char *suffix, char **ret, mc_err *err)
{
    mc_autofree char *shorter = NULL;
    int length = snprintf(NULL, 0, name_format, dir, MC_PROTOCOL_VERSION, "sock");
    if (length >= MC_PATHS_SOCKET_LIMIT) {
        if (short_dir(dir, &shorter, err) < 0) {
            return mc_err_wrap(err, "the path of the socket in '%.200s' would be too long", dir);
        }
        dir = shorter;
    }
    return path_in(dir, suffix, ret, err);
}

int mc_paths_socket(const char *dir, char **ret, mc_err *err)
{
    return path_named(dir, "sock", ret, err);
}

int mc_paths_lock(const char *dir, char **ret, mc_err *err)
{
    return path_named(dir, "lock", ret, err);
}

int mc_paths_start_lock(const char *dir, char **ret, mc_err *err)
{
    return path_named(dir, "start", ret, err);
}
