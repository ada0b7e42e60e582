/* NDArray: address of the elements, in C's order, then the lengths of the dimensions. */
#include "abi/kind.h"

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    struct mc_memory memory = {.address = words,
                               .count = mc_kind_elements(words + 1, type->rank),
                               .size = mc_scalars[type->scalar].size};
    return memory.count > 0 ? each(&memory, data) : 0;
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "mc_NDArray[");
    mc_kind_write_dtype_and_rank(type, ret);
    mc_buf_adds(ret, "]");
}

/* Its memory is the C library's from the start, and changes hands. */
static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    (void) type;
    mc_buf_addf(ret, "%s%s._give_away(Int(r) + 8 * (", indent, value);
    mc_kind_write_place(at, ret);
    mc_buf_adds(ret, "))\n");
}

const struct mc_kind mc_kind_ndarray = {
    .name = "NDArray",
    .inside = MC_INSIDE_DTYPE_AND_RANK,
    .words = 1,
    .rank_words = 1,
    .may_be = MC_AS_ONE_ITEM | MC_AS_ONE_OF_MANY,
    .owns_memory = true,
    .import = "from mojocell import NDArray as mc_NDArray\n",
    .walk = walk,
    .write_type = write_type,
    .write_result = write_result,
};
