/* Bool: a bool, or one of NumPy's. */
#include "kernel_bridge/values/number.h"
#include "kernel_bridge/values/value_kind.h"

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    if (PyBool_Check(value)) {
        *ret = value == Py_True;
        return 0;
    }
    if (mc_is_numpy_bool(conversion, value)) {
        int truth = PyObject_IsTrue(value);
        *ret = truth > 0;
        return truth < 0 ? -1 : 0;
    }
    if (value == Py_None || PyUnicode_Check(value)) { /* bool() of these is rarely what is meant */
        return mc_refuse_type(conversion, type, value);
    }
    return mc_refuse_unconverted(conversion, type, value, &PyBool_Type);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) result;
    (void) type;
    return PyBool_FromLong(words[0] != 0);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    bool exact = PyBool_Check(value) || mc_is_numpy_scalar(type->scalar, value);
    return exact ? MC_CLOSE_EXACT : MC_CLOSE_CONVERTED;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    return Py_NewRef(&PyBool_Type);
}

const struct mc_value_kind mc_value_bool = {take, give, closeness, annotate};
