/* The memory of words within the file that a worker and its caller share: one run behind the other,
 * each told by its offset. */
#pragma once

#include "abi/memory.h"
#include "abi/share.h"

/* Where the next run may begin. */
uint64_t mc_share_align(uint64_t offset);

/* For mc_memory_walk: adds the room that the run takes to the uint64_t at `sum`. */
int mc_share_add_bytes(const struct mc_memory *memory, void *sum);

/* The file as one of the two sides has it mapped. */
struct mc_share_mapping {
    struct mc_share *share;
    uint64_t size;
};

/* For mc_memory_walk: from an offset to an address of the mapping. -1 where the run lies outside of
 * it. */
int mc_share_to_address(const struct mc_memory *memory, void *mapping);
