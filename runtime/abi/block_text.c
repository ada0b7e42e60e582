#include "abi/block_text.h"

#include "abi/kind.h"

/* "value.field" */
static void write_field(const struct mc_type *type, size_t i, const char *value, struct mc_buf *ret)
{
    mc_buf_addf(ret, "%s.%s", value, type->record->fields[i]);
}

void mc_block_write_size(const struct mc_type *type, const char *value, struct mc_buf *ret)
{
    if (type->kind == MC_TYPE_STRING) {
        mc_buf_addf(ret, "mc_text_words(%s)", value);
    } else if (type->kind != MC_TYPE_RECORD) {
        mc_buf_adds(ret, "1");
    }
    for (size_t i = 0; i < type->count; i++) {
        mc_autobuf field = MC_BUF_INIT;
        write_field(type, i, value, &field);
        mc_buf_adds(ret, i ? " + " : "");
        mc_block_write_size(&type->items[i], field.data, ret);
    }
}

void mc_block_write_put(const struct mc_type *type,
                        const char *value,
                        const char *indent,
                        struct mc_buf *ret)
{
    if (type->kind == MC_TYPE_STRING) {
        mc_buf_addf(ret, "%sk = mc_add_text(%s, r, k)\n", indent, value);
    } else if (type->kind != MC_TYPE_RECORD) {
        mc_type_write_result(type, value, (struct mc_word_place) {"k", 0}, indent, ret);
        mc_buf_addf(ret, "%sk += 1\n", indent);
    }
    for (size_t i = 0; i < type->count; i++) {
        mc_autobuf field = MC_BUF_INIT;
        write_field(type, i, value, &field);
        mc_block_write_put(&type->items[i], field.data, indent, ret);
    }
}

/* A variable of its own for each field, "name_0", then the struct. */
static void
get_record(const struct mc_type *type, const char *name, const char *indent, struct mc_buf *ret)
{
    mc_autobuf made = MC_BUF_INIT;
    for (size_t i = 0; i < type->count; i++) {
        mc_autobuf field = MC_BUF_INIT;
        mc_buf_addf(&field, "%s_%zu", name, i);
        mc_block_write_get(&type->items[i], field.data, indent, ret);
        mc_buf_adds(&made, i ? ", " : "");
        mc_block_write_moved(&type->items[i], field.data, &made);
    }
    mc_buf_addf(ret, "%svar %s = ", indent, name);
    mc_record_write_alias(type->record, ret);
    mc_buf_addf(ret, "(%s)\n", made.data ? made.data : "");
}

void mc_block_write_get(const struct mc_type *type,
                        const char *name,
                        const char *indent,
                        struct mc_buf *ret)
{
    if (type->kind == MC_TYPE_RECORD) {
        get_record(type, name, indent, ret);
    } else if (type->kind == MC_TYPE_STRING) {
        mc_buf_addf(ret,
                    "%svar %s = mc_next_text(block, k)\n"
                    "%sk += mc_text_words(%s)\n",
                    indent,
                    name,
                    indent,
                    name);
    } else {
        mc_buf_addf(ret, "%svar %s = mc_word[", indent, name);
        mc_type_write_mojo(type, ret);
        mc_buf_addf(ret, "](block, k)\n%sk += 1\n", indent);
    }
}

void mc_block_write_moved(const struct mc_type *type, const char *name, struct mc_buf *ret)
{
    mc_buf_addf(ret, "%s%s", name, type->kind == MC_TYPE_SCALAR ? "" : "^");
}
