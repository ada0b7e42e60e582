#include "base/symbols.h"

#include "base/fs.h"

#include <elf.h>
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

/* A table of symbols and their names. */
struct table {
    const char *symbols;
    uint64_t count;
    const char *names;
    uint64_t names_size;
};

static Elf64_Sym symbol_at(const struct table *table, uint64_t i)
{
    Elf64_Sym symbol;
    memcpy(&symbol, table->symbols + i * sizeof symbol, sizeof symbol);
    return symbol;
}

/* NULL where it lies outside of the names. */
static const char *name_of(const struct table *table, const Elf64_Sym *symbol)
{
    uint64_t start = symbol->st_name;
    bool ends = start < table->names_size &&
                memchr(table->names + start, '\0', table->names_size - start) != NULL;
    return ends ? table->names + start : NULL;
}

/* Finds the first section of the type. Returns 1, or 0 where there is none. */
static int find_section(
    const struct mc_map *image, uint32_t type, Elf64_Ehdr *ret_header, Elf64_Shdr *ret, mc_err *err)
{
    Elf64_Ehdr header = {0};
    if (!get(image, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return mc_err_set(err, MC_INVALID_REQUEST, "no 64-bit ELF file");
    }
    if (header.e_shentsize != sizeof(Elf64_Shdr) ||
        !has(image, header.e_shoff, (uint64_t) header.e_shnum * sizeof(Elf64_Shdr))) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the section table lies outside of the file");
    }
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section = {0};
        get(image, header.e_shoff + i * sizeof section, &section, sizeof section);
        if (section.sh_type == type) {
            *ret_header = header;
            *ret = section;
            return 1;
        }
    }
    return 0;
}

/* The table of the type; an empty one where there is none. */
static int find_table(const struct mc_map *image, uint32_t type, struct table *ret, mc_err *err)
{
    Elf64_Ehdr header = {0};
    Elf64_Shdr symbols = {0};
    Elf64_Shdr strings = {0};
    *ret = (struct table) {0};
    int found = find_section(image, type, &header, &symbols, err);
    if (found <= 0) {
        return found;
    }
    if (symbols.sh_link >= header.e_shnum) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a symbol table has no names");
    }
    get(image, header.e_shoff + symbols.sh_link * sizeof strings, &strings, sizeof strings);
    if (!has(image, symbols.sh_offset, symbols.sh_size) ||
        !has(image, strings.sh_offset, strings.sh_size)) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a symbol table lies outside of the file");
    }
    *ret = (struct table) {.symbols = image->bytes + symbols.sh_offset,
                           .count = symbols.sh_size / sizeof(Elf64_Sym),
                           .names = image->bytes + strings.sh_offset,
                           .names_size = strings.sh_size};
    return 0;
}

int mc_symbols_acts_in(const void *bytes, size_t length, mc_err *err)
{
    const struct mc_map image = {bytes, length};
    Elf64_Ehdr header = {0};
    Elf64_Shdr section = {0};
    int found = find_section(&image, SHT_DYNAMIC, &header, &section, err);
    if (found <= 0) {
        return found < 0 ? -1 : mc_err_set(err, MC_INVALID_REQUEST, "no library");
    }
    if (!has(&image, section.sh_offset, section.sh_size)) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the dynamic section lies outside of the file");
    }
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry = {0};
        get(&image, section.sh_offset + at, &entry, sizeof entry);
        if (entry.d_tag == DT_NULL) {
            return 0;
        }
        if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_INIT || entry.d_tag == DT_INIT_ARRAY ||
            entry.d_tag == DT_AUXILIARY || entry.d_tag == DT_FILTER) {
            return 1;
        }
    }
    return 0;
}

static bool is_of(enum mc_symbols_kind kind, const Elf64_Sym *symbol)
{
    bool undefined = symbol->st_shndx == SHN_UNDEF;
    bool weak = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
    return kind == MC_SYMBOLS_DEFINED ? !undefined
                                      : undefined && (kind == MC_SYMBOLS_UNDEFINED || !weak);
}

int mc_symbols_walk_in(const void *bytes,
                       size_t length,
                       enum mc_symbols_kind kind,
                       mc_symbols_each *each,
                       void *data,
                       mc_err *err)
{
    const struct mc_map image = {bytes, length};
    struct table table;
    if (find_table(&image, SHT_DYNSYM, &table, err) < 0) {
        return -1;
    }
    for (uint64_t i = 1; i < table.count; i++) { /* the first one is reserved */
        Elf64_Sym symbol = symbol_at(&table, i);
        const char *name = name_of(&table, &symbol);
        if (!is_of(kind, &symbol)) {
            continue;
        }
        if (!name) {
            return mc_err_set(err, MC_INVALID_REQUEST, "a symbol's name lies outside of its table");
        }
        int outcome = each(name, data);
        if (outcome != 0) {
            return outcome;
        }
    }
    return 0;
}

static const char *function_at(const struct table *table, uint64_t address)
{
    for (uint64_t i = 1; i < table->count; i++) {
        Elf64_Sym symbol = symbol_at(table, i);
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF &&
            address >= symbol.st_value && address - symbol.st_value < symbol.st_size) {
            return name_of(table, &symbol);
        }
    }
    return NULL;
}

int mc_symbols_functions_in(const void *bytes,
                            size_t length,
                            const uint64_t *addresses,
                            size_t count,
                            mc_symbols_each *each,
                            void *data,
                            mc_err *err)
{
    const struct mc_map image = {bytes, length};
    struct table table;
    int outcome = find_table(&image, SHT_SYMTAB, &table, err);
    for (size_t i = 0; outcome == 0 && i < count; i++) {
        const char *name = function_at(&table, addresses[i]);
        outcome = name ? each(name, data) : 0;
    }
    return outcome;
}

/* ---- files ---- */

static int unmap(struct mc_map *map, int outcome, const char *path, mc_err *err)
{
    mc_fs_unmap(map);
    return outcome < 0 ? mc_err_wrap(err, "read the symbols of '%s'", path) : outcome;
}

int mc_symbols_walk(
    const char *path, enum mc_symbols_kind kind, mc_symbols_each *each, void *data, mc_err *err)
{
    struct mc_map file;
    if (mc_fs_map(path, &file, err) < 0) {
        return -1;
    }
    return unmap(
        &file, mc_symbols_walk_in(file.bytes, file.length, kind, each, data, err), path, err);
}

int mc_symbols_acts(const char *path, mc_err *err)
{
    struct mc_map file;
    if (mc_fs_map(path, &file, err) < 0) {
        return -1;
    }
    return unmap(&file, mc_symbols_acts_in(file.bytes, file.length, err), path, err);
}

int mc_symbols_undefined(const char *path, mc_symbols_each *each, void *data, mc_err *err)
{
    return mc_symbols_walk(path, MC_SYMBOLS_UNDEFINED, each, data, err);
}

int mc_symbols_functions(const char *path,
                         const uint64_t *addresses,
                         size_t count,
                         mc_symbols_each *each,
                         void *data,
                         mc_err *err)
{
    struct mc_map file;
    if (mc_fs_map(path, &file, err) < 0) {
        return -1;
    }
    return unmap(
        &file,
        mc_symbols_functions_in(file.bytes, file.length, addresses, count, each, data, err),
        path,
        err);
}
