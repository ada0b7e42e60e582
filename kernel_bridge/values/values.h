/* Values between Python and the words of a thunk (abi/thunk.h). */
#pragma once

#include "kernel_bridge/values/value_kind.h"

#include <string.h>

/* The entry of a type's kind: what the functions below go by. */
const struct mc_value_kind *mc_value_kind_of(const struct mc_type *type);

/* Writes type->words words. 0, or -1 with an exception; what is held then is the caller's to let
 * go all the same. */
int mc_convert_in(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words);

/* How close a value that can be converted is to the type. */
enum mc_closeness mc_convert_closeness(const struct mc_type *type, PyObject *value);

/* What the words of `type` say, a new reference, or NULL with an exception. Memory in the result
 * is released, or belongs to what is returned, in any case. */
PyObject *
mc_convert_out(struct mc_result *result, const struct mc_type *type, const uint64_t *words);

/* The same of each item, whose words follow each other: a new tuple. */
PyObject *
mc_convert_out_items(struct mc_result *result, const struct mc_type *type, const uint64_t *words);

/* What a stub says of the type: an object, or a text where an array is in it, whose class may not
 * be there. `returned`: of a result. A new reference, or NULL with an exception. */
PyObject *mc_annotation(const struct mc_type *type, bool returned);

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
        if (mc_ndarray_fits(array, type->scalar, type->writable) &&
            (type->scalar != MC_BOOL || mc_bools_are_plain(array->data, array->shape[0], 1))) {
            ret_words[0] = (uint64_t) (uintptr_t) array->data;
            ret_words[1] = (uint64_t) array->shape[0];
            return 0;
        }
    } else if (type->kind == MC_TYPE_NDSPAN && Py_IS_TYPE(value, conversion->numpy->array) &&
               type->scalar != MC_BOOL &&
               mc_ndarray_view((const struct mc_ndarray *) value, type, ret_words)) {
        return 0;
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
