/* List: the numbers of any sequence or iterable, or an array's, copied; an array comes out. */
#include "kernel_bridge/values/array_argument.h"
#include "kernel_bridge/values/bfloat16.h"
#include "kernel_bridge/values/items.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

#include <string.h>

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

/* The word of an element in memory. */
static uint64_t load(enum mc_scalar scalar, const char *at)
{
    uint64_t word = 0;
    unsigned size = mc_scalars[scalar].size;
    memcpy(&word, at, size);
    if (mc_scalars[scalar].kind == 'i' && size < 8) {
        unsigned unused = 64 - 8 * size;
        word = (uint64_t) ((int64_t) (word << unused) >> unused);
    }
    return word;
}

#define MEMORY_NAME "mojocell.memory"

static void release_memory(PyObject *capsule)
{
    void *address = PyCapsule_GetPointer(capsule, MEMORY_NAME);
    mc_release_thunk *thunk = (mc_release_thunk *) PyCapsule_GetContext(capsule);
    thunk(address);
}

static void free_memory(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, MEMORY_NAME));
}

/* Owns the memory from then on, also by a failure. */
static PyObject *own_memory(const struct mc_result *result, void *address)
{
    PyObject *capsule = PyCapsule_New(address, MEMORY_NAME, release_memory);
    if (!capsule) {
        mc_result_release(result, (uint64_t) (uintptr_t) address);
        return NULL;
    }
    if (PyCapsule_SetContext(capsule, (void *) result->release) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

static PyObject *copy_memory(const char *address, size_t bytes)
{
    char *copy = PyMem_Malloc(bytes + 1);
    if (!copy) {
        return PyErr_NoMemory();
    }
    if (bytes) {
        memcpy(copy, address, bytes);
    }
    PyObject *capsule = PyCapsule_New(copy, MEMORY_NAME, free_memory);
    if (!capsule) {
        PyMem_Free(copy);
    }
    return capsule;
}

/* The Mojo function's own memory as an array, where it is not only lent. */
static PyObject *
give_array(const struct mc_result *result, enum mc_scalar scalar, const uint64_t *words)
{
    char *address = (char *) (uintptr_t) words[0];
    size_t count = (size_t) words[1];
    bool own = address && count && result->release;
    PyObject *owner =
        own ? own_memory(result, address) : copy_memory(address, count * mc_scalars[scalar].size);
    if (!own) {
        mc_result_release(result, words[0]);
    }
    if (!owner) {
        return NULL;
    }
    void *data = PyCapsule_GetPointer(owner, MEMORY_NAME);
    return scalar == MC_BFLOAT16
               ? mc_bfloat16_array(mc_numpy_wrap(result->numpy, MC_UINT16, data, count, owner))
               : mc_numpy_wrap(result->numpy, scalar, data, count, owner);
}

static PyObject *
give_list(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    const struct mc_type element = element_of(type);
    const struct mc_value_kind *kind = mc_value_kind_of(&element);
    const char *address = (const char *) (uintptr_t) words[0];
    PyObject *list = PyList_New((Py_ssize_t) words[1]);
    for (size_t i = 0; list && i < words[1]; i++) {
        uint64_t word = load(element.scalar, address + i * mc_scalars[element.scalar].size);
        PyObject *item = kind->give(result, &element, &word);
        if (!item) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t) i, item);
    }
    mc_result_release(result, words[0]);
    return list;
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    int numpy = mc_numpy_import(result->numpy);
    if (numpy < 0) {
        mc_result_release(result, words[0]);
        return NULL;
    }
    return numpy ? give_array(result, type->scalar, words) : give_list(result, type, words);
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
