#include "abi/memory.h"

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
