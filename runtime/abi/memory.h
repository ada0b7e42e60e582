/* The memory that words point to. */
#pragma once

#include "abi/type.h"

/* A run of bytes behind two words: address and count. `size` is of an element. */
struct mc_memory {
    uint64_t *address;
    uint64_t count;
    size_t size;
    bool writable; /* of a MutSpan */
};

/* Anything but 0 ends the walk. */
typedef int mc_memory_each(const struct mc_memory *memory, void *data);

/* Walks what the words of a value point to: not what is empty, and not what an Optional or an Any
 * does not have. Returns 0, or what the callback returned. */
int mc_memory_walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data);

/* The same over all arguments of a signature; `in` begins with the mask where there is one. */
int mc_memory_walk_in(const struct mc_signature *signature,
                      uint64_t *in,
                      mc_memory_each *each,
                      void *data);
