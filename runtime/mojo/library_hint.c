#include "mojo/library_hint.h"

#include "base/mem.h"
#include "base/strv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_NAMES 12

static const char path_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

/* ---- what is there ---- */

static bool ends_in(const char *name, size_t length, const char *ending)
{
    size_t n = strlen(ending);
    return length > n && strcmp(name + length - n, ending) == 0;
}

static bool is_package(const char *directory, const char *name)
{
    mc_autofree char *path = NULL;
    struct stat st;
    return asprintf(&path, "%s/%s/__init__.mojo", directory, name) >= 0 && stat(path, &st) == 0;
}

/* Its length as a module of the directory; 0: it is none, or not for others. */
static size_t module_length(const char *directory, const char *name)
{
    size_t length = strlen(name);
    if (*name == '_' || *name == '.') {
        return 0;
    }
    if (ends_in(name, length, ".mojo")) {
        return length - strlen(".mojo");
    }
    return is_package(directory, name) ? length : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static void list_modules(const char *directory, struct mc_strv *ret)
{
    const struct dirent *entry;
    DIR *open = opendir(directory);
    while (open && (entry = readdir(open))) {
        size_t length = module_length(directory, entry->d_name);
        if (length) {
            mc_strv_addf(ret, "%.*s", (int) length, entry->d_name);
        }
    }
    if (open) {
        closedir(open);
    }
    if (ret->count) {
        qsort(ret->items, ret->count, sizeof *ret->items, by_text);
    }
}

/* ---- where it is ---- */

/* The directory of a package that is called `dotted`, or NULL. */
static char *find_package(char *const *flags, const char *dotted)
{
    for (; flags && *flags; flags++) {
        mc_autofree char *path = NULL;
        if (strncmp(*flags, "-I", 2) != 0 || asprintf(&path, "%s/%s", *flags + 2, dotted) < 0) {
            continue;
        }
        for (char *at = path + strlen(*flags + 2); *at; at++) {
            *at = (char) (*at == '.' ? '/' : *at);
        }
        if (is_package(path, ".")) {
            return mc_take(&path);
        }
    }
    return NULL;
}

/* The package that the line imports from: all of what stands behind `from` or `import`, or what of
 * it stands before the column. NULL: there is none. */
static char *package_of(const char *line, long column, bool whole)
{
    const char *at = line + strspn(line, " \t");
    size_t word = strncmp(at, "from ", 5) == 0 ? 5 : strncmp(at, "import ", 7) == 0 ? 7 : 0;
    at += word + strspn(at + word, " \t");
    size_t length = strspn(at, path_letters);
    if (!whole && column - 1 < at - line + (long) length) {
        length = column - 1 > at - line ? (size_t) (column - 1 - (at - line)) : 0;
    }
    while (length && at[length - 1] == '.') {
        length--;
    }
    return word && length && *at != '.' ? strndup(at, length) : NULL;
}

/* ---- the hint ---- */

static void
say(const char *package, const char *directory, const char *name, int n, struct mc_buf *ret)
{
    mc_autostrv modules = MC_STRV_INIT;
    list_modules(directory, &modules);
    mc_buf_addf(ret, "`%s` is found in %s and has no `%.*s`", package, directory, n, name);
    for (size_t i = 0; i < modules.count && i < MOST_NAMES; i++) {
        mc_buf_addf(ret, "%s `%s`", i ? "," : ": its modules are", modules.items[i]);
    }
    if (modules.count > MOST_NAMES) {
        mc_buf_addf(ret, " and %zu more", modules.count - MOST_NAMES);
    }
}

void mc_library_hint(
    char *const *flags, const char *message, const char *line, long column, struct mc_buf *ret)
{
    static const char unknown[] = "unable to locate module '";
    static const char lacks[] = "' does not contain '";
    const char *within = strncmp(message, "package '", 9) == 0 ? strstr(message, lacks) : NULL;
    const char *name = strncmp(message, unknown, strlen(unknown)) == 0 ? message + strlen(unknown)
                       : within                                        ? within + strlen(lacks)
                                                                       : NULL;
    mc_autofree char *package = name ? package_of(line, column, within != NULL) : NULL;
    mc_autofree char *directory = package ? find_package(flags, package) : NULL;
    if (directory) {
        say(package, directory, name, (int) strcspn(name, "'"), ret);
    }
}
