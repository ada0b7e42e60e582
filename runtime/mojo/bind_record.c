/* The structs of a cell that Python has classes for: its own, and those that its functions take or
 * give. */
#include "abi/kind.h"
#include "mojo/bind_parts.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const struct mc_record *a, const struct mc_record *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->origin, b->origin) == 0;
}

static bool is_known(const struct mc_bindings *bindings, const struct mc_record *record)
{
    for (size_t i = 0; i < bindings->n_records; i++) {
        if (is_same(bindings->records[i].type.record, record)) {
            return true;
        }
    }
    return false;
}

static const struct mc_scope *scope_of(const struct mc_bindings *bindings,
                                       const struct mc_record *record)
{
    for (size_t i = 0; i < bindings->scopes.count; i++) {
        if (strcmp(bindings->scopes.items[i].module, record->origin) == 0) {
            return &bindings->scopes.items[i];
        }
    }
    return NULL;
}

static int add(struct mc_bindings *bindings, struct mc_binding_record record)
{
    size_t size = (bindings->n_records + 1) * sizeof *bindings->records;
    struct mc_binding_record *records = realloc(bindings->records, size);
    if (!records) {
        mc_type_fini(&record.type);
        return -1;
    }
    bindings->records = records;
    records[bindings->n_records++] = record;
    return 0;
}

/* Reads the struct where it is defined: the type that names it has its owner. */
static int add_struct(struct mc_bindings *bindings, const struct mc_record *record)
{
    const struct mc_scope *scope = scope_of(bindings, record);
    if (!scope || is_known(bindings, record)) {
        return 0;
    }
    struct mc_found found =
        mc_scope_find(&bindings->scopes, scope, record->name, strlen(record->name));
    struct mc_binding_record added = {.scope = scope, .item = found.item};
    if (found.meaning != MC_MEANS_STRUCT ||
        mc_bind_struct(&bindings->scopes, scope, found.item, &added.type) < 0) {
        return 0;
    }
    return add(bindings, added);
}

static int add_all_of(struct mc_bindings *bindings, const struct mc_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        if (add_all_of(bindings, &type->items[i]) < 0) {
            return -1;
        }
    }
    return type->record ? add_struct(bindings, type->record) : 0;
}

static int add_of_function(struct mc_bindings *bindings, const struct mc_binding *binding)
{
    for (size_t i = 0; i < binding->n_args; i++) {
        if (add_all_of(bindings, &binding->args[i].type) < 0) {
            return -1;
        }
    }
    return add_all_of(bindings, &binding->result);
}

static int add_own(struct mc_bindings *bindings, const struct mc_item *item)
{
    struct mc_type type;
    if (item->kind != MC_ITEM_STRUCT ||
        mc_bind_struct(&bindings->scopes, bindings->scopes.items, item, &type) < 0) {
        return 0;
    }
    int added = add_all_of(bindings, &type);
    mc_type_fini(&type);
    return added;
}

int mc_bind_records(struct mc_bindings *bindings)
{
    for (size_t i = 0; i < bindings->cell->scan.count; i++) {
        if (add_own(bindings, &bindings->cell->scan.items[i]) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < bindings->count; i++) {
        if (!bindings->items[i].skipped && add_of_function(bindings, &bindings->items[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

void mc_bind_write_records(const struct mc_bindings *bindings,
                           const char *module,
                           struct mc_buf *ret)
{
    mc_buf_adds(ret, bindings->n_records ? "\n\n" : "");
    for (size_t i = 0; i < bindings->n_records; i++) {
        const struct mc_record *record = bindings->records[i].type.record;
        bool own = bindings->records[i].scope == bindings->scopes.items;
        if (own) {
            mc_buf_adds(ret, "comptime ");
            mc_record_write_alias(record, ret);
            mc_buf_addf(ret, " = %s%s\n", module, record->name);
        } else {
            mc_buf_addf(ret, "from %s import %s as ", record->origin, record->name);
            mc_record_write_alias(record, ret);
            mc_buf_adds(ret, "\n");
        }
    }
}
