#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "mojo/toolchain.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* Two layouts hold a compiler: `<site-packages>/modular` of a Python wheel, and the prefix of a
 * conda environment. Both have bin/mojo and lib/mojo, which makes either a root. An environment
 * with the wheel also has a `bin/mojo`, a Python script, but no lib/mojo: it leads to the root. */

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool is_root(const char *directory)
{
    mc_autofree char *binary = mc_fs_join(directory, "bin/mojo");
    mc_autofree char *library = mc_fs_join(directory, "lib/mojo");
    return binary != NULL && library != NULL && is_program(binary) && is_directory(library);
}

/* "<directory>/<below>" without symbolic links where it is a root, else NULL. */
static char *root_at(const char *directory, const char *below)
{
    mc_autofree char *path = mc_fs_join(directory, below);
    return path != NULL && is_root(path) ? realpath(path, NULL) : NULL;
}

/* The directory that holds the directory of `path`: its environment's prefix, where it is a
 * program. */
static char *prefix_of(const char *path)
{
    char *prefix = strdup(path);
    for (int i = 0; i < 2 && prefix != NULL; i++) {
        char *slash = strrchr(prefix, '/');
        if (slash == NULL) {
            free(prefix);
            return NULL;
        }
        slash[slash == prefix ? 1 : 0] = '\0';
    }
    return prefix;
}

/* The wheel's directory in the first of <prefix>/lib's Pythons that has one. With several Pythons
 * the newest name wins, so that the answer does not depend on the order of the directory. */
static char *root_in_pythons(const char *prefix)
{
    mc_autofree char *lib = mc_fs_join(prefix, "lib");
    DIR *dir = lib != NULL ? opendir(lib) : NULL;
    char *best = NULL;
    mc_autofree char *best_name = NULL;
    if (dir == NULL) {
        return NULL;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, "python", 6) != 0 ||
            (best_name != NULL && strverscmp(entry->d_name, best_name) < 0)) {
            continue;
        }
        static const char *const packages[] = {"site-packages/modular", "dist-packages/modular"};
        for (size_t i = 0; i < MC_LENGTH(packages); i++) {
            mc_autofree char *python = mc_fs_join(lib, entry->d_name);
            char *root = python != NULL ? root_at(python, packages[i]) : NULL;
            if (root != NULL) {
                free(best);
                free(best_name);
                best = root;
                best_name = strdup(entry->d_name);
                break;
            }
        }
    }
    closedir(dir);
    return best;
}

static char *root_in_prefix(const char *prefix)
{
    char *root = root_at(prefix, ".");
    return root != NULL ? root : root_in_pythons(prefix);
}

/* The interpreter that a script names: on its first line, or, where that would be too long for the
 * kernel, after "exec" on its second. */
static char *script_interpreter(const char *path)
{
    char head[4096];
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd >= 0 ? read(fd, head, sizeof head - 1) : -1;
    if (got < 2 || head[0] != '#' || head[1] != '!') {
        return NULL;
    }
    head[got] = '\0';
    const char *start = head + 2 + strspn(head + 2, " \t");
    const char *exec = strstr(head, "'''exec' ");
    if (exec != NULL) {
        start = exec + strlen("'''exec' ");
    }
    start += strspn(start, "\"");
    return *start == '/' ? strndup(start, strcspn(start, " \t\r\n\"")) : NULL;
}

/* From a program named mojo: the compiler itself, or the script of a wheel, or a link to either. */
static char *root_of_program(const char *path)
{
    mc_autofree char *resolved = realpath(path, NULL);
    const char *const places[] = {path, resolved};
    for (size_t i = 0; i < MC_LENGTH(places); i++) {
        mc_autofree char *prefix = places[i] != NULL ? prefix_of(places[i]) : NULL;
        char *root = prefix != NULL ? root_in_prefix(prefix) : NULL;
        if (root != NULL) {
            return root;
        }
    }
    mc_autofree char *interpreter = script_interpreter(path);
    mc_autofree char *prefix = interpreter != NULL ? prefix_of(interpreter) : NULL;
    return prefix != NULL ? root_in_prefix(prefix) : NULL;
}

/* From a setting: a program, a root, a prefix, or a site-packages directory. */
static char *root_of_setting(const char *path)
{
    if (!is_directory(path)) {
        return is_program(path) ? root_of_program(path) : NULL;
    }
    char *root = root_in_prefix(path);
    return root != NULL ? root : root_at(path, "modular");
}

static int explicit_setting(const char *path, const char *from, char **ret_root, mc_err *err)
{
    struct stat st;
    if (path[0] != '/') {
        mc_err_set(err, MC_TOOLCHAIN_NOT_FOUND, "%s '%s' is not an absolute path", from, path);
    } else if (stat(path, &st) < 0) {
        mc_err_errno(err, MC_TOOLCHAIN_NOT_FOUND, "%s '%s'", from, path);
    } else {
        *ret_root = root_of_setting(path);
        if (*ret_root != NULL) {
            return 0;
        }
        mc_err_set(err, MC_TOOLCHAIN_NOT_FOUND, "%s '%s' holds no Mojo compiler", from, path);
    }
    return mc_err_hint(
        err, "name the `mojo` program, the `modular` directory or the environment that has it");
}

static char *root_on_path(const char *path)
{
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        mc_autofree char *directory = strndup(path, length);
        mc_autofree char *program = directory != NULL ? mc_fs_join(directory, "mojo") : NULL;
        if (program != NULL && program[0] == '/' && is_program(program)) {
            char *root = root_of_program(program);
            if (root != NULL) {
                return root;
            }
        }
        path += length + (path[length] == ':');
    }
    return NULL;
}

static char *root_in_sites(char *const *sites)
{
    for (; sites != NULL && *sites != NULL; sites++) {
        char *root = (*sites)[0] == '/' ? root_at(*sites, "modular") : NULL;
        if (root != NULL) {
            return root;
        }
    }
    return NULL;
}

static int not_found(const struct mc_toolchain_hints *hints, mc_err *err)
{
    mc_autobuf looked = MC_BUF_INIT;
    const char *conda = mc_strv_getenv(hints->envp, "CONDA_PREFIX");
    for (char *const *site = hints->sites; site != NULL && *site != NULL; site++) {
        mc_buf_addf(&looked, "%s%s/modular", looked.length > 0 ? ", " : "", *site);
    }
    if (conda != NULL && conda[0] != '\0') {
        mc_buf_addf(&looked, "%s%s", looked.length > 0 ? ", " : "", conda);
    }
    mc_buf_addf(&looked, "%sPATH", looked.length > 0 ? ", " : "");
    mc_err_set(err,
               MC_TOOLCHAIN_NOT_FOUND,
               "no Mojo compiler found; looked at %s",
               looked.data != NULL ? looked.data : "?");
    return mc_err_hint(err, "pip install mojo");
}

int mc_toolchain_find(const struct mc_toolchain_hints *hints,
                      char **ret_root,
                      const char **ret_how,
                      mc_err *err)
{
    const char *setting = mc_strv_getenv(hints->envp, "MOJOCELL_TOOLCHAIN");
    const char *conda = mc_strv_getenv(hints->envp, "CONDA_PREFIX");
    const char *how = "site";
    char *root = NULL;
    if (hints->explicit_path != NULL && hints->explicit_path[0] != '\0') {
        how = "explicit";
        if (explicit_setting(hints->explicit_path, "the toolchain", &root, err) < 0) {
            return -1;
        }
    } else if (setting != NULL && setting[0] != '\0') {
        how = "environment";
        if (explicit_setting(setting, "MOJOCELL_TOOLCHAIN", &root, err) < 0) {
            return -1;
        }
    } else if ((root = root_in_sites(hints->sites)) == NULL) {
        how = "conda";
        root = conda != NULL && conda[0] == '/' ? root_in_prefix(conda) : NULL;
        if (root == NULL) {
            how = "path";
            root = root_on_path(mc_strv_getenv(hints->envp, "PATH"));
        }
    }
    if (root == NULL) {
        return not_found(hints, err);
    }
    *ret_root = root;
    if (ret_how != NULL) {
        *ret_how = how;
    }
    return 0;
}
