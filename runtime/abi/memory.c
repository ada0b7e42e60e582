#include "abi/memory.h"

static int visit(uint64_t *words, size_t size, bool writable, mc_memory_each *each, void *data)
{
    struct mc_memory memory = {words, words[1], size, writable};
    return memory.count > 0 ? each(&memory, data) : 0;
}

int mc_memory_walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    struct mc_type inner;
    int outcome = 0;
    switch (type->kind) {
    case MC_TYPE_NONE:
    case MC_TYPE_SCALAR:
        return 0;
    case MC_TYPE_STRING:
        return visit(words, 1, false, each, data);
    case MC_TYPE_SPAN:
    case MC_TYPE_LIST:
        return visit(words, mc_scalars[type->scalar].size, type->writable, each, data);
    case MC_TYPE_OPTIONAL:
        return words[0] ? mc_memory_walk(&type->items[0], words + 1, each, data) : 0;
    case MC_TYPE_ANY:
        return mc_type_of_any(words[0], &inner) == 0 ? mc_memory_walk(&inner, words + 1, each, data)
                                                     : 0;
    case MC_TYPE_TUPLE:
        for (size_t i = 0; i < type->count && outcome == 0; i++) {
            outcome = mc_memory_walk(&type->items[i], words, each, data);
            words += type->items[i].words;
        }
    }
    return outcome;
}

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
