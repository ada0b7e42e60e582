/* List: the numbers of any sequence or iterable, or an array's, copied; an array comes out. */
#include "kernel_bridge/values/array_argument.h"
#include "kernel_bridge/values/array_result.h"
#include "kernel_bridge/values/items.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

static struct mc_type element_of(const struct mc_type *type)
{
    return (struct mc_type) {.kind = MC_TYPE_SCALAR, .scalar = type->scalar, .words = 1};
}

/* ---- in ---- */

/* Of its own: an item's __index__ may change the list. */
static int take_items(struct mc_conversion *conversion,
                      const struct mc_type *type,
                      PyObject *items,
                      uint64_t *ret)
{
    int done = items ? mc_items_take(conversion, type, items, ret) : -1;
    Py_XDECREF(items);
    return done;
}

/* An array of NumPy's as it is, which is most of them. */
static bool take_plain(const struct mc_conversion *conversion,
                       const struct mc_type *type,
                       PyObject *value,
                       uint64_t *ret)
{
    const struct mc_ndarray *array = (const struct mc_ndarray *) value;
    if (!Py_IS_TYPE(value, conversion->numpy->array) || type->scalar == MC_BOOL ||
        !mc_ndarray_fits(array, type->scalar, false)) {
        return false;
    }
    ret[0] = array->shape[0] ? (uint64_t) (uintptr_t) array->data : 0;
    ret[1] = (uint64_t) array->shape[0];
    return true;
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    struct mc_array array;
    if (take_plain(conversion, type, value, ret)) {
        return 0;
    }
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return take_items(conversion, type, mc_items_of(conversion, type, value), ret);
    }
    int found = mc_array_find(conversion, type, value, &array);
    if (found <= 0) {
        return found < 0 ? -1
                         : take_items(conversion, type, mc_items_of(conversion, type, value), ret);
    }
    if (array.kind == 'O' && array.ndim == 1) {
        return take_items(conversion, type, mc_items_of_array(conversion, type, &array), ret);
    }
    return mc_array_take(conversion, type, &array, ret);
}

/* ---- out ---- */

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    Py_ssize_t count = (Py_ssize_t) words[1];
    return mc_array_give(result, type->scalar, words[0], 1, &count);
}

/* ---- the others ---- */

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    const struct mc_type element = element_of(type);
    enum mc_closeness least = MC_CLOSE_EXACT;
    if (!PyList_Check(value) && !PyTuple_Check(value)) {
        return MC_CLOSE_KIND;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(value);
    for (Py_ssize_t i = 0; i < count; i++) {
        enum mc_closeness one = mc_convert_closeness(&element, PySequence_Fast_GET_ITEM(value, i));
        least = one < least ? one : least;
    }
    return least;
}

/* Any sequence goes in; an array comes out. */
static PyObject *annotate(const struct mc_type *type, bool returned)
{
    const struct mc_type element = element_of(type);
    if (returned) {
        return mc_array_annotation(type);
    }
    PyObject *item = mc_annotation(&element, false);
    PyObject *annotation = item ? mc_items_annotation(item) : NULL;
    Py_XDECREF(item);
    return annotation;
}

const struct mc_value_kind mc_value_list = {take, give, closeness, annotate};
