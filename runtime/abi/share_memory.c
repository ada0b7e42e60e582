#include "abi/share_memory.h"

uint64_t mc_share_align(uint64_t offset)
{
    return (offset + 63) & ~(uint64_t) 63;
}

int mc_share_add_bytes(const struct mc_memory *memory, void *sum)
{
    *(uint64_t *) sum += mc_share_align(memory->count * memory->size);
    return 0;
}

int mc_share_to_address(const struct mc_memory *memory, void *mapping)
{
    const struct mc_share_mapping *mapped = mapping;
    uint64_t bytes;
    if (__builtin_mul_overflow(memory->count, memory->size, &bytes) ||
        *memory->address < MC_SHARE_DATA || *memory->address > mapped->size ||
        bytes > mapped->size - *memory->address) {
        return -1;
    }
    *memory->address += (uint64_t) (uintptr_t) mapped->share;
    return 0;
}
