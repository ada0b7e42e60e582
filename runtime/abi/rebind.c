#include "abi/rebind.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define JUMP_SLOT R_X86_64_JUMP_SLOT
#define GLOB_DAT  R_X86_64_GLOB_DAT
#elif defined(__aarch64__)
#define JUMP_SLOT R_AARCH64_JUMP_SLOT
#define GLOB_DAT  R_AARCH64_GLOB_DAT
#else
#error "which relocations are functions of others?"
#endif

/* What the loader was told of the library. */
struct tables {
    uintptr_t base;
    const ElfW(Sym) * symbols;
    const char *names;
    struct relocations {
        const ElfW(Rela) * first;
        size_t size;
    } calls, data;
    uintptr_t sealed_from, sealed_to; /* read-only once it is loaded */
};

/* glibc has put addresses into the place of offsets; others have not. */
static uintptr_t address_of(const struct tables *tables, const ElfW(Dyn) * entry)
{
    uintptr_t value = entry->d_un.d_ptr;
    return value < tables->base ? tables->base + value : value;
}

static void read_tables(const struct link_map *map, struct tables *ret)
{
    *ret = (struct tables) {.base = map->l_addr};
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            ret->symbols = (const ElfW(Sym) *) address_of(ret, entry);
            break;
        case DT_STRTAB:
            ret->names = (const char *) address_of(ret, entry);
            break;
        case DT_JMPREL:
            ret->calls.first = (const ElfW(Rela) *) address_of(ret, entry);
            break;
        case DT_PLTRELSZ:
            ret->calls.size = entry->d_un.d_val;
            break;
        case DT_RELA:
            ret->data.first = (const ElfW(Rela) *) address_of(ret, entry);
            break;
        case DT_RELASZ:
            ret->data.size = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
}

static int note_seal(struct dl_phdr_info *info, size_t size, void *data)
{
    struct tables *tables = data;
    (void) size;
    if (info->dlpi_addr != tables->base) {
        return 0;
    }
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
            tables->sealed_from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            tables->sealed_to = tables->sealed_from + info->dlpi_phdr[i].p_memsz;
        }
    }
    return 1;
}

static bool write_slot(const struct tables *tables, uintptr_t slot, void *function)
{
    uintptr_t page_size = (uintptr_t) sysconf(_SC_PAGESIZE);
    uintptr_t page = slot & ~(page_size - 1);
    size_t size = slot + sizeof function - page;
    if (mprotect((void *) page, size, PROT_READ | PROT_WRITE) < 0) {
        return false;
    }
    memcpy((void *) slot, &function, sizeof function);
    if (slot >= tables->sealed_from && slot < tables->sealed_to) {
        mprotect((void *) page, size, PROT_READ);
    }
    return true;
}

static bool rebind_in(const struct tables *tables,
                      const struct relocations *relocations,
                      const char *name,
                      void *function)
{
    bool done = false;
    for (size_t i = 0; i < relocations->size / sizeof(ElfW(Rela)); i++) {
        const ElfW(Rela) *one = &relocations->first[i];
        uint64_t type = ELF64_R_TYPE(one->r_info);
        const ElfW(Sym) *symbol = &tables->symbols[ELF64_R_SYM(one->r_info)];
        if ((type == JUMP_SLOT || type == GLOB_DAT) && symbol->st_shndx == SHN_UNDEF &&
            strcmp(tables->names + symbol->st_name, name) == 0) {
            done |= write_slot(tables, tables->base + one->r_offset, function);
        }
    }
    return done;
}

bool mc_rebind(void *library, const char *name, void *function)
{
    struct link_map *map;
    struct tables tables;
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
        return false;
    }
    read_tables(map, &tables);
    if (!tables.symbols || !tables.names) {
        return false;
    }
    dl_iterate_phdr(note_seal, &tables);
    bool called = rebind_in(&tables, &tables.calls, name, function);
    return rebind_in(&tables, &tables.data, name, function) || called;
}
