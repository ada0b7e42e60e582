/* List[String]: the strings of any sequence or iterable, copied; a list comes out. */
#include "base/buf.h"
#include "kernel_bridge/values/block.h"
#include "kernel_bridge/values/items.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

static const struct mc_type text = {.kind = MC_TYPE_STRING, .words = 2};

/* ---- in ---- */

/* Arrays of Arrow's have scalars of their own, that are no str. */
static PyObject *items_of(struct mc_conversion *conversion, PyObject *value)
{
    const struct mc_type type = {.kind = MC_TYPE_TEXTS, .words = 2};
    PyObject *list = NULL;
    if (!PyList_Check(value) && !PyType_Check(value) &&
        PyObject_HasAttrString(value, "to_pylist") &&
        !(list = PyObject_CallMethod(value, "to_pylist", NULL))) {
        return NULL;
    }
    PyObject *items = mc_items_of(conversion, &type, list ? list : value);
    Py_XDECREF(list);
    return items;
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    (void) type;
    mc_autobuf block = MC_BUF_INIT;
    PyObject *items = items_of(conversion, value);
    int done = items ? mc_block_add_all(conversion, &text, items, &block) : -1;
    Py_XDECREF(items);
    return done < 0 ? -1 : mc_block_hold(conversion, &block, ret);
}

/* ---- out ---- */

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) type;
    return mc_block_list(result, &text, words);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    (void) type;
    return PyList_Check(value) || PyTuple_Check(value) ? MC_CLOSE_EXACT : MC_CLOSE_KIND;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    return returned ? Py_GenericAlias((PyObject *) &PyList_Type, (PyObject *) &PyUnicode_Type)
                    : mc_items_annotation((PyObject *) &PyUnicode_Type);
}

const struct mc_value_kind mc_value_texts = {take, give, closeness, annotate};
