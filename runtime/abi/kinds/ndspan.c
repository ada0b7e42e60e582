/* NDSpan, MutNDSpan: address of the first element, which is aligned to its size, then the lengths
 * of the dimensions, then how many elements each step along one goes; all stay the caller's. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    return 256 + (int) type->scalar + (type->rank - 1) * 256; /* of one dimension: as a Span */
}

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    struct mc_memory memory = {.address = words,
                               .count = mc_kind_elements(words + 1, type->rank),
                               .size = mc_scalars[type->scalar].size,
                               .writable = type->writable,
                               .rank = type->rank,
                               .shape = words + 1,
                               .strides = words + 1 + type->rank};
    return memory.count > 0 ? each(&memory, data) : 0;
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "mc_NDSpan[");
    mc_kind_write_dtype_and_rank(type, ret);
    mc_buf_addf(ret, ", %s]", type->writable ? "MutAnyOrigin" : "ImmutAnyOrigin");
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    write_type(type, ret);
    mc_buf_addf(ret, "(unsafe_words=Int(a) + %zu)", 8 * at);
}

const struct mc_kind mc_kind_ndspan = {
    .name = "NDSpan",
    .writable_name = "MutNDSpan",
    .inside = MC_INSIDE_DTYPE_AND_RANK,
    .words = 1,
    .rank_words = 2,
    .may_be = MC_AS_ANYTHING,
    .import = "from mojocell import NDSpan as mc_NDSpan\n",
    .look = look,
    .walk = walk,
    .write_type = write_type,
    .write_argument = write_argument,
};
