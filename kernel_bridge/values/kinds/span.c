/* Span, MutSpan: memory of an array. What Mojo writes to is never a copy. */
#include "kernel_bridge/values/array_argument.h"
#include "kernel_bridge/values/items.h"
#include "kernel_bridge/values/value_kind.h"

static int
refuse_sequence(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    PyObject *items = PySequence_Tuple(value);
    int refused =
        items ? mc_items_refuse(conversion, type, value, items, mc_library_of(value)) : -1;
    Py_XDECREF(items);
    return refused;
}

static int refuse_objects(struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          const struct mc_array *array)
{
    PyObject *items = mc_items_of_array(conversion, type, array);
    int refused = items ? mc_items_refuse(conversion, type, value, items, array->library) : -1;
    Py_XDECREF(items);
    return refused;
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    struct mc_array array;
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return refuse_sequence(conversion, type, value);
    }
    int found = mc_array_find(conversion, type, value, &array);
    if (found <= 0) {
        return found < 0 ? -1 : mc_refuse_type(conversion, type, value);
    }
    if (array.kind == 'O' && array.ndim == 1) {
        return refuse_objects(conversion, type, value, &array);
    }
    return mc_array_take(conversion, type, &array, ret);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) type;
    (void) words;
    return mc_result_unfit(result, "a Span cannot be a result: nobody keeps its memory");
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) returned;
    return mc_array_annotation(type);
}

const struct mc_value_kind mc_value_span = {.take = take, .give = give, .annotate = annotate};
