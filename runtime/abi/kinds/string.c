/* String: address and length of UTF-8 bytes. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    (void) type;
    return 's';
}

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    (void) type;
    return mc_kind_visit(words, 1, false, each, data);
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    (void) type;
    mc_buf_addf(ret, "mc_text(a, %zu)", at);
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    (void) type;
    mc_buf_addf(ret, "%smc_put_text(String(%s), r, ", indent, value);
    mc_kind_write_place(at, ret);
    mc_buf_adds(ret, ")\n");
}

static void write_any(const struct mc_type *type, struct mc_buf *ret)
{
    (void) type;
    mc_buf_adds(ret, "    mc_put_text(x, r, i + 1)\n");
}

const struct mc_kind mc_kind_string = {
    .name = "String",
    .words = 2,
    .may_be = MC_AS_ANYTHING | MC_AS_VALUE | MC_AS_KEY | MC_AS_FIELD,
    .owns_memory = true,
    .look = look,
    .walk = walk,
    .write_argument = write_argument,
    .write_result = write_result,
    .write_any = write_any,
};
