/* The objects in a block of an argument or a result (abi/thunk.h), one behind the other. */
#pragma once

#include "base/buf.h"
#include "kernel_bridge/values/value_kind.h"

/* The rest of a block: a worker may have written anything. */
struct mc_block {
    const uint64_t *at;
    size_t left; /* words */
};

/* The block that two words tell, and how many times `each` things are in it, each of which takes a
 * word at least. -1 with an exception where that is more than there can be. */
Py_ssize_t
mc_block_open(struct mc_result *result, const uint64_t *words, size_t each, struct mc_block *ret);

/* The next one, a scalar, a String or a struct of these; a new reference, or NULL with an
 * exception. */
PyObject *
mc_block_next(struct mc_block *block, struct mc_result *result, const struct mc_type *type);

/* A list of all that is in the block, whose memory is released. */
PyObject *
mc_block_list(struct mc_result *result, const struct mc_type *item, const uint64_t *words);

/* Adds the words of one, a scalar, a String or a struct of these, to an argument's block. 0, or -1
 * with an exception; where memory is short, the block says so. */
int mc_block_add(struct mc_conversion *conversion,
                 const struct mc_type *type,
                 PyObject *item,
                 struct mc_buf *block);

/* Adds the number of the items of a tuple, and each of them. */
int mc_block_add_all(struct mc_conversion *conversion,
                     const struct mc_type *type,
                     PyObject *items,
                     struct mc_buf *block);

/* The block as an argument's two words; it stays until the call is over. */
int mc_block_hold(struct mc_conversion *conversion, struct mc_buf *block, uint64_t *ret_words);
