/* Records, a List of structs: any sequence or iterable of them, copied; a list comes out. */
#include "base/buf.h"
#include "kernel_bridge/values/block.h"
#include "kernel_bridge/values/items.h"
#include "kernel_bridge/values/values.h"

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    mc_autobuf block = MC_BUF_INIT;
    PyObject *items = mc_items_of(conversion, type, value);
    int done = items ? mc_block_add_all(conversion, type->items, items, &block) : -1;
    Py_XDECREF(items);
    return done < 0 ? -1 : mc_block_hold(conversion, &block, ret);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    return mc_block_list(result, type->items, words);
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    (void) type;
    return PyList_Check(value) || PyTuple_Check(value) ? MC_CLOSE_EXACT : MC_CLOSE_KIND;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    PyObject *item = mc_annotation(type->items, returned);
    PyObject *annotation = !item      ? NULL
                           : returned ? Py_GenericAlias((PyObject *) &PyList_Type, item)
                                      : mc_items_annotation(item);
    Py_XDECREF(item);
    return annotation;
}

const struct mc_value_kind mc_value_records = {take, give, closeness, annotate};
