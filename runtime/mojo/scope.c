#include "mojo/scope.h"

#include "mojo/scan_imports.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 8 /* from one source to the next */

/* ---- what there is ---- */

/* A module that cannot be read has no names: the compiler says what is wrong with it. */
static struct mc_cell *parse(const char *text)
{
    struct mc_cell *cell;
    mc_err err;
    return mc_cell_parse(text, strlen(text), &cell, &err) == 0 ? cell : NULL;
}

static void add_module(struct mc_scopes *scopes, const char *name, const char *text)
{
    struct mc_cell *cell = parse(text);
    if (cell) {
        scopes->items[scopes->count++] =
            (struct mc_scope) {.module = name, .cell = cell, .owned = {cell}};
    }
}

int mc_scopes_init(struct mc_scopes *ret,
                   const struct mc_cell *cell,
                   const struct mc_around *around,
                   mc_err *err)
{
    static const struct mc_around nothing = {.module = "mc_cell"};
    around = around ? around : &nothing;
    size_t others = around->names ? around->names->count : 0;
    *ret = (struct mc_scopes) {.items = calloc(1 + others, sizeof *ret->items), .count = 1};
    if (!ret->items) {
        ret->count = 0;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_cell *below = around->imports && *around->imports ? parse(around->imports) : NULL;
    ret->items[0] = (struct mc_scope) {
        .module = around->module, .cell = cell, .below = below, .owned = {below}};
    for (size_t i = 0; i < others; i++) {
        add_module(ret, around->names->items[i], around->texts->items[i]);
    }
    return 0;
}

void mc_scopes_fini(struct mc_scopes *scopes)
{
    for (size_t i = 0; i < scopes->count; i++) {
        mc_cell_free(scopes->items[i].owned[0]);
    }
    free(scopes->items);
    *scopes = (struct mc_scopes) {0};
}

/* ---- a name ---- */

/* The import that brings a name in. */
struct wanted {
    const char *name;
    size_t length;
    char module[256];
    char origin[256]; /* its name there */
};

static bool is(const char *text, const char *name, size_t length)
{
    return strlen(text) == length && memcmp(text, name, length) == 0;
}

static int brings(const struct mc_import *import, void *data)
{
    struct wanted *wanted = data;
    const char *bound = import->as ? import->as : import->name;
    if (!bound || !is(bound, wanted->name, wanted->length)) {
        return 0;
    }
    snprintf(wanted->module, sizeof wanted->module, "%s", import->module);
    snprintf(wanted->origin, sizeof wanted->origin, "%s", import->name ? import->name : "");
    return 1;
}

static bool is_of(const char *module, const char *package)
{
    size_t length = strlen(package);
    return strncmp(module, package, length) == 0 && strchr(".", module[length]);
}

/* Of the standard library's or of this package's, by its own name. */
static bool is_standard(const struct wanted *wanted)
{
    return (is_of(wanted->module, "std") || is_of(wanted->module, "mojocell")) &&
           is(wanted->origin, wanted->name, wanted->length);
}

static const struct mc_scope *scope_of(const struct mc_scopes *scopes, const char *module)
{
    for (size_t i = 0; i < scopes->count; i++) {
        if (strcmp(scopes->items[i].module, module) == 0) {
            return &scopes->items[i];
        }
    }
    return NULL;
}

/* Whether the cell says what the name is: *ret where it defines it, `wanted` where it imports it.
 */
static bool
look_in(const struct mc_cell *cell, struct wanted *wanted, struct mc_found *ret, bool *ret_imported)
{
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        struct mc_cursor cursor = {
            .tokens = &cell->scan.tokens, .at = item->first_token, .end = item->end_token};
        *ret_imported =
            item->kind == MC_ITEM_IMPORT && mc_import_read(cursor, brings, wanted, NULL) == 1;
        if (*ret_imported) {
            return true;
        }
        size_t length = item->name.end - item->name.start;
        if (length == wanted->length &&
            memcmp(cell->source + item->name.start, wanted->name, length) == 0) {
            ret->item = item;
            ret->meaning = item->kind == MC_ITEM_COMPTIME ? MC_MEANS_ALIAS
                           : item->kind == MC_ITEM_STRUCT ? MC_MEANS_STRUCT
                                                          : MC_MEANS_OTHER;
            return true;
        }
    }
    return false;
}

static struct mc_found find(const struct mc_scopes *scopes,
                            const struct mc_scope *scope,
                            const char *name,
                            size_t length,
                            int steps)
{
    struct wanted wanted = {.name = name, .length = length};
    struct mc_found found = {.meaning = MC_MEANS_NOTHING, .scope = scope};
    bool imported = false;
    if (!look_in(scope->cell, &wanted, &found, &imported) &&
        !(scope->below && look_in(scope->below, &wanted, &found, &imported))) {
        return found;
    }
    if (!imported || is_standard(&wanted)) {
        return found;
    }
    const struct mc_scope *other = scope_of(scopes, wanted.module);
    return other && other != scope && steps > 0
               ? find(scopes, other, wanted.origin, strlen(wanted.origin), steps - 1)
               : (struct mc_found) {.meaning = MC_MEANS_OTHER, .scope = scope};
}

struct mc_found mc_scope_find(const struct mc_scopes *scopes,
                              const struct mc_scope *scope,
                              const char *name,
                              size_t length)
{
    return find(scopes, scope, name, length, MAX_STEPS);
}
