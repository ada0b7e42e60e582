/* How close a value is to a type: what decides between overloads. */
#include "kernel_bridge/values/values.h"

#include <stdio.h>
#include <string.h>

/* Of one of NumPy's scalars, by its type's name: "numpy.int32". */
static bool is_numpy_scalar(const struct mc_scalar_info *info, PyObject *value)
{
    static const char *const kinds[] = {
        ['b'] = "bool", ['i'] = "int", ['u'] = "uint", ['f'] = "float"};
    const char *name = Py_TYPE(value)->tp_name;
    char wanted[32];
    if (info->kind == 'b') {
        return strcmp(name, "numpy.bool") == 0 || strcmp(name, "numpy.bool_") == 0;
    }
    snprintf(wanted, sizeof wanted, "numpy.%s%d", kinds[(int) info->kind], 8 * info->size);
    return strcmp(name, wanted) == 0;
}

static enum mc_closeness scalar_closeness(enum mc_scalar scalar, PyObject *value)
{
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    bool whole = info->kind == 'i' || info->kind == 'u';
    if (is_numpy_scalar(info, value)) {
        return MC_CLOSE_EXACT;
    }
    if (info->kind == 'b') {
        return PyBool_Check(value) ? MC_CLOSE_EXACT : MC_CLOSE_CONVERTED;
    }
    if (PyBool_Check(value)) {
        return MC_CLOSE_CONVERTED;
    }
    if (PyLong_Check(value)) {
        return scalar == MC_INT ? MC_CLOSE_EXACT : whole ? MC_CLOSE_KIND : MC_CLOSE_CONVERTED;
    }
    if (PyFloat_Check(value)) {
        return scalar == MC_FLOAT64 ? MC_CLOSE_EXACT : MC_CLOSE_KIND;
    }
    return whole && PyIndex_Check(value) ? MC_CLOSE_KIND : MC_CLOSE_CONVERTED;
}

static enum mc_closeness list_closeness(enum mc_scalar scalar, PyObject *list)
{
    enum mc_closeness least = MC_CLOSE_EXACT;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(list);
    for (Py_ssize_t i = 0; i < count; i++) {
        enum mc_closeness one = scalar_closeness(scalar, PySequence_Fast_GET_ITEM(list, i));
        least = one < least ? one : least;
    }
    return least;
}

enum mc_closeness mc_convert_closeness(const struct mc_type *type, PyObject *value)
{
    switch (type->kind) {
    case MC_TYPE_SCALAR:
        return scalar_closeness(type->scalar, value);
    case MC_TYPE_LIST:
        return PyList_Check(value) || PyTuple_Check(value) ? list_closeness(type->scalar, value)
                                                           : MC_CLOSE_KIND;
    case MC_TYPE_OPTIONAL:
        return value == Py_None ? MC_CLOSE_EXACT : mc_convert_closeness(type->items, value);
    default:
        return MC_CLOSE_EXACT;
    }
}
