#include "kernel_bridge/values/bfloat16.h"

#include <math.h>
#include <string.h>

#define HALF 16 /* bits, that a float has more */

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* A float on the way, towards zero and odd where it is not exact: what is rounded from it is as if
 * it were rounded once. */
static uint32_t towards_odd(double number)
{
    float narrow = (float) number;
    uint32_t bits = bits_of(narrow);
    if ((double) narrow == number) {
        return bits;
    }
    return (fabs((double) narrow) > fabs(number) ? bits - 1 : bits) | 1;
}

bool mc_bfloat16_pack(double number, uint64_t *ret)
{
    if (isnan(number)) {
        *ret = (bits_of((float) number) >> HALF) | 0x40;
        return true;
    }
    uint32_t bits = towards_odd(number);
    *ret = (bits + 0x7fff + (bits >> HALF & 1)) >> HALF;
    return !isinf(mc_bfloat16_unpack(*ret)) || isinf(number);
}

double mc_bfloat16_unpack(uint64_t bits)
{
    return float_of((uint32_t) bits << HALF);
}

/* NULL without an exception where there is none. */
static PyObject *find_type(void)
{
    PyObject *module = PyImport_ImportModule("ml_dtypes");
    PyObject *type = module ? PyObject_GetAttrString(module, "bfloat16") : NULL;
    Py_XDECREF(module);
    if (!type && PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_Clear();
    }
    return type;
}

static PyObject *widen(PyObject *bits)
{
    PyObject *wide = PyObject_CallMethod(bits, "astype", "s", "uint32");
    PyObject *count = wide ? PyLong_FromLong(HALF) : NULL;
    PyObject *moved = count ? PyNumber_InPlaceLshift(wide, count) : NULL;
    PyObject *array = moved ? PyObject_CallMethod(moved, "view", "s", "float32") : NULL;
    Py_XDECREF(moved);
    Py_XDECREF(count);
    Py_XDECREF(wide);
    return array;
}

PyObject *mc_bfloat16_array(PyObject *bits)
{
    PyObject *type = bits ? find_type() : NULL;
    PyObject *array = type                        ? PyObject_CallMethod(bits, "view", "O", type)
                      : bits && !PyErr_Occurred() ? widen(bits)
                                                  : NULL;
    Py_XDECREF(type);
    Py_XDECREF(bits);
    return array;
}
