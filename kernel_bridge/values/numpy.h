/* NumPy's arrays without NumPy's headers: what is needed of its C API is fetched when there is
 * NumPy, and its objects are read through the layout below, which NumPy 1 and 2 share for the
 * fields that it names. Nothing here needs NumPy, neither to build nor to run. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include "abi/type.h"

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* The beginning of PyArrayObject. */
struct mc_ndarray {
    PyObject_HEAD char *data;
    int ndim;
    Py_ssize_t *shape;
    Py_ssize_t *strides;
    PyObject *base;
    struct mc_dtype *dtype;
    int flags;
};

/* The beginning of PyArray_Descr; from `type_num` on, NumPy 1 and 2 differ. */
struct mc_dtype {
    PyObject_HEAD PyTypeObject *scalar;
    char kind;
    char letter;
    char byteorder;
    char flags;
    int type_num;
};

enum mc_ndarray_flags {
    MC_NDARRAY_CONTIGUOUS = 0x0001,
    MC_NDARRAY_ALIGNED = 0x0100,
    MC_NDARRAY_WRITABLE = 0x0400,
};

/* One interpreter's NumPy. */
struct mc_numpy {
    PyTypeObject *array;     /* NULL: not seen yet, or not to be used */
    PyTypeObject *bool_type; /* of numpy.True_ */
    void **api;
    void **ufunc_api;
    bool unusable; /* it is there, with an ABI or a layout that is not known */
    bool absent;   /* it could not be imported */
};

/* Looks whether NumPy has been imported by now; cheap where it was found before. Whether there is
 * one to be used. Sets no exception. */
bool mc_numpy_look(struct mc_numpy *numpy);

/* The same, and imports it. 1: it can be used; 0: it cannot; -1 with an exception that is none of
 * the import's own. */
int mc_numpy_import(struct mc_numpy *numpy);

/* Whether it could be imported; imports nothing. */
bool mc_numpy_is_installed(void);

void mc_numpy_fini(struct mc_numpy *numpy);

/* Kind ('b' 'i' 'u' 'f') and bytes of an element by NumPy's type number; 0: another type. */
struct mc_element {
    char kind;
    uint8_t size;
};

#define MC_NUMPY_TYPES 24
extern const struct mc_element mc_numpy_elements[MC_NUMPY_TYPES];

/* What NumPy calls a scalar: "int64", "bool_"; ml_dtypes has "bfloat16". */
struct mc_numpy_name {
    char text[16];
};
struct mc_numpy_name mc_numpy_name(enum mc_scalar scalar);

/* NumPy's type number of a scalar; -1: it has none. */
int mc_numpy_type_number(enum mc_scalar scalar);

/* Whether each byte is 0 or 1: of others, which NumPy takes for True, Mojo has no Bool. */
bool mc_bools_are_plain(const char *bytes, Py_ssize_t count, Py_ssize_t stride);

/* An array in C's order of elements at `data`, which belong to `owner` (the reference is taken,
 * also by a failure). NULL with an exception. */
PyObject *mc_numpy_wrap(const struct mc_numpy *numpy,
                        enum mc_scalar scalar,
                        void *data,
                        int ndim,
                        const Py_ssize_t *shape,
                        PyObject *owner);

/* Whether the elements of the array can be taken as they are: so many dimensions, this type in
 * native byte order, aligned and as `flags` ask. */
static inline bool
mc_ndarray_is(const struct mc_ndarray *array, int ndim, enum mc_scalar scalar, int flags)
{
    const struct mc_dtype *dtype = array->dtype;
    int wanted = MC_NDARRAY_ALIGNED | flags;
    unsigned number = (unsigned) dtype->type_num;
    return array->ndim == ndim && (array->flags & wanted) == wanted && number < MC_NUMPY_TYPES &&
           mc_numpy_elements[number].kind == mc_scalars[scalar].kind &&
           mc_numpy_elements[number].size == mc_scalars[scalar].size &&
           (dtype->byteorder == '=' || dtype->byteorder == '|');
}

/* For a Span: in one run, and writable where that is asked for. */
static inline bool
mc_ndarray_fits(const struct mc_ndarray *array, enum mc_scalar scalar, bool writable)
{
    return mc_ndarray_is(
        array, 1, scalar, MC_NDARRAY_CONTIGUOUS | (writable ? MC_NDARRAY_WRITABLE : 0));
}

/* For an NDSpan, with its words. */
static inline bool
mc_ndarray_view(const struct mc_ndarray *array, const struct mc_type *type, uint64_t *ret_words)
{
    int size = __builtin_ctz(mc_scalars[type->scalar].size); /* a power of 2 */
    Py_ssize_t odd = 0;
    if (!mc_ndarray_is(array, type->rank, type->scalar, type->writable ? MC_NDARRAY_WRITABLE : 0)) {
        return false;
    }
    *ret_words++ = (uint64_t) (uintptr_t) array->data;
    for (unsigned i = 0; i < type->rank; i++) {
        ret_words[i] = (uint64_t) array->shape[i];
        ret_words[type->rank + i] = (uint64_t) (array->strides[i] >> size);
        odd |= array->strides[i];
    }
    return (odd & (((Py_ssize_t) 1 << size) - 1)) == 0;
}
