#include "base/buf.h"
#include "mojo/cell.h"
#include "mojo/cell_names.h"
#include "mojo/cell_parts.h"
#include "mojo/scan.h"
#include "mojo/scan_imports.h"

#include <stdint.h>
#include <string.h>

/* The compiler does not look into what nothing refers to: without this, errors in a function that
 * `main` does not call would go unnoticed. Overloads cannot be referred to. */
static int add_references(const struct mc_cell *cell, struct mc_buf *ret)
{
    __attribute__((cleanup(mc_names_fini))) struct mc_names names = MC_NAMES_INIT;
    if (mc_names_of_definitions(&names, &cell->scan) < 0) {
        return -1;
    }
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        const char *text = cell->source + item->name.start;
        size_t length = item->name.end - item->name.start;
        bool refers = item->kind == MC_ITEM_DEF || item->kind == MC_ITEM_STRUCT;
        if (refers && length > 0 && i != cell->scan.main &&
            mc_names_find(&names, text, length)->count == 1) {
            mc_buf_addf(ret, "comptime mc_refer_%zu = m.%.*s\n", i, (int) length, text);
        }
    }
    return 0;
}

struct imports {
    struct mc_buf *out;
    const char *module; /* of the cell */
    size_t count;
};

/* `import a` is looked up where it stands, as is `*`. */
static int add_imported(const struct mc_import *import, void *data)
{
    struct imports *imports = data;
    const char *name = import->as ? import->as : import->name;
    if (name && strcmp(name, "*") != 0) {
        mc_buf_addf(imports->out,
                    "from %s import `%s` as mc_imported_%zu\n",
                    imports->module,
                    name,
                    imports->count++);
    }
    return 0;
}

/* Nor does it look for what is imported and not used. Asked for by way of the cell's module, it is
 * missed at the cell's own line. */
static int add_imports(const struct mc_cell *cell, const char *module_name, struct mc_buf *ret)
{
    struct imports imports = {.out = ret, .module = module_name};
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        struct mc_cursor cursor = {
            .tokens = &cell->scan.tokens, .at = item->first_token, .end = item->end_token};
        if (item->kind == MC_ITEM_IMPORT &&
            mc_import_read(cursor, add_imported, &imports, NULL) < 0) {
            return -1;
        }
    }
    return 0;
}

int mc_cell_entry(const struct mc_cell *cell, const char *module_name, struct mc_buf *ret)
{
    bool runs = cell->kind != MC_CELL_DEFINITIONS && !cell->io;
    mc_buf_addf(ret, "import %s as m\n", module_name);
    if (add_imports(cell, module_name, ret) < 0) {
        return -1;
    }
    mc_buf_adds(ret, runs ? "from std.sys import stderr\n\n" : "\n");
    if (add_references(cell, ret) < 0) {
        return -1;
    }
    mc_buf_adds(
        ret,
        !runs ? ""
              : "\n\n"
                "def run() raises:\n"
                "    m.main()\n"
                "\n"
                "\n"
                "@export\n"
                "def mc_main() abi(\"C\") -> Int32:\n"
                "    try:\n"
                "        run()\n"
                "    except e:\n"
                "        print(\"Unhandled exception caught during execution:\", e, file=stderr)\n"
                "        return 1\n"
                "    return 0\n");
    return ret->failed ? -1 : 0;
}
