/* What Python asks about types. */
#include "abi/kind.h"
#include "abi/signature.h"
#include "kernel_bridge/python/bridge.h"
#include "kernel_bridge/values/record.h"
#include "kernel_bridge/values/values.h"

static PyObject *annotation(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"", "returned", "classes", NULL};
    const char *text;
    int returned = 0;
    PyObject *classes = NULL;
    struct mc_held held = {0};
    struct mc_type type;
    mc_err err;
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "s|$pO:annotation", names, &text, &returned, &classes)) {
        return NULL;
    }
    if (mc_type_parse(text, &type, &err) < 0) {
        PyErr_SetString(PyExc_ValueError, err.message);
        return NULL;
    }
    PyObject *found =
        mc_record_attach(&type, classes, &held) < 0 ? NULL : mc_annotation(&type, returned);
    mc_held_fini(&held);
    mc_type_fini(&type);
    return found;
}

PyDoc_STRVAR(annotation_doc,
             "annotation(text, /, *, returned=False, classes=None)\n--\n\n"
             "Return the Python annotation of a type as `runtime/abi/signature.h` writes it.\n\n"
             "classes: of the structs in it, by 'module.name'.");

static PyObject *copies(PyObject *module, PyObject *Py_UNUSED(unused))
{
    const struct mc_bridge *state = PyModule_GetState(module);
    return Py_BuildValue(
        "(KK)", (unsigned long long) state->copies.count, (unsigned long long) state->copies.bytes);
}

PyDoc_STRVAR(copies_doc,
             "copies()\n--\n\n"
             "Return how many arguments that Mojo only reads were copied so far, and their bytes.");

PyMethodDef mc_bridge_type_methods[] = {
    {"copies", copies, METH_NOARGS, copies_doc},
    {"annotation",
     (PyCFunction) (void (*)(void)) annotation,
     METH_VARARGS | METH_KEYWORDS,
     annotation_doc},
    {0},
};

PyObject *mc_bridge_scalars(void)
{
    PyObject *scalars = PyDict_New();
    for (int i = 0; scalars && i < MC_SCALAR_COUNT; i++) {
        PyObject *name = PyUnicode_FromString(mc_numpy_name((enum mc_scalar) i).text);
        if (!name || PyDict_SetItemString(scalars, mc_scalars[i].name, name) < 0) {
            Py_CLEAR(scalars);
        }
        Py_XDECREF(name);
    }
    return scalars;
}
