#include "mojo/library_hint.h"

#include "base/mem.h"
#include "base/strv.h"
#include "mojo/modules.h"

#include <stdio.h>
#include <string.h>

#define MOST_NAMES 12

static const char path_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

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
        if (mc_modules_is_package(path, ".")) {
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
    mc_modules_list(directory, &modules);
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
