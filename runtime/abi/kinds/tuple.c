/* Tuple: the words of each type in its brackets. */
#include "abi/kind.h"

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    for (size_t i = 0; i < type->count; i++) {
        const struct mc_type *item = &type->items[i];
        mc_autobuf text = MC_BUF_INIT;
        mc_buf_addf(&text, "%s[%zu]", value, i);
        mc_type_write_result(item, text.data, at, indent, ret);
        at.at += item->words;
    }
}

const struct mc_kind mc_kind_tuple = {
    .name = "Tuple",
    .inside = MC_INSIDE_TYPES,
    .walk = mc_kind_walk_items,
    .write_result = write_result,
};
