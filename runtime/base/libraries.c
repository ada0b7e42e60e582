#include "base/libraries.h"

#include "base/fs.h"
#include "base/mem.h"

#include <dirent.h>
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 8

static bool has(const struct mc_strv *strv, const char *text)
{
    for (size_t i = 0; i < strv->count; i++) {
        if (strcmp(strv->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* A range of the file, or NULL where it is not inside. */
static const void *at(const struct mc_map *file, uint64_t offset, uint64_t size)
{
    return offset <= file->length && size <= file->length - offset ? file->bytes + offset : NULL;
}

/* Where in the file an address is that one of the LOAD segments maps; 0 where none does. */
static uint64_t offset_of(const Elf64_Phdr *segments, size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr < s->p_filesz) {
            return s->p_offset + (address - s->p_vaddr);
        }
    }
    return 0;
}

static void needed_in(const struct mc_map *file,
                      const Elf64_Phdr *segments,
                      size_t n_segments,
                      const Elf64_Phdr *dynamic,
                      struct mc_strv *ret)
{
    size_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
    const Elf64_Dyn *tags = at(file, dynamic->p_offset, count * sizeof *tags);
    uint64_t strings = 0;
    for (size_t i = 0; tags != NULL && i < count; i++) {
        if (tags[i].d_tag == DT_STRTAB) {
            strings = offset_of(segments, n_segments, tags[i].d_un.d_ptr);
        }
    }
    for (size_t i = 0; tags != NULL && strings != 0 && i < count; i++) {
        uint64_t name = strings + tags[i].d_un.d_val;
        if (tags[i].d_tag == DT_NEEDED && name > strings && name < file->length &&
            memchr(file->bytes + name, '\0', file->length - name) != NULL) {
            mc_strv_add(ret, file->bytes + name);
        }
    }
}

/* The names of the libraries that a 64-bit library of this byte order needs; none for others. */
static int needed(const char *path, struct mc_strv *ret, mc_err *err)
{
    struct mc_map file;
    if (mc_fs_map(path, &file, err) < 0) {
        return -1;
    }
    const Elf64_Ehdr *header = at(&file, 0, sizeof *header);
    bool is_library = header != NULL && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                      header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_phoff % 8 == 0;
    size_t count = is_library ? header->e_phnum : 0;
    const Elf64_Phdr *segments =
        count > 0 ? at(&file, header->e_phoff, count * sizeof *segments) : NULL;
    for (size_t i = 0; segments != NULL && i < count; i++) {
        if (segments[i].p_type == PT_DYNAMIC && segments[i].p_offset % 8 == 0) {
            needed_in(&file, segments, count, &segments[i], ret);
        }
    }
    mc_fs_unmap(&file);
    return mc_strv_check(ret, err);
}

static int add(const char *directory, const char *name, int depth, struct mc_strv *ret, mc_err *err)
{
    mc_autostrv names = MC_STRV_INIT;
    mc_autofree char *path = mc_fs_join(directory, name);
    struct stat st;
    if (path == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (has(ret, path) || depth > MAX_DEPTH || strchr(name, '/') != NULL || stat(path, &st) < 0) {
        return 0;
    }
    if (needed(path, &names, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.count; i++) {
        if (add(directory, names.items[i], depth + 1, ret, err) < 0) {
            return -1;
        }
    }
    if (!has(ret, path)) {
        mc_strv_add(ret, path);
    }
    return mc_strv_check(ret, err);
}

int mc_libraries_add(const char *directory, const char *name, struct mc_strv *ret, mc_err *err)
{
    return add(directory, name, 0, ret, err);
}

/* ---- all of a directory ---- */

struct file {
    char *name;
    off_t size;
};

static int compare(const void *a, const void *b)
{
    const struct file *x = a;
    const struct file *y = b;
    return x->size != y->size ? (x->size > y->size ? 1 : -1) : strcmp(x->name, y->name);
}

/* "libX.so", "libX.so.3" */
static bool is_library_name(const char *name)
{
    const char *end = strstr(name, ".so");
    return end != NULL && (end[3] == '\0' || end[3] == '.');
}

static int
read_directory(const char *directory, DIR *dir, struct file **ret, size_t *ret_count, mc_err *err)
{
    struct stat st;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!is_library_name(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 ||
            !S_ISREG(st.st_mode)) {
            continue;
        }
        struct file *more = realloc(*ret, (*ret_count + 1) * sizeof *more);
        char *name = strdup(entry->d_name);
        if (more == NULL || name == NULL) {
            *ret = more != NULL ? more : *ret;
            free(name);
            return mc_err_set(err, MC_NO_MEMORY, "no memory for the libraries of '%s'", directory);
        }
        *ret = more;
        more[(*ret_count)++] = (struct file) {name, st.st_size};
    }
    return 0;
}

int mc_libraries_list(const char *directory, struct mc_strv *ret, mc_err *err)
{
    struct file *files = NULL;
    size_t count = 0;
    DIR *dir = opendir(directory);
    if (dir == NULL) {
        return mc_err_errno(err, MC_IO, "open '%s'", directory);
    }
    int outcome = read_directory(directory, dir, &files, &count, err);
    closedir(dir);
    if (count > 0) {
        qsort(files, count, sizeof *files, compare);
    }
    for (size_t i = 0; i < count; i++) {
        mc_strv_add(ret, files[i].name);
        free(files[i].name);
    }
    free(files);
    return outcome < 0 ? -1 : mc_strv_check(ret, err);
}
