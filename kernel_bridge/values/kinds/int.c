/* Int … UInt64: an int of its range, or what is one by __index__. */
#include "kernel_bridge/values/number.h"
#include "kernel_bridge/values/value_kind.h"

#include <stdio.h>

static bool is_signed(enum mc_scalar scalar)
{
    return mc_scalars[scalar].kind == 'i';
}

static int
refuse_range(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *number)
{
    unsigned bits = 8U * mc_scalars[type->scalar].size;
    unsigned long long max =
        is_signed(type->scalar) ? (1ULL << (bits - 1)) - 1 : ~0ULL >> (64 - bits);
    char low[32] = "0";
    PyObject *text = mc_describe_int(number);
    if (!text) {
        return -1;
    }
    if (is_signed(type->scalar)) {
        snprintf(low, sizeof low, "-%llu", max + 1);
    }
    mc_refuse(conversion,
              PyExc_OverflowError,
              "%U does not fit into %s (%s to %llu)",
              text,
              mc_scalars[type->scalar].name,
              low,
              max);
    Py_DECREF(text);
    return -1;
}

static bool fits_signed(int64_t number, unsigned size)
{
    unsigned unused = 64 - 8 * size;
    return (int64_t) ((uint64_t) number << unused) >> unused == number;
}

/* `number` is a Python int. */
static int take_int(struct mc_conversion *conversion,
                    const struct mc_type *type,
                    PyObject *number,
                    uint64_t *ret)
{
    unsigned size = mc_scalars[type->scalar].size;
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (value == -1 && !overflow && PyErr_Occurred()) {
        return -1;
    }
    if (is_signed(type->scalar)) {
        *ret = (uint64_t) value;
        return overflow || !fits_signed(value, size) ? refuse_range(conversion, type, number) : 0;
    }
    unsigned long long positive = (unsigned long long) value;
    if (overflow > 0) {
        positive = PyLong_AsUnsignedLongLong(number);
        if (positive == (unsigned long long) -1 && PyErr_Occurred()) {
            PyErr_Clear();
            return refuse_range(conversion, type, number);
        }
    }
    *ret = positive;
    return overflow < 0 || (!overflow && value < 0) || (size < 8 && positive >> 8 * size)
               ? refuse_range(conversion, type, number)
               : 0;
}

/* The int that a value is without being one, a new reference. NULL with a TypeError of ours, or
 * with what the value itself raised. */
static PyObject *
index_of(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (number && number->nb_index && !mc_is_numpy_bool(conversion, value)) {
        PyObject *index = PyNumber_Index(value);
        if (index || !PyErr_ExceptionMatches(PyExc_TypeError)) {
            return index;
        }
        PyErr_Clear(); /* NumPy's arrays have the method, and raise */
    }
    if (number && (number->nb_int || number->nb_float)) {
        mc_refuse_unconverted(conversion, type, value, &PyLong_Type);
    } else {
        mc_refuse_type(conversion, type, value);
    }
    return NULL;
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    if (PyLong_Check(value)) {
        return take_int(conversion, type, value, ret);
    }
    PyObject *index = index_of(conversion, type, value);
    int done = index ? take_int(conversion, type, index, ret) : -1;
    Py_XDECREF(index);
    return done;
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) result;
    return is_signed(type->scalar) ? PyLong_FromLongLong((int64_t) words[0])
                                   : PyLong_FromUnsignedLongLong(words[0]);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    if (mc_is_numpy_scalar(type->scalar, value)) {
        return MC_CLOSE_EXACT;
    }
    if (PyBool_Check(value)) {
        return MC_CLOSE_CONVERTED;
    }
    if (PyLong_Check(value)) {
        return type->scalar == MC_INT ? MC_CLOSE_EXACT : MC_CLOSE_KIND;
    }
    return PyIndex_Check(value) ? MC_CLOSE_KIND : MC_CLOSE_CONVERTED;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    return Py_NewRef(&PyLong_Type);
}

const struct mc_value_kind mc_value_int = {take, give, closeness, annotate};
