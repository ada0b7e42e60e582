/* Int … Int64, UInt … UInt64: the value, sign- or zero-extended to a word. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    (void) type;
    return 'i';
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    mc_buf_addf(ret, "%s(a[unsafe_offset=%zu])", mc_scalars[type->scalar].name, at);
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    bool is_signed = mc_scalars[type->scalar].kind == 'i';
    mc_kind_write_target(at, indent, ret);
    mc_buf_addf(ret, "UInt64(%s(%s))\n", is_signed ? "Int64" : "UInt64", value);
}

static void write_any(const struct mc_type *type, struct mc_buf *ret)
{
    write_result(type, "x", (struct mc_word_place) {"i", 1}, "    ", ret);
}

const struct mc_kind mc_kind_int = {
    .words = 1,
    .may_be = MC_AS_ANYTHING | MC_AS_VALUE | MC_AS_KEY | MC_AS_FIELD,
    .look = look,
    .write_argument = write_argument,
    .write_result = write_result,
    .write_any = write_any,
};
