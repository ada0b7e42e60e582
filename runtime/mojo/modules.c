#include "mojo/modules.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool mc_modules_is_package(const char *directory, const char *name)
{
    mc_autofree char *path = NULL;
    struct stat st;
    return asprintf(&path, "%s/%s/__init__.mojo", directory, name) >= 0 && stat(path, &st) == 0;
}

/* The length of a file's name as a module; 0: it is none, or not for others. */
static size_t module_length(const char *directory, const char *name)
{
    static const char *const endings[] = {".mojo", ".mojoc", ".mojopkg"};
    size_t length = strlen(name);
    if (*name == '_' || *name == '.') {
        return 0;
    }
    for (size_t i = 0; i < MC_LENGTH(endings); i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcmp(name + length - n, endings[i]) == 0) {
            return length - n;
        }
    }
    return !strchr(name, '.') && mc_modules_is_package(directory, name) ? length : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Of those from `first` on, which are sorted. */
static void drop_repeated(struct mc_strv *names, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < names->count; i++) {
        char *name = names->items[i];
        names->items[i] = NULL;
        if (kept > first && strcmp(names->items[kept - 1], name) == 0) {
            free(name);
        } else {
            names->items[kept++] = name;
        }
    }
    names->count = kept;
}

void mc_modules_list(const char *directory, struct mc_strv *ret)
{
    size_t first = ret->count;
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
    if (ret->count > first) {
        qsort(ret->items + first, ret->count - first, sizeof *ret->items, by_text);
        drop_repeated(ret, first);
    }
}
