/* Dict, of a result alone: address and bytes of a block (thunk.h), where each key stands before its
 * value. */
#include "abi/kind.h"

static void write_name(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "mc_put_dict_");
    mc_type_write(&type->items[0], ret);
    mc_buf_adds(ret, "_");
    mc_type_write(&type->items[1], ret);
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    mc_buf_adds(ret, indent);
    write_name(type, ret);
    mc_buf_addf(ret, "(%s, r, ", value);
    mc_kind_write_place(at, ret);
    mc_buf_adds(ret, ")\n");
}

static void write_size(const struct mc_type *item, const char *value, struct mc_buf *ret)
{
    if (item->kind == MC_TYPE_STRING) {
        mc_buf_addf(ret, "mc_text_words(%s)", value);
    } else {
        mc_buf_adds(ret, "1");
    }
}

static void write_item(const struct mc_type *item, const char *value, struct mc_buf *ret)
{
    const char *indent = "        ";
    if (item->kind == MC_TYPE_STRING) {
        mc_buf_addf(ret, "%sk = mc_add_text(%s, r, k)\n", indent, value);
    } else {
        mc_type_write_result(item, value, (struct mc_word_place) {"k", 0}, indent, ret);
        mc_buf_addf(ret, "%sk += 1\n", indent);
    }
}

static void write_helper(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "\n\ndef ");
    write_name(type, ret);
    mc_buf_adds(ret, "(x: ");
    mc_type_write(type, ret);
    mc_buf_adds(ret,
                ", to: mc_words, i: Int):\n"
                "    var words = 1\n"
                "    for e in x.items():\n"
                "        words += ");
    write_size(&type->items[0], "e.key", ret);
    mc_buf_adds(ret, " + ");
    write_size(&type->items[1], "e.value", ret);
    mc_buf_adds(ret,
                "\n    var r = mc_block(8 * words, x.__len__(), to, i)\n"
                "    var k = 1\n"
                "    for e in x.items():\n");
    write_item(&type->items[0], "e.key", ret);
    write_item(&type->items[1], "e.value", ret);
    mc_buf_adds(ret, "    _ = k\n");
}

static void write_any(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "    ");
    write_name(type, ret);
    mc_buf_adds(ret, "(x, r, i + 1)\n");
}

const struct mc_kind mc_kind_dict = {
    .name = "Dict",
    .inside = MC_INSIDE_KEY_AND_VALUE,
    .words = 2,
    .may_be = MC_AS_ONE_OF_MANY,
    .owns_memory = true,
    .walk = mc_kind_walk_block,
    .write_result = write_result,
    .write_helper = write_helper,
    .write_any = write_any,
};
