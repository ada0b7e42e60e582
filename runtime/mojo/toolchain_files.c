#include "mojo/toolchain_files.h"

#include "base/fs.h"
#include "base/mem.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RUNTIME_LIBRARY "libKGENCompilerRTShared.so"
#define LIBRARY_LIMIT   ((size_t) 256 << 20)
#define MAX_DEPTH       8

void mc_toolchain_files_fini(struct mc_toolchain_files *files)
{
    mc_strv_fini(&files->compiler);
    mc_strv_fini(&files->libraries);
}

static bool strv_has(const struct mc_strv *strv, const char *text)
{
    for (size_t i = 0; i < strv->count; i++) {
        if (strcmp(strv->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* A range of the file, or NULL where it is not inside. */
static const void *elf_at(const struct mc_buf *file, uint64_t offset, uint64_t size)
{
    return offset <= file->length && size <= file->length - offset ? file->data + offset : NULL;
}

/* Where in the file an address is that one of the LOAD segments maps. */
static bool elf_offset(const Elf64_Phdr *segments, size_t count, uint64_t address, uint64_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr < s->p_filesz) {
            *ret = s->p_offset + (address - s->p_vaddr);
            return true;
        }
    }
    return false;
}

static void elf_needed_in(const struct mc_buf *file,
                          const Elf64_Phdr *segments,
                          size_t n_segments,
                          const Elf64_Phdr *dynamic,
                          struct mc_strv *ret)
{
    size_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
    const Elf64_Dyn *tags = elf_at(file, dynamic->p_offset, count * sizeof *tags);
    uint64_t strings = 0;
    for (size_t i = 0; tags != NULL && i < count; i++) {
        if (tags[i].d_tag == DT_STRTAB &&
            !elf_offset(segments, n_segments, tags[i].d_un.d_ptr, &strings)) {
            return;
        }
    }
    for (size_t i = 0; tags != NULL && strings != 0 && i < count; i++) {
        uint64_t at = strings + tags[i].d_un.d_val;
        if (tags[i].d_tag == DT_NEEDED && at > strings && at < file->length) {
            mc_strv_add(ret, file->data + at); /* mc_buf ends with a NUL */
        }
    }
}

/* The names of the libraries that a 64-bit library of this byte order needs; none for others. */
static int elf_needed(const char *path, struct mc_strv *ret, mc_err *err)
{
    mc_autobuf file = MC_BUF_INIT;
    if (mc_fs_read(path, LIBRARY_LIMIT, &file, err) < 0) {
        return -1;
    }
    const Elf64_Ehdr *header = elf_at(&file, 0, sizeof *header);
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phoff % 8 != 0) {
        return 0;
    }
    const Elf64_Phdr *segments =
        elf_at(&file, header->e_phoff, (uint64_t) header->e_phnum * sizeof *segments);
    for (size_t i = 0; segments != NULL && i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_DYNAMIC && segments[i].p_offset % 8 == 0) {
            elf_needed_in(&file, segments, header->e_phnum, &segments[i], ret);
        }
    }
    return mc_strv_check(ret, err);
}

/* Adds the library after those it needs, as far as the toolchain brings them. */
static int
add_library(const char *root, const char *name, int depth, struct mc_strv *ret, mc_err *err)
{
    mc_autostrv needed = MC_STRV_INIT;
    mc_autofree char *lib = mc_fs_join(root, "lib");
    mc_autofree char *path = lib != NULL ? mc_fs_join(lib, name) : NULL;
    struct stat st;
    if (path == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (strv_has(ret, path) || depth > MAX_DEPTH || strchr(name, '/') != NULL ||
        stat(path, &st) < 0) {
        return 0;
    }
    if (elf_needed(path, &needed, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < needed.count; i++) {
        if (add_library(root, needed.items[i], depth + 1, ret, err) < 0) {
            return -1;
        }
    }
    if (!strv_has(ret, path)) {
        mc_strv_add(ret, path);
    }
    return mc_strv_check(ret, err);
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
    mc_autofree char *std = mc_fs_join(root, "lib/mojo");
    if (mojo == NULL || lld == NULL || std == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    ret->has_lld = access(lld, X_OK) == 0;
    mc_strv_add(&ret->compiler, mojo);
    if (ret->has_lld) {
        mc_strv_add(&ret->compiler, lld);
    }
    if (add_tree(std, 0, &ret->compiler, err) < 0 ||
        add_library(root, RUNTIME_LIBRARY, 0, &ret->libraries, err) < 0 ||
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
