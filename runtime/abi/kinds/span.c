/* Span, MutSpan: address and number of the elements, aligned to their size, which stay the
 * caller's. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    return 256 + (int) type->scalar;
}

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    return mc_kind_visit(words, mc_scalars[type->scalar].size, type->writable, each, data);
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_addf(ret,
                "Span[%s, %s]",
                mc_scalars[type->scalar].name,
                type->writable ? "MutAnyOrigin" : "ImmutAnyOrigin");
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    write_type(type, ret);
    mc_buf_addf(ret,
                "(unsafe_ptr=mc_at[%s](a, %zu), length=Int(a[unsafe_offset=%zu]))",
                mc_scalars[type->scalar].name,
                at,
                at + 1);
}

const struct mc_kind mc_kind_span = {
    .name = "Span",
    .writable_name = "MutSpan",
    .inside = MC_INSIDE_SCALAR,
    .words = 2,
    .may_be = MC_AS_ANYTHING,
    .look = look,
    .walk = walk,
    .write_type = write_type,
    .write_argument = write_argument,
};
