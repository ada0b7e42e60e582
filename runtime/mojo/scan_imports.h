/* What a source imports. */
#pragma once

#include "mojo/scan_cursor.h"

/* One imported module. */
struct mc_import {
    const char *module; /* the dotted path without blanks, relative dots first: "std.math",
                           ".sibling", ".." */
    const char *name; /* `from module import name`: each of the names, "*" included; NULL in `import
                         module` */
    const char *as;   /* NULL: none */
    size_t offset;    /* of the path in the source, in bytes */
    uint32_t line;    /* of that, from 1 */
};

/* Valid during the call. Anything but 0 ends the walk. */
typedef int mc_import_each(const struct mc_import *import, void *data);

/* Walks the import statement at the cursor, once for each module of `import a, b` and for each name
 * of `from m import x, y`. Returns 0, or what the callback returned to end the walk, or -1
 * (NO_MEMORY). */
int mc_import_read(struct mc_cursor cursor, mc_import_each *each, void *data, mc_err *err)
    MC_MUST_USE;
/* Whether an import statement begins at the cursor. */
bool mc_import_at(const struct mc_cursor *cursor);
