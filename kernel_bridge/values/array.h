/* Memory of one type's elements, wherever in Python it comes from: NumPy's arrays, the buffer
 * protocol, __array_interface__, __array__, the Arrow C interface, DLPack. */
#pragma once

#include "kernel_bridge/values/library.h"
#include "kernel_bridge/values/refuse.h"

/* Elements at equal distances. */
struct mc_chunk {
    const char *data;
    Py_ssize_t count;
    Py_ssize_t stride; /* in bytes; 1 for bits */
    Py_ssize_t bit;    /* of the first element, where each is a bit */
};

struct mc_array {
    int ndim;
    Py_ssize_t shape[MC_RANK_MAX];   /* of so many dimensions; of the first mc_array_length tells */
    Py_ssize_t strides[MC_RANK_MAX]; /* in bytes, or bits */
    struct mc_chunk first;           /* count and stride are of the first dimension */
    const struct mc_chunk *more;     /* the other chunks, none of them empty */
    size_t n_more;
    Py_ssize_t missing; /* elements that have no value */
    Py_ssize_t size;    /* of an element, in bytes */
    char kind;          /* of an element: as in mc_scalar_info, or another letter of NumPy's */
    bool bits;          /* an element is a bit */
    bool swapped;       /* foreign byte order */
    bool readonly;
    bool writes; /* Mojo is to write to it */
    bool made;   /* a copy that was made because we asked */
    bool flat;   /* all dimensions lie in one run */
    bool fields;
    bool lists; /* lists of one length each, as Arrow has them: the dimensions after the first */
    const struct mc_library *library;
    char dtype[40]; /* for messages */
};

static inline const struct mc_chunk *mc_array_chunk(const struct mc_array *array, size_t i)
{
    return i == 0 ? &array->first : &array->more[i - 1];
}

/* ---- the protocols: each as mc_array_find of array_argument.h ---- */

int mc_array_of_buffer(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_interface(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_method(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_dlpack(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);
int mc_array_of_arrow(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* An array object of NumPy's, of a subclass too. */
int mc_array_of_ndarray(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* Sets the dimensions; the size of an element is known. Without strides they are those of C's
 * order. */
void mc_array_set_shape(struct mc_array *array,
                        int ndim,
                        const Py_ssize_t *shape,
                        const Py_ssize_t *strides);

/* Along the first dimension, and in all. */
Py_ssize_t mc_array_length(const struct mc_array *array);
Py_ssize_t mc_array_count(const struct mc_array *array);

/* The elements as runs at equal distances, in C's order; begins as {.array = …}. False: no more. */
struct mc_runs {
    const struct mc_array *array;
    size_t chunk;
    Py_ssize_t at[MC_RANK_MAX]; /* of the next run */
};
bool mc_runs_next(struct mc_runs *runs, struct mc_chunk *ret);

/* Sets kind, size and dtype from a letter of the kind and bytes, as NumPy's typestr has them. */
void mc_array_set_type(struct mc_array *array, char kind, Py_ssize_t size);

/* An attribute of the value's type or itself, a new reference; NULL without an exception where
 * there is none, and *ret_failed where its look-up raised. */
PyObject *mc_array_attribute(PyObject *value, const char *name, bool *ret_failed);
