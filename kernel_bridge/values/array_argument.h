/* Arrays as arguments. What Mojo writes to is the caller's own memory; what it only reads is too
 * where that can be, and else a copy. */
#pragma once

#include "kernel_bridge/values/array.h"

/* Looks for memory behind `value`, and holds it. 1; 0 where there is none; -1 with an exception
 * where there is, but not for us. */
int mc_array_find(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  struct mc_array *ret);

/* The words of the elements for a Span, NDSpan or List; 0, or -1 with an exception. */
int mc_array_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  const struct mc_array *array,
                  uint64_t *ret_words);

/* "NDArray[float64]", as a stub has it for a Span or NDSpan, or for what comes out. */
PyObject *mc_array_annotation(const struct mc_type *type);
