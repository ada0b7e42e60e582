/* Whether the elements of an array are numbers of another type: what advice may tell to convert. */
#pragma once

#include "kernel_bridge/values/array.h"

struct mc_array_fit {
    bool known;         /* the elements can be looked at */
    Py_ssize_t missing; /* not a time */
    Py_ssize_t rounded; /* floats that are none of the type exactly */
    Py_ssize_t unfit;   /* what would be cut off, or be another number */
    Py_ssize_t first;   /* of those, an index */
};

/* Of as many dimensions as a view has; an index is one in C's order. */
void mc_array_fit(const struct mc_array *array, enum mc_scalar scalar, struct mc_array_fit *ret);
