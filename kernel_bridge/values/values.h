/* Values between Python and the words of a thunk (abi/thunk.h). What is refused is refused by the
 * argument's name, with Mojo's type and, where there is one, the line to write. */
#pragma once

#include "abi/thunk.h"
#include "abi/type.h"
#include "kernel_bridge/values/numpy.h"

#include <stdbool.h>
#include <stdint.h>

/* What has to be there until a call is over: references, buffers, memory. */
typedef void mc_let_go(void *what);

#define MC_HELD_MAX (4 * MC_THUNK_MAX_ARGS)

struct mc_held {
    size_t count;
    struct {
        mc_let_go *let_go;
        void *what;
    } items[MC_HELD_MAX];
};

/* Takes `what`; it is let go at once by a failure, which is -1 with an exception. */
int mc_hold(struct mc_held *held, void *what, mc_let_go *let_go);
int mc_hold_object(struct mc_held *held, PyObject *object); /* takes the reference; NULL fails */

void mc_held_let_go_from(struct mc_held *held, size_t first);
static inline void mc_held_fini(struct mc_held *held)
{
    if (held->count) {
        mc_held_let_go_from(held, 0);
    }
}

/* Where an argument is on its way to. */
struct mc_conversion {
    struct mc_numpy *numpy;
    struct mc_held *held;
    const char *function; /* names, UTF-8 */
    const char *argument;
    Py_ssize_t element; /* of a List, or -1 */
};

/* Writes type->words words. 0, or -1 with an exception; what is held then is the caller's to let
 * go all the same. */
int mc_convert_in(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words);

/* How close a value that can be converted is to the type: for the choice of an overload. */
enum mc_closeness {
    MC_CLOSE_NOT = 0,
    MC_CLOSE_CONVERTED = 1, /* an int for a Float64 */
    MC_CLOSE_KIND = 2,      /* an int for an Int8 */
    MC_CLOSE_EXACT = 3,
};
enum mc_closeness mc_convert_closeness(const struct mc_type *type, PyObject *value);

/* Raises "argument 'x' of f: …". Returns -1. */
int mc_convert_refuse(const struct mc_conversion *conversion,
                      PyObject *exception,
                      const char *format,
                      ...);

/* The type's text for a message; valid until the next call with the same buffer. */
struct mc_type_text {
    char text[48];
};
const char *mc_convert_type_text(const struct mc_type *type, struct mc_type_text *buffer);

/* A result on its way to Python. */
struct mc_result {
    struct mc_numpy *numpy;
    mc_release_thunk *release; /* of its memory; NULL: the memory is somebody else's, and copied */
    bool unfit;                /* out: it is no value of Python; the exception says why */
};

/* What the words of `type` say, a new reference, or NULL with an exception. Memory in the result
 * is released, or belongs to what is returned, in any case. */
PyObject *
mc_convert_out(struct mc_result *result, const struct mc_type *type, const uint64_t *words);

/* ---- inline, for the common case ---- */

/* An int of one digit. */
static inline bool mc_small_int(PyObject *value, int64_t *ret)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (PyLong_CheckExact(value) && PyUnstable_Long_IsCompact((PyLongObject *) value)) {
        *ret = PyUnstable_Long_CompactValue((PyLongObject *) value);
        return true;
    }
#else
    if (PyLong_CheckExact(value) && (size_t) (Py_SIZE(value) + 1) <= 2) {
        *ret = Py_SIZE(value) * (int64_t) ((PyLongObject *) value)->ob_digit[0];
        return true;
    }
#endif
    return false;
}

/* mc_convert_in, with what is most frequent in line. */
static inline int mc_convert_in_fast(struct mc_conversion *conversion,
                                     const struct mc_type *type,
                                     PyObject *value,
                                     uint64_t *ret_words)
{
    if (type->kind == MC_TYPE_SCALAR) {
        int64_t number;
        if ((type->scalar == MC_INT || type->scalar == MC_INT64) && mc_small_int(value, &number)) {
            *ret_words = (uint64_t) number;
            return 0;
        }
        if (type->scalar == MC_FLOAT64 && PyFloat_CheckExact(value)) {
            memcpy(ret_words, &((PyFloatObject *) value)->ob_fval, sizeof *ret_words);
            return 0;
        }
    } else if (type->kind == MC_TYPE_SPAN && Py_IS_TYPE(value, conversion->numpy->array)) {
        const struct mc_ndarray *array = (const struct mc_ndarray *) value;
        if (mc_ndarray_fits(array, type->scalar, type->writable)) {
            ret_words[0] = (uint64_t) (uintptr_t) array->data;
            ret_words[1] = (uint64_t) array->shape[0];
            return 0;
        }
    }
    return mc_convert_in(conversion, type, value, ret_words);
}

static inline PyObject *
mc_convert_out_fast(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    if (type->kind == MC_TYPE_SCALAR) {
        if (type->scalar == MC_INT) {
            return PyLong_FromLongLong((int64_t) *words);
        }
        if (type->scalar == MC_FLOAT64) {
            double number;
            memcpy(&number, words, sizeof number);
            return PyFloat_FromDouble(number);
        }
    }
    return mc_convert_out(result, type, words);
}
