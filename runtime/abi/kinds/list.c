/* List: address and number of the elements, aligned to their size, which are copied. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    return 256 + (int) type->scalar;
}

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    return mc_kind_visit(words, mc_scalars[type->scalar].size, false, each, data);
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    const char *name = mc_scalars[type->scalar].name;
    mc_buf_addf(ret,
                "List[%s](Span[%s, ImmutAnyOrigin](unsafe_ptr=mc_at[%s](a, %zu), "
                "length=Int(a[unsafe_offset=%zu])))",
                name,
                name,
                name,
                at,
                at + 1);
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    mc_buf_addf(ret, "%smc_put_%s(%s, r, ", indent, mc_scalars[type->scalar].name, value);
    mc_kind_write_place(at, ret);
    mc_buf_adds(ret, ")\n");
}

/* A function of its own, so that the list lives while its elements are copied. */
static void write_helper(const struct mc_type *type, struct mc_buf *ret)
{
    const char *name = mc_scalars[type->scalar].name;
    mc_buf_addf(ret,
                "\n\ndef mc_put_%s(x: List[%s], r: mc_words, i: Int):\n"
                "    mc_put(Int(x.unsafe_ptr()), %d, x.__len__(), r, i)\n",
                name,
                name,
                mc_scalars[type->scalar].size);
}

static void write_any(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_addf(ret,
                "    mc_put(Int(x.unsafe_ptr()), %d, x.__len__(), r, i + 1)\n",
                mc_scalars[type->scalar].size);
}

const struct mc_kind mc_kind_list = {
    .name = "List",
    .inside = MC_INSIDE_SCALAR,
    .words = 2,
    .may_be = MC_AS_ANYTHING | MC_AS_FIELD,
    .owns_memory = true,
    .look = look,
    .walk = walk,
    .write_argument = write_argument,
    .write_result = write_result,
    .write_helper = write_helper,
    .write_any = write_any,
};
