#include "kernel_bridge/values/array.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

PyObject *mc_array_attribute(PyObject *value, const char *name, bool *ret_failed)
{
    PyObject *attribute = PyObject_GetAttrString(value, name);
    *ret_failed = false;
    if (!attribute) {
        *ret_failed = !PyErr_ExceptionMatches(PyExc_AttributeError);
        if (!*ret_failed) {
            PyErr_Clear();
        }
    }
    return attribute;
}

void mc_array_set_type(struct mc_array *array, char kind, Py_ssize_t size)
{
    static const struct {
        char kind;
        const char *name;
    } names[] = {{'i', "int"}, {'u', "uint"}, {'f', "float"}, {'c', "complex"}};
    static const struct {
        char kind;
        const char *name;
    } others[] = {{'b', "bool"},
                  {'B', "bfloat16"},
                  {'O', "object"},
                  {'M', "datetime64"},
                  {'m', "timedelta64"},
                  {'S', "bytes"},
                  {'U', "str"},
                  {'T', "str"}};
    array->kind = kind;
    array->size = size;
    snprintf(array->dtype, sizeof array->dtype, "structured");
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        if (names[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s%zd", names[i].name, 8 * size);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(others); i++) {
        if (others[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s", others[i].name);
        }
    }
}
