/* Optional: 1 or 0, then the words of the type in its brackets, of no meaning after a 0. */
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    return mc_type_look(type->items);
}

static int walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    return words[0] ? mc_memory_walk(type->items, words + 1, each, data) : 0;
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "Optional[");
    mc_type_write_mojo(type->items, ret);
    mc_buf_adds(ret, "]");
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    write_type(type, ret);
    mc_buf_adds(ret, "(");
    mc_type_write_argument(type->items, at + 1, ret);
    mc_buf_addf(ret, ") if a[unsafe_offset=%zu] != 0 else ", at);
    write_type(type, ret);
    mc_buf_adds(ret, "(None)");
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    mc_autobuf inner = MC_BUF_INIT;
    mc_autobuf deeper = MC_BUF_INIT;
    mc_buf_addf(&inner, "%s.value()", value);
    mc_buf_addf(&deeper, "%s    ", indent);
    mc_kind_write_target(at, indent, ret);
    mc_buf_addf(ret, "0\n%sif %s:\n", indent, value);
    mc_kind_write_target(at, deeper.data, ret);
    mc_buf_adds(ret, "1\n");
    at.at++;
    mc_type_write_result(type->items, inner.data, at, deeper.data, ret);
}

const struct mc_kind mc_kind_optional = {
    .name = "Optional",
    .inside = MC_INSIDE_TYPE,
    .words = 1,
    .may_be = MC_AS_ARGUMENT | MC_AS_ONE_OF_MANY | MC_AS_FIELD,
    .look = look,
    .walk = walk,
    .write_type = write_type,
    .write_argument = write_argument,
    .write_result = write_result,
};
