/* BFloat16, Float16, Float32, Float64: a float, an int that is one exactly, or what has a
 * __float__. */
#include "kernel_bridge/values/bfloat16.h"
#include "kernel_bridge/values/number.h"
#include "kernel_bridge/values/value_kind.h"

#include <math.h>
#include <string.h>

/* ---- bits ---- */

static bool pack_16(double number, uint64_t *ret)
{
    *ret = 0;
    if (PyFloat_Pack2(number, (char *) ret, PY_LITTLE_ENDIAN) < 0) {
        PyErr_Clear(); /* the only one that it knows is that of a number which is too large */
        return false;
    }
    return true;
}

static bool pack_32(double number, uint64_t *ret)
{
    float narrow = (float) number;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    *ret = bits;
    return !isinf(narrow) || isinf(number);
}

/* The bits of the nearest number of the type; false where that is infinite and the number is not.
 */
static bool pack(enum mc_scalar scalar, double number, uint64_t *ret)
{
    switch (scalar) {
    case MC_BFLOAT16:
        return mc_bfloat16_pack(number, ret);
    case MC_FLOAT16:
        return pack_16(number, ret);
    case MC_FLOAT32:
        return pack_32(number, ret);
    default:
        memcpy(ret, &number, sizeof number);
        return true;
    }
}

static double unpack_32(uint64_t word)
{
    float narrow;
    uint32_t bits = (uint32_t) word;
    memcpy(&narrow, &bits, sizeof narrow);
    return narrow;
}

static double unpack(enum mc_scalar scalar, uint64_t word)
{
    double number;
    switch (scalar) {
    case MC_BFLOAT16:
        return mc_bfloat16_unpack(word);
    case MC_FLOAT16:
        return PyFloat_Unpack2((const char *) &word, PY_LITTLE_ENDIAN);
    case MC_FLOAT32:
        return unpack_32(word);
    default:
        memcpy(&number, &word, sizeof number);
        return number;
    }
}

static bool is_exact(enum mc_scalar scalar, double number)
{
    uint64_t word;
    return pack(scalar, number, &word) && unpack(scalar, word) == number;
}

/* ---- in ---- */

/* The int as a double, where it is one exactly: 1, or 0, or -1 with an exception. */
static int exact_double(PyObject *number, double *ret)
{
    *ret = PyLong_AsDouble(number);
    if (*ret == -1.0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    if (fabs(*ret) < 0x1p53) {
        return 1;
    }
    PyObject *back = PyLong_FromDouble(*ret);
    int same = back ? PyObject_RichCompareBool(number, back, Py_EQ) : -1;
    Py_XDECREF(back);
    return same;
}

static int double_of_int(struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *number,
                         double *ret)
{
    int exact = exact_double(number, ret);
    if (exact < 0) {
        return -1;
    }
    if (exact && is_exact(type->scalar, *ret)) {
        return 0;
    }
    PyObject *text = mc_describe_int(number);
    if (text) {
        mc_refuse(conversion,
                  PyExc_OverflowError,
                  "%U is no %s exactly; write float(%s) to round it",
                  text,
                  mc_scalars[type->scalar].name,
                  conversion->argument);
        Py_DECREF(text);
    }
    return -1;
}

/* NumPy's have a __float__ that drops the imaginary part. */
static bool is_complex(PyObject *value)
{
    return PyComplex_Check(value) || strncmp(Py_TYPE(value)->tp_name, "numpy.c", 7) == 0;
}

static int refuse_too_large(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            PyObject *value)
{
    return mc_refuse(conversion,
                     PyExc_OverflowError,
                     "%.100R does not fit into %s",
                     value,
                     mc_scalars[type->scalar].name);
}

/* What its __float__ raised. */
static int
refuse_failed(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        return mc_refuse_type(conversion, type, value);
    }
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        return refuse_too_large(conversion, type, value);
    }
    return -1;
}

/* A Decimal of more than a double has is infinite to float(). */
static int check_infinite(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          double infinite)
{
    PyObject *number = PyFloat_FromDouble(infinite);
    int same = number ? PyObject_RichCompareBool(value, number, Py_EQ) : -1;
    Py_XDECREF(number);
    return same > 0 ? 0 : same < 0 ? -1 : refuse_too_large(conversion, type, value);
}

static int double_of_other(struct mc_conversion *conversion,
                           const struct mc_type *type,
                           PyObject *value,
                           double *ret)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (number && number->nb_index &&
        !mc_is_numpy_bool(conversion,
                          value)) { /* NumPy's ints have __float__ as well, which rounds */
        PyObject *index = PyNumber_Index(value);
        if (index) {
            int done = double_of_int(conversion, type, index, ret);
            Py_DECREF(index);
            return done;
        }
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
            return -1;
        }
        PyErr_Clear();
    }
    if (!number || !number->nb_float || is_complex(value)) {
        return mc_refuse_type(conversion, type, value);
    }
    *ret = PyFloat_AsDouble(value);
    return *ret == -1.0 && PyErr_Occurred() ? refuse_failed(conversion, type, value)
           : isinf(*ret)                    ? check_infinite(conversion, type, value, *ret)
                                            : 0;
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    double number;
    int done = 0;
    if (PyFloat_Check(value)) {
        number = PyFloat_AS_DOUBLE(value);
    } else if (PyLong_Check(value)) {
        done = double_of_int(conversion, type, value, &number);
    } else {
        done = double_of_other(conversion, type, value, &number);
    }
    return done == 0 && !pack(type->scalar, number, ret) ? refuse_too_large(conversion, type, value)
                                                         : done;
}

/* ---- out ---- */

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) result;
    return PyFloat_FromDouble(unpack(type->scalar, words[0]));
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    if (mc_is_numpy_scalar(type->scalar, value)) {
        return MC_CLOSE_EXACT;
    }
    if (!PyFloat_Check(value)) {
        return MC_CLOSE_CONVERTED;
    }
    return type->scalar == MC_FLOAT64 ? MC_CLOSE_EXACT : MC_CLOSE_KIND;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    return Py_NewRef(&PyFloat_Type);
}

const struct mc_value_kind mc_value_float = {take, give, closeness, annotate};
