#include "base/symbols.h"

#include "base/mem.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const char *bytes;
    size_t length;
};

/* Whether [offset, offset + size) lies in the file. */
static bool has(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->length && size <= image->length - offset;
}

/* Copies a structure: nothing in a damaged file has to be aligned. */
static bool get(const struct image *image, uint64_t offset, void *ret, size_t size)
{
    if (!has(image, offset, size)) {
        return false;
    }
    memcpy(ret, image->bytes + offset, size);
    return true;
}

static int walk_symbols(const struct image *image,
                        const Elf64_Shdr *symbols,
                        const Elf64_Shdr *strings,
                        mc_symbols_each *each,
                        void *data,
                        mc_err *err)
{
    if (!has(image, symbols->sh_offset, symbols->sh_size) ||
        !has(image, strings->sh_offset, strings->sh_size)) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a symbol table lies outside of the file");
    }
    uint64_t count = symbols->sh_size / sizeof(Elf64_Sym);
    const char *names = image->bytes + strings->sh_offset;
    for (uint64_t i = 1; i < count; i++) { /* the first one is reserved */
        Elf64_Sym symbol;
        memcpy(&symbol, image->bytes + symbols->sh_offset + i * sizeof symbol, sizeof symbol);
        if (symbol.st_shndx != SHN_UNDEF) {
            continue;
        }
        if (symbol.st_name >= strings->sh_size ||
            !memchr(names + symbol.st_name, '\0', strings->sh_size - symbol.st_name)) {
            return mc_err_set(err, MC_INVALID_REQUEST, "a symbol's name lies outside of its table");
        }
        int outcome = each(names + symbol.st_name, data);
        if (outcome != 0) {
            return outcome;
        }
    }
    return 0;
}

int mc_symbols_undefined_in(
    const void *bytes, size_t length, mc_symbols_each *each, void *data, mc_err *err)
{
    struct image image = {bytes, length};
    Elf64_Ehdr header = {0};
    if (!get(&image, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return mc_err_set(err, MC_INVALID_REQUEST, "no 64-bit ELF file");
    }
    if (header.e_shentsize != sizeof(Elf64_Shdr) ||
        !has(&image, header.e_shoff, (uint64_t) header.e_shnum * sizeof(Elf64_Shdr))) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the section table lies outside of the file");
    }
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr symbols = {0};
        Elf64_Shdr strings = {0};
        get(&image, header.e_shoff + i * sizeof symbols, &symbols, sizeof symbols);
        if (symbols.sh_type != SHT_DYNSYM) {
            continue;
        }
        if (symbols.sh_link >= header.e_shnum) {
            return mc_err_set(err, MC_INVALID_REQUEST, "a symbol table has no names");
        }
        get(&image, header.e_shoff + symbols.sh_link * sizeof strings, &strings, sizeof strings);
        return walk_symbols(&image, &symbols, &strings, each, data, err);
    }
    return 0; /* no dynamic symbols at all */
}

int mc_symbols_undefined(const char *path, mc_symbols_each *each, void *data, mc_err *err)
{
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return mc_err_errno(err, errno == ENOENT ? MC_NOT_FOUND : MC_IO, "open '%s'", path);
    }
    if (!S_ISREG(status.st_mode) || status.st_size <= 0) {
        return mc_err_set(err, MC_INVALID_REQUEST, "'%s' is no library", path);
    }
    size_t length = (size_t) status.st_size;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return mc_err_errno(err, MC_IO, "map '%s'", path);
    }
    int outcome = mc_symbols_undefined_in(bytes, length, each, data, err);
    munmap(bytes, length);
    return outcome < 0 ? mc_err_wrap(err, "read the symbols of '%s'", path) : outcome;
}
