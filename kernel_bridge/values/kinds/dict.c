/* Dict, of a result alone. */
#include "kernel_bridge/values/block.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

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

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    PyObject *key = mc_annotation(&type->items[0], returned);
    PyObject *value = key ? mc_annotation(&type->items[1], returned) : NULL;
    PyObject *both = value ? PyTuple_Pack(2, key, value) : NULL;
    PyObject *annotation = both ? Py_GenericAlias((PyObject *) &PyDict_Type, both) : NULL;
    Py_XDECREF(both);
    Py_XDECREF(value);
    Py_XDECREF(key);
    return annotation;
}

const struct mc_value_kind mc_value_dict = {.give = give, .annotate = annotate};
