/* Python's own objects as the elements of a Span or List, each by the rules of its type. */
#pragma once

#include "kernel_bridge/values/array.h"

/* What a sequence or iterable has, a new tuple of its own: an item's __index__ may change a list.
 * NULL with an exception. */
PyObject *
mc_items_of(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value);

/* What a stub says of them: Sequence[item]. A new reference, or NULL with an exception. */
PyObject *mc_items_annotation(PyObject *item);

/* The numbers of a tuple in memory that stays for the call. 0, or -1 with an exception. */
int mc_items_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *items,
                  uint64_t *ret_words);

/* The objects that an array of NumPy's holds, a new tuple. NULL with an exception, also where some
 * of them are missing. */
PyObject *mc_items_of_array(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            const struct mc_array *array);

/* For objects where a Span is wanted, which has memory of numbers: the line to write, or which of
 * them is none. Returns -1. */
int mc_items_refuse(struct mc_conversion *conversion,
                    const struct mc_type *type,
                    PyObject *value,
                    PyObject *items,
                    const struct mc_library *library);
