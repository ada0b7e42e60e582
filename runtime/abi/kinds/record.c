/* Record, a struct of Mojo's: the words of each field. */
#include "abi/kind.h"

/* Structs of one name and fields look alike. */
static int look(const struct mc_type *type)
{
    mc_autobuf text = MC_BUF_INIT;
    uint32_t sum = 2166136261U; /* FNV-1a */
    mc_type_write(type, &text);
    for (size_t i = 0; i < text.length; i++) {
        sum = (sum ^ (unsigned char) text.data[i]) * 16777619U;
    }
    return (int) (sum | 0x40000000U) & 0x7fffffff;
}

static void write_type(const struct mc_type *type, struct mc_buf *ret)
{
    mc_record_write_alias(type->record, ret);
}

static void write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    write_type(type, ret);
    mc_buf_adds(ret, "(");
    for (size_t i = 0; i < type->count; i++) {
        mc_buf_adds(ret, i ? ", " : "");
        mc_type_write_argument(&type->items[i], at, ret);
        at += type->items[i].words;
    }
    mc_buf_adds(ret, ")");
}

static void write_result(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_autobuf field = MC_BUF_INIT;
        mc_buf_addf(&field, "%s.%s", value, type->record->fields[i]);
        mc_type_write_result(&type->items[i], field.data, at, indent, ret);
        at.at += type->items[i].words;
    }
}

const struct mc_kind mc_kind_record = {
    .name = "Record",
    .inside = MC_INSIDE_FIELDS,
    .may_be = MC_AS_ANYTHING | MC_AS_VALUE | MC_AS_ELEMENT | MC_AS_FIELD,
    .look = look,
    .walk = mc_kind_walk_items,
    .write_type = write_type,
    .write_argument = write_argument,
    .write_result = write_result,
};
