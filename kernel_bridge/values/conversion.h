/* An argument on its way to its words. */
#pragma once

#include "abi/type.h"
#include "kernel_bridge/values/held.h"
#include "kernel_bridge/values/numpy.h"

/* Copies of arguments that Mojo only reads, of one interpreter. */
struct mc_copies {
    PyObject *warning; /* the class */
    uint64_t count;
    uint64_t bytes;
};

/* Where an argument is on its way to. */
struct mc_conversion {
    struct mc_numpy *numpy;
    struct mc_held *held;
    const char *function; /* names, UTF-8 */
    const char *argument;
    Py_ssize_t element;       /* of a List, or -1 */
    PyObject *key;            /* of a Dict, or NULL; borrowed */
    struct mc_copies *copies; /* NULL: of defaults */
    bool copies_anyway;       /* so that nobody is told of one more */
    bool trying;              /* an overload: the value will be converted again */
};
