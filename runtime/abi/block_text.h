/* The text of what puts a number, a String or a struct of them into a block (thunk.h), and takes it
 * out again. */
#pragma once

#include "abi/type.h"
#include "base/buf.h"

/* Adds an expression: how many words `value` takes. */
void mc_block_write_size(const struct mc_type *type, const char *value, struct mc_buf *ret);

/* Adds lines that put `value` into `r` from `k` on, and move k. */
void mc_block_write_put(const struct mc_type *type,
                        const char *value,
                        const char *indent,
                        struct mc_buf *ret);

/* Adds lines that make the variable `name` of what is in `block` from `k` on, and move k. */
void mc_block_write_get(const struct mc_type *type,
                        const char *name,
                        const char *indent,
                        struct mc_buf *ret);

/* Adds the variable where it is needed no longer: handed on, but for a number, which is copied. */
void mc_block_write_moved(const struct mc_type *type, const char *name, struct mc_buf *ret);
