#include "mojo/closure.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/strv.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_PLACES = 2000, MOST_DEPTH = 32, MOST_PATH = 4096 };
static const size_t MOST_BYTES = 64 << 20;

static const char *const source_endings[] = {".mojo", ".🔥"};
static const char *const compiled_endings[] = {".mojopkg", ".mojoc"};

struct closure {
    char *const *dirs;
    mc_closure_each *each;
    void *context;
    struct mc_strv seen; /* places told */
    size_t bytes;
    mc_err *err;
};

static int
follow(struct closure *closure, const char *text, size_t length, const char *dir, int depth);

/* ---- reading import statements ---- */

static bool is_name(unsigned char c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

static bool starts_word(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t) (end - at) > length && memcmp(at, word, length) == 0 &&
           !is_name((unsigned char) at[length]);
}

/* ".a.b" or "a.b" into `ret`; where it ends. Only the dots in front and the first name matter. */
static const char *read_module(const char *at, const char *end, char *ret, size_t room)
{
    size_t used = 0;
    while (at < end && (is_name((unsigned char) *at) || *at == '.' || *at == '`')) {
        if (*at != '`' && used + 1 < room) {
            ret[used++] = *at;
        }
        at++;
    }
    ret[used] = '\0';
    return at;
}

/* ---- places ---- */

static bool is_new(struct closure *closure, const char *path)
{
    for (size_t i = 0; i < closure->seen.count; i++) {
        if (strcmp(closure->seen.items[i], path) == 0) {
            return false;
        }
    }
    mc_strv_add(&closure->seen, path);
    return true;
}

/* Tells one place and follows the imports of a source file there. Returns 1 where there is a file,
 * 0 where not. */
static int look_at(struct closure *closure, const char *path, bool is_source, int depth)
{
    mc_autobuf text = MC_BUF_INIT;
    struct stat st;
    char digest[MC_HASH_HEX];
    if (!is_new(closure, path)) {
        return stat(path, &st) == 0;
    }
    if (closure->seen.failed || closure->seen.count > MOST_PLACES) {
        return mc_err_set(
            closure->err, MC_TOO_LARGE, "the imports lead to more than %d places", MOST_PLACES);
    }
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
        return closure->each(closure->context, path, NULL) ? -1 : 0;
    }
    if (mc_fs_read(path, MOST_BYTES - closure->bytes, &text, closure->err) < 0) {
        return mc_err_wrap(closure->err, "read an imported module");
    }
    closure->bytes += text.length;
    const char *bytes = text.data ? text.data : "";
    if (mc_hash_bytes(bytes, text.length, digest, closure->err) < 0 ||
        closure->each(closure->context, path, digest)) {
        return -1;
    }
    if (!is_source) {
        return 1;
    }
    char dir[MOST_PATH];
    snprintf(dir, sizeof dir, "%.*s", (int) (strrchr(path, '/') - path), path);
    return follow(closure, bytes, text.length, dir, depth + 1) < 0 ? -1 : 1;
}

static bool is_source_name(const char *name)
{
    for (size_t i = 0; i < MC_LENGTH(source_endings); i++) {
        size_t length = strlen(name);
        size_t ending = strlen(source_endings[i]);
        if (length > ending && strcmp(name + length - ending, source_endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Every source of a package: which of them are read depends on what else is imported from it. */
static int look_into_package(struct closure *closure, const char *dir, int depth)
{
    struct dirent **names;
    int count = scandir(dir, &names, not_hidden, alphasort);
    int result = 0;
    for (int i = 0; i < count; i++) {
        char path[MOST_PATH];
        struct stat st;
        bool fits = snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name) < (int) sizeof path;
        if (result == 0 && fits && stat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth < MOST_DEPTH) {
                result = look_into_package(closure, path, depth + 1);
            } else if (S_ISREG(st.st_mode) && is_source_name(names[i]->d_name)) {
                result = look_at(closure, path, true, depth) < 0 ? -1 : 0;
            }
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return result;
}

static int look_in(struct closure *closure, const char *dir, const char *name, int depth)
{
    char path[MOST_PATH];
    for (size_t i = 0; i < MC_LENGTH(source_endings); i++) {
        snprintf(path, sizeof path, "%s/%s%s", dir, name, source_endings[i]);
        if (look_at(closure, path, true, depth) < 0) {
            return -1;
        }
        snprintf(path, sizeof path, "%s/%s/__init__%s", dir, name, source_endings[i]);
        int found = look_at(closure, path, true, depth);
        if (found < 0) {
            return -1;
        }
        *strrchr(path, '/') = '\0';
        if (found && look_into_package(closure, path, depth) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < MC_LENGTH(compiled_endings); i++) {
        snprintf(path, sizeof path, "%s/%s%s", dir, name, compiled_endings[i]);
        if (look_at(closure, path, false, depth) < 0) {
            return -1;
        }
    }
    return 0;
}

/* `dir` is where the importing file is; NULL for the cell itself. */
static int resolve(struct closure *closure, const char *module, const char *dir, int depth)
{
    char name[256];
    char base[MOST_PATH];
    size_t dots = strspn(module, ".");
    snprintf(name, sizeof name, "%.*s", (int) strcspn(module + dots, "."), module + dots);
    if (depth > MOST_DEPTH || (!dots && (!*name || strcmp(name, "std") == 0))) {
        return 0;
    }
    if (dots) {
        if (!dir || !*name) {
            return 0; /* `from . import x`: the package it is in is told whole */
        }
        snprintf(base, sizeof base, "%s", dir);
        for (size_t i = 1; i < dots && strrchr(base, '/'); i++) {
            *strrchr(base, '/') = '\0';
        }
        return look_in(closure, base, name, depth);
    }
    if (dir && look_in(closure, dir, name, depth) < 0) {
        return -1;
    }
    for (char *const *one = closure->dirs; one && *one; one++) {
        if (look_in(closure, *one, name, depth) < 0) {
            return -1;
        }
    }
    return 0;
}

/* "a.b as x, c" after `import`. */
static int
follow_list(struct closure *closure, const char *at, const char *end, const char *dir, int depth)
{
    for (;;) {
        char module[512];
        at = skip_blanks(at, end);
        at = read_module(at, end, module, sizeof module);
        if (resolve(closure, module, dir, depth) < 0) {
            return -1;
        }
        while (at < end && *at != ',' && *at != '\n' && *at != ';') {
            at++;
        }
        if (at == end || *at != ',') {
            return 0;
        }
        at++;
    }
}

/* Calls for every `import` and `from` at the start of a statement. */
static int
follow(struct closure *closure, const char *text, size_t length, const char *dir, int depth)
{
    const char *end = text + length;
    bool start = true;
    for (const char *at = text; at < end; at++) {
        if (start && starts_word(at, end, "import")) {
            if (follow_list(closure, at + strlen("import"), end, dir, depth) < 0) {
                return -1;
            }
        } else if (start && starts_word(at, end, "from")) {
            char module[512];
            read_module(skip_blanks(at + strlen("from"), end), end, module, sizeof module);
            if (resolve(closure, module, dir, depth) < 0) {
                return -1;
            }
        }
        start = *at == '\n' || *at == ';' || *at == ':' || (start && (*at == ' ' || *at == '\t'));
    }
    return 0;
}

int mc_closure(const char *source,
               size_t length,
               char *const *dirs,
               mc_closure_each *each,
               void *context,
               mc_err *err)
{
    struct closure closure = {.dirs = dirs, .each = each, .context = context, .err = err};
    int result = follow(&closure, source, length, NULL, 0);
    mc_strv_fini(&closure.seen);
    return result;
}
