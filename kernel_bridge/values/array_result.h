/* Memory of a result as an array. */
#pragma once

#include "kernel_bridge/values/value_kind.h"

/* An array in C's order of the elements at an address, which owns the memory where that is not only
 * lent; where there is no NumPy, a list, of lists. NULL with an exception. The memory is released,
 * or belongs to what is returned, in any case. */
PyObject *mc_array_give(struct mc_result *result,
                        enum mc_scalar scalar,
                        uint64_t address,
                        unsigned ndim,
                        const Py_ssize_t *shape);
