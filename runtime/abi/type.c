#include "abi/type.h"

#include <stdlib.h>
#include <string.h>

const struct mc_scalar_info mc_scalars[MC_SCALAR_COUNT] = {
#define MC_SCALAR_INFO(name, text, size, kind) [MC_##name] = {text, size, kind},
    MC_SCALARS(MC_SCALAR_INFO)
#undef MC_SCALAR_INFO
};

static void record_free(struct mc_record *record)
{
    for (size_t i = 0; record && record->fields && record->fields[i]; i++) {
        free(record->fields[i]);
    }
    if (record) {
        free(record->fields);
        free(record->origin);
        free(record->name);
        free(record);
    }
}

struct mc_record *
mc_record_new(const char *origin, size_t origin_length, const char *name, size_t name_length)
{
    struct mc_record *record = calloc(1, sizeof *record);
    if (record) {
        record->origin = strndup(origin, origin_length);
        record->name = strndup(name, name_length);
        record->fields = calloc(MC_RECORD_FIELDS + 1, sizeof *record->fields);
        if (!record->origin || !record->name || !record->fields) {
            record_free(record);
            record = NULL;
        }
    }
    return record;
}

void mc_type_fini(struct mc_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_type_fini(&type->items[i]);
    }
    free(type->items);
    record_free(type->record);
    *type = (struct mc_type) {0};
}

bool mc_record_is_flat(const struct mc_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        const struct mc_type *item = &type->items[i];
        bool flat = item->kind == MC_TYPE_SCALAR || item->kind == MC_TYPE_STRING ||
                    (item->kind == MC_TYPE_RECORD && mc_record_is_flat(item));
        if (!flat) {
            return false;
        }
    }
    return true;
}
