#include "base/symbols.h"

#include "base/fs.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

/* Whether [offset, offset + size) lies in the file. */
static bool has(const struct mc_map *image, uint64_t offset, uint64_t size)
{
    return offset <= image->length && size <= image->length - offset;
}

/* Copies a structure: nothing in a damaged file has to be aligned. */
static bool get(const struct mc_map *image, uint64_t offset, void *ret, size_t size)
{
    if (!has(image, offset, size)) {
        return false;
    }
    memcpy(ret, image->bytes + offset, size);
    return true;
}

static bool is_of(enum mc_symbols_kind kind, const Elf64_Sym *symbol)
{
    bool undefined = symbol->st_shndx == SHN_UNDEF;
    bool weak = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
    return kind == MC_SYMBOLS_DEFINED ? !undefined
                                      : undefined && (kind == MC_SYMBOLS_UNDEFINED || !weak);
}

static int walk_symbols(const struct mc_map *image,
                        const Elf64_Shdr *symbols,
                        const Elf64_Shdr *strings,
                        enum mc_symbols_kind kind,
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
        if (!is_of(kind, &symbol)) {
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

int mc_symbols_walk_in(const void *bytes,
                       size_t length,
                       enum mc_symbols_kind kind,
                       mc_symbols_each *each,
                       void *data,
                       mc_err *err)
{
    struct mc_map image = {bytes, length};
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
        return walk_symbols(&image, &symbols, &strings, kind, each, data, err);
    }
    return 0; /* no dynamic symbols at all */
}

int mc_symbols_walk(
    const char *path, enum mc_symbols_kind kind, mc_symbols_each *each, void *data, mc_err *err)
{
    struct mc_map image;
    if (mc_fs_map(path, &image, err) < 0) {
        return -1;
    }
    int outcome = mc_symbols_walk_in(image.bytes, image.length, kind, each, data, err);
    mc_fs_unmap(&image);
    return outcome < 0 ? mc_err_wrap(err, "read the symbols of '%s'", path) : outcome;
}

int mc_symbols_undefined(const char *path, mc_symbols_each *each, void *data, mc_err *err)
{
    return mc_symbols_walk(path, MC_SYMBOLS_UNDEFINED, each, data, err);
}
