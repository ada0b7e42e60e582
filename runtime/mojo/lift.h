/* A scalar function as one over SIMD values: the same text with wider types. That means the same
 * only of straight-line arithmetic (`x == 1.0` of SIMD values is one Bool for all of them), and the
 * compiler does not tell: so a function is lifted where each of its tokens is known to be right for
 * each element by itself, and nothing is tried. */
#pragma once

#include "base/buf.h"
#include "mojo/bind_parts.h"
#include "mojo/lift_names.h"

/* Adds the definition of a function that takes the width as its parameter, behind those of the
 * functions that it calls. False where the function is not to be lifted: then *ret_reason says why
 * (to be freed; NULL when out of memory). */
bool mc_lift(const struct mc_cell *cell,
             const struct mc_binding *binding,
             const struct mc_lift_below *below,
             struct mc_buf *ret,
             char **ret_reason);

/* Adds that function's name. */
void mc_lift_write_name(const struct mc_cell *cell,
                        const struct mc_binding *binding,
                        struct mc_buf *ret);

/* Adds the SIMD type of a scalar: "SIMD[DType.float64, mc_w]". */
void mc_lift_write_type(enum mc_scalar scalar, const char *width, struct mc_buf *ret);
