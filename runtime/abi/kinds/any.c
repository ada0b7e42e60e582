/* Any: a tag (MC_ANY_TAG), then the words of what that says. */
#include "abi/kind.h"

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    struct mc_any inner;
    (void) type;
    return mc_type_of_any(words[0], &inner) == 0
               ? mc_memory_walk(&inner.type, words + 1, each, data)
               : 0;
}

const struct mc_kind mc_kind_any = {
    .name = "Any",
    .words = MC_ANY_WORDS,
    .may_be = MC_AS_ONE_OF_MANY,
    .owns_memory = true,
    .walk = walk,
};
