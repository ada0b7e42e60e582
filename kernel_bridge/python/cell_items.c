/* The parts of a cell, as the daemon reads it. */
#include "kernel_bridge/python/cell_items.h"

#include "base/mem.h"
#include "mojo/cell_items.h"

#include <stdlib.h>

static PyObject *cell_items(PyObject *module, PyObject *args)
{
    const char *source;
    Py_ssize_t length;
    struct mc_cell *cell;
    mc_err err;
    if (!PyArg_ParseTuple(args, "s#:cell_items", &source, &length)) {
        return NULL;
    }
    if (mc_cell_parse(source, (size_t) length, &cell, &err) < 0) {
        mc_bridge_raise(PyModule_GetState(module), &err);
        return NULL;
    }
    json_t *items = mc_cell_items(cell);
    mc_cell_free(cell);
    char *text = items ? json_dumps(items, JSON_COMPACT) : NULL;
    PyObject *told = text ? PyUnicode_FromString(text) : PyErr_NoMemory();
    json_decref(items);
    free(text);
    return told;
}

PyMethodDef mc_bridge_cell_methods[] = {
    {"cell_items",
     cell_items,
     METH_VARARGS,
     PyDoc_STR("cell_items(source, /)\n--\n\n"
               "What stands at the top level of a cell, and where; JSON, as cell_items.h has it.")},
    {0},
};
