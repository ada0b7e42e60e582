/* BFloat16, Float16, Float32, Float64: its bits, in the lower part of a word. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    (void) type;
    return 'f';
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    mc_buf_addf(ret, "mc_word[%s](a, %zu)", mc_scalars[type->scalar].name, at);
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    mc_buf_addf(ret, "%smc_word[%s](r, ", indent, mc_scalars[type->scalar].name);
    mc_kind_write_place(at, ret);
    mc_buf_addf(ret, ") = %s\n", value);
}

static void write_any(const struct mc_type *type, struct mc_buf *ret)
{
    write_result(type, "x", (struct mc_word_place) {"i", 1}, "    ", ret);
}

const struct mc_kind mc_kind_float = {
    .words = 1,
    .may_be = MC_AS_ANYTHING | MC_AS_VALUE | MC_AS_FIELD,
    .look = look,
    .write_argument = write_argument,
    .write_result = write_result,
    .write_any = write_any,
};
