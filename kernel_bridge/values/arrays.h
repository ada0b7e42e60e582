/* Memory of one type's elements, wherever in Python it comes from: NumPy's arrays, the buffer
 * protocol, __array_interface__, __array__, the Arrow C interface, DLPack. Never a copy. */
#pragma once

#include "kernel_bridge/values/refuse.h"

/* How the thing that was passed shows its memory; decides on the line to write. */
enum mc_array_origin { MC_ARRAY_NUMPY, MC_ARRAY_PANDAS, MC_ARRAY_OTHER };

struct mc_array {
    const void *data;
    int ndim;
    Py_ssize_t count;  /* of elements, in the first dimension */
    Py_ssize_t stride; /* in bytes, of the first dimension */
    Py_ssize_t size;   /* of an element, in bytes */
    char kind;         /* of an element: b i u f as in mc_scalar_info, or another letter */
    bool swapped;      /* foreign byte order */
    bool readonly;
    enum mc_array_origin origin;
    char dtype[40]; /* for messages */
};

/* Looks for memory behind `value`, and holds it. 1; 0 where there is none; -1 with an exception
 * where there is, but not for us. */
int mc_array_find(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* Address and count of the elements for a Span or List; 0, or -1 with an exception. */
int mc_array_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words);

/* For a list where a Span is wanted: its elements are objects, not memory. Returns -1. */
int mc_array_refuse_list(const struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *value);

/* "NDArray[float64]", as a stub has it for a Span, or for a List that comes out. */
PyObject *mc_array_annotation(const struct mc_type *type);

/* ---- the protocols, each as mc_array_find ---- */

int mc_array_of_buffer(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_interface(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_method(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_dlpack(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_arrow(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* An array object of NumPy's, of a subclass too. */
int mc_array_of_ndarray(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* Sets kind, size and dtype from a letter of the kind and bytes, as NumPy's typestr has them. */
void mc_array_set_type(struct mc_array *array, char kind, Py_ssize_t size);

/* An attribute of the value's type or itself, a new reference; NULL without an exception where
 * there is none, and *ret_failed where its look-up raised. */
PyObject *mc_array_attribute(PyObject *value, const char *name, bool *ret_failed);
