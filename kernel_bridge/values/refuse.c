#include "kernel_bridge/values/refuse.h"

#include "abi/kind.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mc_type_text(const struct mc_type *type, struct mc_type_text *buffer)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_type_write_said(type, &text);
    snprintf(buffer->text, sizeof buffer->text, "%s", text.data ? text.data : "?");
    return buffer->text;
}

static const char needs_numpy[] = " (NumPy is not here: pip install numpy)";

static bool advises_numpy(PyObject *text)
{
    const char *utf8 = PyUnicode_AsUTF8(text);
    if (!utf8) {
        PyErr_Clear();
    }
    return utf8 && strstr(utf8, "numpy.");
}

/* Which part of the argument it is about. */
static PyObject *item_of(const struct mc_conversion *conversion)
{
    return conversion->key            ? PyUnicode_FromFormat("item %.100R: ", conversion->key)
           : conversion->element >= 0 ? PyUnicode_FromFormat("element %zd: ", conversion->element)
                                      : PyUnicode_FromString("");
}

int mc_refuse(const struct mc_conversion *conversion, PyObject *exception, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyObject *text = PyUnicode_FromFormatV(format, args);
    va_end(args);
    PyObject *item = text ? item_of(conversion) : NULL;
    if (item) {
        PyErr_Format(exception,
                     "argument '%s' of %s: %U%U%s",
                     conversion->argument,
                     conversion->function,
                     item,
                     text,
                     advises_numpy(text) && !mc_numpy_is_installed() ? needs_numpy : "");
    }
    Py_XDECREF(item);
    Py_XDECREF(text);
    return -1;
}

int mc_refuse_type(const struct mc_conversion *conversion,
                   const struct mc_type *type,
                   PyObject *value)
{
    struct mc_type_text text;
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got %s",
                     mc_type_text(type, &text),
                     value == Py_None ? "None" : Py_TYPE(value)->tp_name);
}

/* One number: what has a length, an imaginary part or a unit of time is more than that. */
static bool is_number(PyObject *value)
{
    static const char *const more[] = {"numpy.complex", "numpy.timedelta64", "numpy.datetime64"};
    bool one = PyNumber_Check(value) && !PyComplex_Check(value) && PyObject_Size(value) < 0;
    PyErr_Clear();
    for (size_t i = 0; i < MC_LENGTH(more); i++) {
        one = one && strncmp(Py_TYPE(value)->tp_name, more[i], strlen(more[i])) != 0;
    }
    return one;
}

/* Whether the type makes something of the value that is equal to it. */
static bool keeps(PyTypeObject *type, PyObject *value)
{
    PyObject *made = PyObject_CallOneArg((PyObject *) type, value);
    bool same = made && PyObject_RichCompareBool(made, value, Py_EQ) > 0;
    Py_XDECREF(made);
    PyErr_Clear();
    return same;
}

static bool rounds(PyObject *value)
{
    PyObject *made = PyObject_CallMethod(value, "__round__", NULL);
    bool whole = made && PyLong_Check(made);
    Py_XDECREF(made);
    PyErr_Clear();
    return whole;
}

/* Nothing that is advised may lose a part of the value without saying so. */
int mc_refuse_unconverted(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          PyTypeObject *converts)
{
    struct mc_type_text text;
    const char *wanted = mc_type_text(type, &text);
    const char *got = Py_TYPE(value)->tp_name;
    bool truth = converts == &PyBool_Type;
    if (conversion->element >= 0 || conversion->key || !is_number(value)) {
        return mc_refuse_type(conversion, type, value);
    }
    if (keeps(converts, value)) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "Mojo wants %s, got %s; write %s(%s)",
                         wanted,
                         got,
                         truth ? "bool" : "int",
                         conversion->argument);
    }
    if (!truth && !rounds(value)) {
        return mc_refuse_type(conversion, type, value);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     truth ? "Mojo wants %s, got %s; write %s != 0"
                           : "Mojo wants %s, got %s; write round(%s) to round it",
                     wanted,
                     got,
                     conversion->argument);
}
