/* Which functions of a cell can be called from outside, how, and why the others cannot: the
 * function table of docs/protocol.md, and the text of their thunks (abi/thunk.h). */
#pragma once

#include "abi/type.h"
#include "base/buf.h"
#include "mojo/cell.h"
#include "mojo/scope.h"

#include <jansson.h>

struct mc_bindings;

/* Looks at every top-level function but `main` and those whose name begins with `_`. `exports` (an
 * array of strings, or NULL for all) limits them: a name in it that the cell does not define is
 * INVALID_REQUEST. `around`, or NULL, is what the cell sees beside itself. Both are borrowed for
 * the life of *ret. */
int mc_bindings_make(const struct mc_cell *cell,
                     const json_t *exports,
                     const struct mc_around *around,
                     struct mc_bindings **ret,
                     mc_err *err) MC_MUST_USE;

/* NULL is fine; returns NULL. */
struct mc_bindings *mc_bindings_free(struct mc_bindings *bindings);

/* How many have a thunk. */
size_t mc_bindings_count(const struct mc_bindings *bindings);

/* `functions`, `records` and `skipped` of a result, new references; NULL when out of memory. */
json_t *mc_bindings_functions(const struct mc_bindings *bindings);
json_t *mc_bindings_records(const struct mc_bindings *bindings);
json_t *mc_bindings_skipped(const struct mc_bindings *bindings);

/* The entry of the table for a cell that takes and gives variables: a function `run`, whose
 * `outputs` are the names of what it returns. A new reference; NULL where it does not, or out of
 * memory. */
json_t *mc_bindings_run(const struct mc_bindings *bindings);

/* The two files that a cell is compiled as: its module, with `imports` (lines of Mojo, or "")
 * behind the cell's own text, and the entry, the compiler's root, which is empty where the module
 * is the root itself. The thunks stand in the entry where the cell has a `main`, which the
 * compiler's root cannot have, or names of its own for what thunks use; else behind the cell's
 * text, so that the compiler looks into everything that the cell defines. Remembers where the
 * thunks are. -1 when out of memory. */
int mc_bindings_sources(struct mc_bindings *bindings,
                        const char *module_name,
                        const char *imports,
                        struct mc_buf *ret_module,
                        struct mc_buf *ret_entry);

/* Takes out the functions whose thunks the compiler refuses: a signature can ask for more than it
 * tells. `output` are the compiler's JSON lines, `file` the base name of the file that has the
 * thunks. Returns whether there were any; the text has to be written and compiled again then. */
bool mc_bindings_drop(struct mc_bindings *bindings,
                      const char *output,
                      size_t length,
                      const char *file);
