/* An argument on its way to its words, and how it is refused: by its name, with Mojo's type and,
 * where there is one, the line to write instead. */
#pragma once

#include "kernel_bridge/values/conversion.h"

/* Raises "argument 'x' of f: …". All of these return -1. */
int mc_refuse(const struct mc_conversion *conversion, PyObject *exception, const char *format, ...);

/* Mojo wants this type, and got that value's. */
int mc_refuse_type(const struct mc_conversion *conversion,
                   const struct mc_type *type,
                   PyObject *value);

/* The same, with what converts the value to an int or a bool where that loses nothing in silence:
 * `converts` is the type of Python's. */
int mc_refuse_unconverted(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          PyTypeObject *converts);

/* The type's text for a message; valid until the next call with the same buffer. */
struct mc_type_text {
    char text[48];
};
const char *mc_type_text(const struct mc_type *type, struct mc_type_text *buffer);
