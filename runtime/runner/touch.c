#include "runner/touch.h"

#include "base/mem.h"

#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_MOST  ((size_t) 48 << 10) /* of one library */
#define STACK_MOST ((size_t) 32 << 10)

/* A kernel before 5.14 does not know the advice: the faults come later then. */
static void copy_pages(uintptr_t from, uintptr_t end)
{
    uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
    from &= ~(page - 1);
    madvise((void *) from, (end - from + page - 1) & ~(page - 1), MADV_POPULATE_WRITE);
}

/* The kernel maps what is around it as well. */
static void map_code(uintptr_t function)
{
    (void) *(const volatile char *) function;
}

/* Where the part of the data ends that the loader has made read-only. */
static uintptr_t end_of_constants(const struct dl_phdr_info *library)
{
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
        if (segment->p_type == PT_GNU_RELRO) {
            uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
            return (library->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        }
    }
    return 0;
}

/* Large arenas are left alone, but for what comes from the file. */
static void touch_data(const struct dl_phdr_info *library, const ElfW(Phdr) * segment)
{
    uintptr_t from = library->dlpi_addr + segment->p_vaddr;
    uintptr_t constants = end_of_constants(library);
    uintptr_t end = from + (segment->p_memsz <= DATA_MOST ? segment->p_memsz : segment->p_filesz);
    from = constants > from ? constants : from;
    if (from < end && end - from <= DATA_MOST) {
        copy_pages(from, end);
    }
}

/* What runs when the process ends. */
static void touch_ends(const struct dl_phdr_info *library, const ElfW(Dyn) * entry)
{
    const uintptr_t *ends = NULL;
    size_t count = 0;
    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_FINI) {
            map_code(library->dlpi_addr + entry->d_un.d_ptr);
        } else if (entry->d_tag == DT_FINI_ARRAY) {
            ends = (const uintptr_t *) (library->dlpi_addr + entry->d_un.d_ptr);
        } else if (entry->d_tag == DT_FINI_ARRAYSZ) {
            count = entry->d_un.d_val / sizeof *ends;
        }
    }
    for (size_t i = 0; ends && i < count; i++) {
        if (ends[i] != 0 && ends[i] != UINTPTR_MAX) {
            map_code(ends[i]);
        }
    }
}

static int touch_library(struct dl_phdr_info *library, size_t size, void *data)
{
    (void) size;
    (void) data;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_W) {
            touch_data(library, segment);
        } else if (segment->p_type == PT_DYNAMIC && library->dlpi_addr) {
            touch_ends(library, (const ElfW(Dyn) *) (library->dlpi_addr + segment->p_vaddr));
        }
    }
    return 0;
}

void mc_touch(mc_touch_function *const *functions, size_t count)
{
    volatile char stack[STACK_MOST];
    for (size_t i = 0; i < sizeof stack; i += 1024) {
        stack[i] = 0;
    }
    free(malloc(2048));
    dl_iterate_phdr(touch_library, NULL);
    for (size_t i = 0; i < count; i++) {
        if (functions[i]) {
            map_code((uintptr_t) functions[i]);
        }
    }
}
