#include "mojo/cell_items.h"

#include "mojo/cell_parts.h"
#include "mojo/scan_imports.h"

#include <string.h>

static int add_import(const struct mc_import *import, void *data)
{
    json_t *one = json_pack("[s, s?, s?]", import->module, import->name, import->as);
    return json_array_append_new(data, one);
}

static json_t *imports_of(const struct mc_cell *cell, const struct mc_item *item)
{
    json_t *imports = json_array();
    const struct mc_cursor cursor = {
        .tokens = &cell->scan.tokens, .at = item->first_token, .end = item->end_token};
    if (item->kind == MC_ITEM_IMPORT && mc_import_read(cursor, add_import, imports, NULL) != 0) {
        json_decref(imports);
        return NULL;
    }
    return imports;
}

/* From 1, in bytes. */
static int column_of(const struct mc_cell *cell, size_t offset)
{
    size_t start = offset;
    while (start > 0 && cell->source[start - 1] != '\n') {
        start--;
    }
    return (int) (offset - start) + 1;
}

static json_t *item_json(const struct mc_cell *cell, size_t i)
{
    const struct mc_item *item = &cell->scan.items[i];
    bool in_main = i == cell->scan.main || (cell->in_main && cell->in_main[i]);
    return json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:o}",
                     "kind",
                     mc_item_kind_name(item->kind),
                     "main",
                     in_main,
                     "line",
                     (int) item->first_line,
                     "column",
                     column_of(cell, item->span.start),
                     "end_line",
                     (int) item->last_line,
                     "end_column",
                     column_of(cell, item->span.end),
                     "imports",
                     imports_of(cell, item));
}

json_t *mc_cell_items(const struct mc_cell *cell)
{
    mc_autobuf module = MC_BUF_INIT;
    json_t *items = json_array();
    if (mc_cell_module(cell, &module) < 0) {
        json_decref(items);
        return NULL;
    }
    for (size_t i = 0; i < cell->scan.count; i++) {
        if (json_array_append_new(items, item_json(cell, i)) < 0) {
            json_decref(items);
            return NULL;
        }
    }
    return json_pack("{s:s, s:s%, s:s%, s:i, s:o}",
                     "kind",
                     mc_cell_kind_name(cell->kind),
                     "text",
                     cell->source,
                     cell->length,
                     "module",
                     module.data ? module.data : "",
                     module.length,
                     "lines",
                     (int) cell->lines,
                     "items",
                     items);
}
