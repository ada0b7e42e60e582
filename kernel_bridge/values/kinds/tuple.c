/* Tuple, of a result alone. */
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

/* The name of a class, the text of anything else. */
static PyObject *name_of(PyObject *annotation)
{
    if (PyUnicode_Check(annotation)) {
        return Py_NewRef(annotation);
    }
    return PyType_Check(annotation) ? PyObject_GetAttrString(annotation, "__name__")
                                    : PyObject_Str(annotation);
}

/* One text for all of them: "tuple[int, NDArray[int64]]" */
static PyObject *join(PyObject *items)
{
    Py_ssize_t count = PyTuple_GET_SIZE(items);
    PyObject *names = PyTuple_New(count);
    for (Py_ssize_t i = 0; names && i < count; i++) {
        PyObject *name = name_of(PyTuple_GET_ITEM(items, i));
        if (!name) {
            Py_CLEAR(names);
            break;
        }
        PyTuple_SET_ITEM(names, i, name);
    }
    PyObject *comma = names ? PyUnicode_FromString(", ") : NULL;
    PyObject *inside = comma ? PyUnicode_Join(comma, names) : NULL;
    PyObject *text = inside ? PyUnicode_FromFormat("tuple[%U]", inside) : NULL;
    Py_XDECREF(inside);
    Py_XDECREF(comma);
    Py_XDECREF(names);
    return text;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    bool is_text = false;
    PyObject *items = PyTuple_New(type->count);
    for (size_t i = 0; items && i < type->count; i++) {
        PyObject *item = mc_annotation(&type->items[i], returned);
        if (!item) {
            Py_CLEAR(items);
            break;
        }
        is_text = is_text || PyUnicode_Check(item);
        PyTuple_SET_ITEM(items, (Py_ssize_t) i, item);
    }
    PyObject *annotation = !items    ? NULL
                           : is_text ? join(items)
                                     : Py_GenericAlias((PyObject *) &PyTuple_Type, items);
    Py_XDECREF(items);
    return annotation;
}

const struct mc_value_kind mc_value_tuple = {.give = mc_convert_out_items, .annotate = annotate};
