/* Why an array is not taken, and what to write instead. What is written keeps what the elements
 * mean: nothing is cut off, made of what is missing, or written to what is then dropped. */
#pragma once

#include "kernel_bridge/values/array.h"

/* "write", or for a span that Mojo writes to the same of a copy that has the results then. */
const char *mc_array_advice(bool writes);

/* All of these return -1. */
int mc_array_refuse_missing(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            const struct mc_array *array,
                            Py_ssize_t missing);
int mc_array_refuse_shape(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array);

/* A list or tuple, where no list is taken. */
int mc_array_refuse_sequence(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             PyObject *value);

/* Its elements are of another type. */
int mc_array_refuse_elements(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             const struct mc_array *array);

/* Mojo writes to the span: `why` it cannot. */
int mc_array_refuse_readonly(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             const char *why);
int mc_array_refuse_layout(const struct mc_conversion *conversion,
                           const struct mc_type *type,
                           const struct mc_array *array,
                           const char *why);
