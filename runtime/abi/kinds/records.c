/* Records, a List of structs: address and bytes of a block (thunk.h) of its elements, field by
 * field. */
#include "abi/block_text.h"
#include "abi/kind.h"

static int look(const struct mc_type *type)
{
    return mc_type_look(type->items) ^ 1;
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "List[");
    mc_type_write_mojo(type->items, ret);
    mc_buf_adds(ret, "]");
}

/* `verb`: get or put. */
static void write_name(const char *verb, const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_addf(ret, "mc_%s_list_", verb);
    mc_record_write_alias(type->items->record, ret);
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    write_name("get", type, ret);
    mc_buf_addf(ret, "(a, %zu)", at);
}

static void write_argument_helper(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "\n\ndef ");
    write_name("get", type, ret);
    mc_buf_adds(ret, "(a: mc_words, i: Int) -> ");
    write_type(type, ret);
    mc_buf_adds(ret,
                ":\n"
                "    var block = mc_at[UInt64](a, i)\n"
                "    var left = Int(block[unsafe_offset=0])\n"
                "    var x = ");
    write_type(type, ret);
    mc_buf_adds(ret,
                "(capacity=left)\n"
                "    var k = 1\n"
                "    while left > 0:\n");
    mc_block_write_get(type->items, "value", "        ", ret);
    mc_buf_adds(ret,
                "        x.append(value^)\n"
                "        left -= 1\n"
                "    return x^\n");
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    mc_buf_adds(ret, indent);
    write_name("put", type, ret);
    mc_buf_addf(ret, "(%s, r, ", value);
    mc_kind_write_place(at, ret);
    mc_buf_adds(ret, ")\n");
}

static void write_helper(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "\n\ndef ");
    write_name("put", type, ret);
    mc_buf_adds(ret, "(x: ");
    write_type(type, ret);
    mc_buf_adds(ret,
                ", to: mc_words, i: Int):\n"
                "    var words = 1\n"
                "    for ref e in x:\n"
                "        words += ");
    mc_block_write_size(type->items, "e", ret);
    mc_buf_adds(ret,
                "\n    var r = mc_block(8 * words, x.__len__(), to, i)\n"
                "    var k = 1\n"
                "    for ref e in x:\n");
    mc_block_write_put(type->items, "e", "        ", ret);
    mc_buf_adds(ret, "    _ = k\n");
}

const struct mc_kind mc_kind_records = {
    .name = "Records",
    .inside = MC_INSIDE_ELEMENT,
    .words = 2,
    .may_be = MC_AS_ANYTHING | MC_AS_FIELD,
    .owns_memory = true,
    .look = look,
    .walk = mc_kind_walk_block,
    .write_type = write_type,
    .write_argument = write_argument,
    .write_result = write_result,
    .write_helper = write_helper,
    .write_argument_helper = write_argument_helper,
};
