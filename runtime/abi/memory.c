#include "abi/memory.h"

#include <stdlib.h>
#include <string.h>

int mc_memory_walk_in(const struct mc_signature *signature,
                      uint64_t *in,
                      mc_memory_each *each,
                      void *data)
{
    int outcome = 0;
    in += signature->masked ? 1 : 0;
    for (size_t i = 0; i < signature->n_args && outcome == 0; i++) {
        outcome = mc_memory_walk(&signature->args[i], in, each, data);
        in += signature->args[i].words;
    }
    return outcome;
}

/* ---- in one run ---- */

struct packing {
    const struct mc_memory *memory;
    unsigned axes[MC_RANK_MAX]; /* from the widest steps to the closest */
    char *packed;               /* where the next one is */
    bool back;
};

static int64_t step(const struct mc_memory *memory, unsigned axis)
{
    return (int64_t) memory->strides[axis];
}

static void order_axes(struct packing *packing)
{
    const struct mc_memory *memory = packing->memory;
    for (unsigned i = 0; i < memory->rank; i++) {
        unsigned at = i;
        while (at > 0 && llabs(step(memory, packing->axes[at - 1])) < llabs(step(memory, i))) {
            packing->axes[at] = packing->axes[at - 1];
            at--;
        }
        packing->axes[at] = i;
    }
}

static void move(struct packing *packing, char *at, size_t bytes)
{
    memcpy(packing->back ? at : packing->packed, packing->back ? packing->packed : at, bytes);
    packing->packed += bytes;
}

/* What is at `at` and along the axes from `depth` on. */
static void
move_along(struct packing *packing, unsigned depth, char *at) // NOLINT(misc-no-recursion)
{
    const struct mc_memory *memory = packing->memory;
    unsigned axis = packing->axes[depth];
    bool last = depth + 1 == memory->rank;
    if (last && memory->strides[axis] == 1) {
        move(packing, at, memory->shape[axis] * memory->size);
        return;
    }
    for (uint64_t i = 0; i < memory->shape[axis]; i++) {
        if (last) {
            move(packing, at, memory->size);
        } else {
            move_along(packing, depth + 1, at);
        }
        at += step(memory, axis) * (int64_t) memory->size;
    }
}

static void move_all(struct packing *packing)
{
    const struct mc_memory *memory = packing->memory;
    char *first = (char *) (uintptr_t) *memory->address;
    if (memory->rank == 0) {
        move(packing, first, memory->count * memory->size);
    } else {
        order_axes(packing);
        move_along(packing, 0, first);
    }
}

void mc_memory_pack(const struct mc_memory *memory, char *to)
{
    struct packing packing = {.memory = memory, .packed = to};
    uint64_t next = 1;
    move_all(&packing);
    for (unsigned i = memory->rank; i-- > 0;) {
        memory->strides[packing.axes[i]] = next;
        next *= memory->shape[packing.axes[i]];
    }
}

void mc_memory_unpack(const struct mc_memory *memory, const char *from)
{
    struct packing packing = {.memory = memory, .packed = (char *) from, .back = true};
    move_all(&packing);
}
