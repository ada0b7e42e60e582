/* What the kinds of numbers have in common. */
#pragma once

#include "kernel_bridge/values/refuse.h"

/* An int for a message; a large one is only described. NULL with an exception. */
PyObject *mc_describe_int(PyObject *number);

/* numpy.True_ or numpy.False_. It has an __index__ until NumPy 2.3, which warns. */
bool mc_is_numpy_bool(const struct mc_conversion *conversion, PyObject *value);

/* Whether it is one of NumPy's scalars of this type, by its type's name: "numpy.int32". */
bool mc_is_numpy_scalar(enum mc_scalar scalar, PyObject *value);
