/* Optional: None, or what the type in its brackets takes and gives. */
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

#include <string.h>

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    ret[0] = value != Py_None;
    if (value == Py_None) {
        memset(ret + 1, 0, type->items->words * sizeof *ret);
        return 0;
    }
    return mc_convert_in(conversion, type->items, value, ret + 1);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    if (!words[0]) {
        Py_RETURN_NONE;
    }
    return mc_convert_out(result, type->items, words + 1);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    return value == Py_None ? MC_CLOSE_EXACT : mc_convert_closeness(type->items, value);
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    PyObject *item = mc_annotation(type->items, returned);
    PyObject *annotation = NULL;
    if (item) {
        annotation = PyUnicode_Check(item) ? PyUnicode_FromFormat("%U | None", item)
                                           : PyNumber_Or(item, Py_None);
        Py_DECREF(item);
    }
    return annotation;
}

const struct mc_value_kind mc_value_optional = {take, give, closeness, annotate};
