/* The objects in a block of a result (abi/thunk.h), one behind the other. */
#pragma once

#include "kernel_bridge/values/value_kind.h"

/* The rest of a block: a worker may have written anything. */
struct mc_block {
    const uint64_t *at;
    size_t left; /* words */
};

/* The block that two words tell, and how many times `each` things are in it. -1 with an exception
 * where that is more than there can be. */
Py_ssize_t
mc_block_open(struct mc_result *result, const uint64_t *words, size_t each, struct mc_block *ret);

/* The next one, a scalar or a String; a new reference, or NULL with an exception. */
PyObject *
mc_block_next(struct mc_block *block, struct mc_result *result, const struct mc_type *type);
