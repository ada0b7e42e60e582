/* The text of loops (abi/loop.h): Mojo that calls a function of scalars for each of many elements.
 */
#pragma once

#include "mojo/lift.h"

/* Of the functions of these names (an array of strings) there are loops, and of no others thunks.
 * INVALID_REQUEST where there is nothing that can be called so. */
int mc_loops_choose(struct mc_bindings *bindings,
                    const json_t *names,
                    const struct mc_lift_below *below,
                    mc_err *err) MC_MUST_USE;

/* Lets the functions that were lifted be called for one element at a time, as the compiler has said
 * why (diagnostics as of mojo/diag.h). Returns whether there were any. */
bool mc_loops_settle(struct mc_bindings *bindings, const json_t *diagnostics);

/* Adds what loops use, once, and the loop of one function, which is called as `module` and its
 * name. */
void mc_loops_write_prelude(struct mc_buf *ret);
void mc_loop_write(const struct mc_cell *cell,
                   const struct mc_binding *binding,
                   const char *module,
                   struct mc_buf *ret);

/* {how, reason}: of the table of functions. A new reference, or NULL when out of memory. */
json_t *mc_loop_json(const struct mc_binding *binding);
