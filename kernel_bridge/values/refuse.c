#include "kernel_bridge/values/refuse.h"

#include "abi/kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mc_type_text(const struct mc_type *type, struct mc_type_text *buffer)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_type_write(type, &text);
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

int mc_refuse(const struct mc_conversion *conversion, PyObject *exception, const char *format, ...)
{
    char element[40] = "";
    va_list args;
    if (conversion->element >= 0) {
        snprintf(element, sizeof element, "element %zd: ", conversion->element);
    }
    va_start(args, format);
    PyObject *text = PyUnicode_FromFormatV(format, args);
    va_end(args);
    if (text) {
        PyErr_Format(exception,
                     "argument '%s' of %s: %s%U%s",
                     conversion->argument,
                     conversion->function,
                     element,
                     text,
                     advises_numpy(text) && !mc_numpy_is_installed() ? needs_numpy : "");
        Py_DECREF(text);
    }
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

int mc_refuse_unconverted(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          const char *function)
{
    struct mc_type_text text;
    if (conversion->element >= 0) {
        return mc_refuse_type(conversion, type, value);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got %s; write %s(%s)",
                     mc_type_text(type, &text),
                     Py_TYPE(value)->tp_name,
                     function,
                     conversion->argument);
}
