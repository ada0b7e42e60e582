/* The libraries whose objects come as arrays, and how each of them says things. */
#pragma once

#include "base/buf.h"
#include "kernel_bridge/values/refuse.h"

/* Lines to write: `{x}` is the argument, `{t}` the type of NumPy's that is wanted. */
struct mc_library {
    const char *module; /* the first part of its modules' names */
    const char *cast;   /* to another type */
    const char *drop;   /* without what is missing; NULL: nothing is */
    const char *fill;   /* with a value for what is missing */
    const char *tidy;   /* with its elements as Mojo reads them */
    const char *flat;   /* in one dimension */
    const char *one;    /* the same, of what has none */
    bool frozen;        /* what its objects hold never changes */
    bool own_arrow;     /* its Arrow interface shows what is made for it, or something else */
};

/* That of the value's type or of one that it is derived from; never NULL. */
const struct mc_library *mc_library_of(PyObject *value);
bool mc_library_is(const struct mc_library *library, const char *module);

/* Whether the value is of a class with this name of this library, derived ones included. */
bool mc_library_has_class(PyObject *value, const char *module, const char *name);

/* The template as a text. */
void mc_library_write(const struct mc_conversion *conversion,
                      const char *line,
                      enum mc_scalar scalar,
                      struct mc_buf *ret);

/* The line that makes this type of the argument. */
void mc_library_write_cast(const struct mc_conversion *conversion,
                           const struct mc_library *library,
                           enum mc_scalar scalar,
                           struct mc_buf *ret);

/* Whether it is one of JAX's, of numbers or of arrays, in its own words: 0, or -1 with an exception
 * in the place of one that is set. */
int mc_library_check_tracer(const struct mc_conversion *conversion, PyObject *value);

/* What the library itself has to do first: a tensor that records gradients, is on another device or
 * has no values, an array that was deleted. `copying` leads to a line that makes a copy. 0, or -1
 * with an exception. */
int mc_library_check(const struct mc_conversion *conversion,
                     const struct mc_library *library,
                     PyObject *value,
                     const char *copying);
