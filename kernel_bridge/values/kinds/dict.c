/* Dict: a dict, or what has items() as it has; a dict comes out. */
#include "base/mem.h"
#include "kernel_bridge/values/block.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

/* ---- in ---- */

static int add_pair(struct mc_conversion *conversion,
                    const struct mc_type *type,
                    PyObject *pair,
                    struct mc_buf *block)
{
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        return mc_refuse(conversion, PyExc_TypeError, "its items() are no pairs");
    }
    conversion->key = PyTuple_GET_ITEM(pair, 0);
    int done = mc_block_add(conversion, &type->items[0], conversion->key, block);
    if (done == 0) {
        done = mc_block_add(conversion, &type->items[1], PyTuple_GET_ITEM(pair, 1), block);
    }
    conversion->key = NULL;
    return done;
}

/* Items of its own: a value's __index__ may change the dict. NULL with an exception. */
static PyObject *
pairs_of(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    if (PyDict_Check(value)) {
        return PyDict_Items(value);
    }
    if (PyType_Check(value) || !PyMapping_Check(value) || !PyObject_HasAttrString(value, "items")) {
        mc_refuse_type(conversion, type, value);
        return NULL;
    }
    return PyMapping_Items(value);
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    mc_autobuf block = MC_BUF_INIT;
    PyObject *pairs = pairs_of(conversion, type, value);
    uint64_t count = pairs ? (uint64_t) PyList_GET_SIZE(pairs) : 0;
    int done = pairs ? 0 : -1;
    mc_buf_add(&block, &count, sizeof count);
    for (Py_ssize_t i = 0; done == 0 && i < PyList_GET_SIZE(pairs); i++) {
        done = add_pair(conversion, type, PyList_GET_ITEM(pairs, i), &block);
    }
    Py_XDECREF(pairs);
    return done < 0 ? -1 : mc_block_hold(conversion, &block, ret);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    PyObject *key;
    PyObject *item;
    Py_ssize_t at = 0;
    enum mc_closeness least = MC_CLOSE_EXACT;
    if (!PyDict_Check(value)) {
        return MC_CLOSE_KIND;
    }
    while (PyDict_Next(value, &at, &key, &item)) {
        enum mc_closeness one = mc_convert_closeness(&type->items[0], key);
        enum mc_closeness other = mc_convert_closeness(&type->items[1], item);
        least = one < least ? one : least;
        least = other < least ? other : least;
    }
    return least;
}

/* ---- out ---- */

/* 0, or -1 with an exception. */
static int add_next(PyObject *dict,
                    struct mc_block *block,
                    struct mc_result *result,
                    const struct mc_type *type)
{
    PyObject *key = mc_block_next(block, result, &type->items[0]);
    PyObject *value = key ? mc_block_next(block, result, &type->items[1]) : NULL;
    int done = value ? PyDict_SetItem(dict, key, value) : -1;
    Py_XDECREF(key);
    Py_XDECREF(value);
    return done;
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    struct mc_block block;
    Py_ssize_t count = mc_block_open(result, words, 2, &block);
    PyObject *dict = count < 0 ? NULL : PyDict_New();
    for (Py_ssize_t i = 0; dict && i < count; i++) {
        if (add_next(dict, &block, result, type) < 0) {
            Py_CLEAR(dict);
        }
    }
    mc_result_release(result, words[0]);
    return dict;
}

/* Any mapping goes in. */
static PyObject *mapping_of(PyObject *both, bool returned)
{
    if (returned || !both) {
        return both ? Py_GenericAlias((PyObject *) &PyDict_Type, both) : NULL;
    }
    PyObject *abc = PyImport_ImportModule("collections.abc");
    PyObject *mapping = abc ? PyObject_GetAttrString(abc, "Mapping") : NULL;
    PyObject *annotation = mapping ? PyObject_GetItem(mapping, both) : NULL;
    Py_XDECREF(mapping);
    Py_XDECREF(abc);
    return annotation;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    PyObject *key = mc_annotation(&type->items[0], returned);
    PyObject *value = key ? mc_annotation(&type->items[1], returned) : NULL;
    PyObject *both = value ? PyTuple_Pack(2, key, value) : NULL;
    PyObject *annotation = mapping_of(both, returned);
    Py_XDECREF(both);
    Py_XDECREF(value);
    Py_XDECREF(key);
    return annotation;
}

const struct mc_value_kind mc_value_dict = {take, give, closeness, annotate};
