#include "kernel_bridge/values/number.h"

#include <string.h>

PyObject *mc_describe_int(PyObject *number)
{
    PyObject *bits = PyObject_CallMethod(number, "bit_length", NULL);
    long count = bits ? PyLong_AsLong(bits) : -1;
    Py_XDECREF(bits);
    if (count < 0) {
        return NULL;
    }
    return count > 128 ? PyUnicode_FromFormat("an int of %ld bits", count) : PyObject_Repr(number);
}

bool mc_is_numpy_bool(const struct mc_conversion *conversion, PyObject *value)
{
    return mc_numpy_look(conversion->numpy) && Py_IS_TYPE(value, conversion->numpy->bool_type);
}

bool mc_is_numpy_scalar(enum mc_scalar scalar, PyObject *value)
{
    const char *module = scalar == MC_BFLOAT16 ? "ml_dtypes." : "numpy.";
    const char *name = Py_TYPE(value)->tp_name;
    struct mc_numpy_name wanted = mc_numpy_name(scalar);
    if (strncmp(name, module, strlen(module)) != 0) {
        return false;
    }
    name += strlen(module);
    return strcmp(name, wanted.text) == 0 || (scalar == MC_BOOL && strcmp(name, "bool") == 0);
}
