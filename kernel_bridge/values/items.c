#include "kernel_bridge/values/items.h"

#include "kernel_bridge/values/array_refuse.h"
#include "kernel_bridge/values/values.h"

/* What can be gone through, but for what goes through something else than its elements. */
static bool is_iterable(PyObject *value)
{
    return !PyUnicode_Check(value) && !PyBytes_Check(value) && !PyByteArray_Check(value) &&
           !PyDict_Check(value) && (Py_TYPE(value)->tp_iter || PySequence_Check(value)) &&
           !PyType_Check(value);
}

PyObject *
mc_items_of(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    if (!is_iterable(value)) {
        mc_refuse_type(conversion, type, value);
        return NULL;
    }
    if (conversion->trying && PyIter_Check(value)) {
        mc_refuse(conversion,
                  PyExc_TypeError,
                  "an iterator is gone through once, and several signatures are tried; write "
                  "list(%s)",
                  conversion->argument);
        return NULL;
    }
    return PySequence_Tuple(value);
}

PyObject *mc_items_annotation(PyObject *item)
{
    PyObject *abc = PyImport_ImportModule("collections.abc");
    PyObject *sequence = abc ? PyObject_GetAttrString(abc, "Sequence") : NULL;
    PyObject *annotation = sequence ? PyObject_GetItem(sequence, item) : NULL;
    Py_XDECREF(sequence);
    Py_XDECREF(abc);
    return annotation;
}

/* ---- numbers ---- */

static void store(void *elements, size_t index, unsigned size, uint64_t word)
{
    memcpy((char *) elements + index * size, &word, size); /* little-endian, as Mojo's targets */
}

static int convert(struct mc_conversion *conversion,
                   const struct mc_type *type,
                   PyObject *items,
                   char *ret_elements)
{
    const struct mc_type element = {.kind = MC_TYPE_SCALAR, .scalar = type->scalar, .words = 1};
    const struct mc_value_kind *kind = mc_value_kind_of(&element);
    int done = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items) && done == 0; i++) {
        uint64_t word;
        conversion->element = i;
        done = kind->take(conversion, &element, PyTuple_GET_ITEM(items, i), &word);
        if (done == 0) {
            store(ret_elements, (size_t) i, mc_scalars[type->scalar].size, word);
        }
    }
    conversion->element = -1;
    return done;
}

int mc_items_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *items,
                  uint64_t *ret_words)
{
    size_t count = (size_t) PyTuple_GET_SIZE(items);
    char *elements = PyMem_Malloc(count * mc_scalars[type->scalar].size + 1);
    if (!elements) {
        PyErr_NoMemory();
        return -1;
    }
    if (mc_hold(conversion->held, elements, PyMem_Free) < 0) {
        return -1;
    }
    ret_words[0] = count ? (uint64_t) (uintptr_t) elements : 0;
    ret_words[1] = (uint64_t) count;
    return convert(conversion, type, items, elements);
}

/* ---- arrays of objects ---- */

static bool is_missing(PyObject *object)
{
    const char *name = strrchr(Py_TYPE(object)->tp_name, '.');
    name = name ? name + 1 : Py_TYPE(object)->tp_name;
    return object == Py_None || strcmp(name, "NAType") == 0 || strcmp(name, "NaTType") == 0;
}

PyObject *mc_items_of_array(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            const struct mc_array *array)
{
    Py_ssize_t missing = 0;
    PyObject *items = PyTuple_New(array->first.count);
    for (Py_ssize_t i = 0; items && i < array->first.count; i++) {
        PyObject *object;
        memcpy(&object, array->first.data + i * array->first.stride, sizeof(PyObject *));
        object = object ? object : Py_None;
        missing += is_missing(object);
        PyTuple_SET_ITEM(items, i, Py_NewRef(object));
    }
    if (missing) {
        Py_CLEAR(items);
        mc_array_refuse_missing(conversion, type, array, missing);
    }
    return items;
}

int mc_items_refuse(struct mc_conversion *conversion,
                    const struct mc_type *type,
                    PyObject *value,
                    PyObject *items,
                    const struct mc_library *library)
{
    struct mc_type_text text;
    uint64_t words[2];
    mc_autobuf line = MC_BUF_INIT;
    if (mc_items_take(conversion, type, items, words) < 0) {
        return -1;
    }
    mc_library_write_cast(conversion, library, type->scalar, &line);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got %s; %s %s",
                     mc_type_text(type, &text),
                     Py_TYPE(value)->tp_name,
                     mc_array_advice(type->writable),
                     line.data);
}
