/* What a function shows of itself: its own attributes, then those of its stub. */
#include "kernel_bridge/python/function.h"

#include <stddef.h>

/* Of the type it says something else. */
static bool is_of_the_object(PyObject *name)
{
    return PyUnicode_CompareWithASCIIString(name, "__module__") == 0;
}

static PyObject *own_attribute(const struct mc_function *self, PyObject *name)
{
    PyObject *value = self->dict ? PyDict_GetItemWithError(self->dict, name) : NULL;
    if (value || PyErr_Occurred()) {
        return Py_XNewRef(value);
    }
    return self->stub ? PyObject_GetAttr(self->stub, name) : NULL;
}

PyObject *mc_function_getattro(PyObject *object, PyObject *name)
{
    const struct mc_function *self = (const struct mc_function *) object;
    if (PyUnicode_Check(name) && is_of_the_object(name)) {
        PyObject *value = own_attribute(self, name);
        if (value || PyErr_Occurred()) {
            return value;
        }
    }
    PyObject *value = PyObject_GenericGetAttr(object, name);
    if (!value && self->stub && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyObject *error = mc_bridge_take_exception();
        value = PyObject_GetAttr(self->stub, name);
        if (!value && PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
            mc_bridge_put_exception(Py_NewRef(error)); /* it names this type */
        }
        Py_DECREF(error);
    }
    return value;
}

/* A descriptor of the type's, because that is where pydoc looks. */
static PyObject *get_doc(PyObject *object, void *Py_UNUSED(closure))
{
    PyObject *name = PyUnicode_InternFromString("__doc__");
    PyObject *value = name ? own_attribute((const struct mc_function *) object, name) : NULL;
    Py_XDECREF(name);
    return value || PyErr_Occurred() ? value : Py_NewRef(Py_None);
}

static int set_doc(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    struct mc_function *self = (struct mc_function *) object;
    if (!self->dict && !(self->dict = PyDict_New())) {
        return -1;
    }
    return PyDict_SetItemString(self->dict, "__doc__", value ? value : Py_None);
}

/* It is no method; but what has no __get__ is no routine to the tools that show documentation. */
PyObject *
mc_function_get(PyObject *object, PyObject *Py_UNUSED(instance), PyObject *Py_UNUSED(owner))
{
    return Py_NewRef(object);
}

static PyObject *get_name(PyObject *object, void *Py_UNUSED(closure))
{
    return Py_NewRef(((struct mc_function *) object)->name);
}

static int set_text(PyObject **attribute, PyObject *value, const char *name)
{
    if (!value || !PyUnicode_Check(value) || !PyUnicode_AsUTF8(value)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s must be set to a string object", name);
        return -1;
    }
    Py_XSETREF(*attribute, Py_NewRef(value));
    return 0;
}

static int set_name(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    struct mc_function *self = (struct mc_function *) object;
    int done = set_text(&self->name, value, "__name__");
    self->text = PyUnicode_AsUTF8(self->name);
    return done;
}

static PyObject *get_qualname(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    if (!self->qualname && self->stub) {
        PyObject *name = PyObject_GetAttrString(self->stub, "__qualname__");
        if (name) {
            return name;
        }
        PyErr_Clear();
    }
    return Py_NewRef(self->qualname ? self->qualname : self->name);
}

static int set_qualname(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    return set_text(&((struct mc_function *) object)->qualname, value, "__qualname__");
}

static PyObject *get_wrapped(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    if (!self->stub) {
        PyErr_SetString(PyExc_AttributeError, "__wrapped__");
        return NULL;
    }
    return Py_NewRef(self->stub);
}

static PyObject *get_mode(PyObject *object, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(((struct mc_function *) object)->isolated ? "isolated" : "inline");
}

int mc_function_check_inline(const struct mc_function *self)
{
    if (self->reason) {
        PyErr_Format(PyExc_ValueError, "%s cannot be inline: %U", self->text, self->reason);
    } else if (!self->library) {
        PyErr_Format(PyExc_ValueError, "%s cannot be inline: it was not loaded here", self->text);
    } else {
        return 0;
    }
    return -1;
}

static int set_mode(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    struct mc_function *self = (struct mc_function *) object;
    bool isolated;
    if (!value) {
        PyErr_SetString(PyExc_AttributeError, "mode cannot be deleted");
        return -1;
    }
    if (mc_function_read_mode(value, &isolated) < 0 ||
        (!isolated && mc_function_check_inline(self) < 0)) {
        return -1;
    }
    self->isolated = isolated;
    mc_function_choose_call(self);
    return 0;
}

static PyObject *get_nogil(PyObject *object, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((struct mc_function *) object)->nogil);
}

static PyObject *get_stale(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    return Py_NewRef(self->stale ? self->stale : Py_None);
}

static int set_stale(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    struct mc_function *self = (struct mc_function *) object;
    int done = 0;
    if (!value || value == Py_None) {
        Py_CLEAR(self->stale);
    } else if (PyCallable_Check(value)) {
        Py_XSETREF(self->stale, Py_NewRef(value));
    } else {
        done = set_text(&self->stale, value, "stale");
    }
    mc_function_choose_call(self);
    return done < 0 ? done : mc_variants_follow(self);
}

static PyObject *get_library(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    return Py_NewRef(self->library ? self->library : Py_None);
}

static PyObject *get_reason(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    return Py_NewRef(self->reason ? self->reason : Py_None);
}

/* Of what takes the place of a function that is out of date, its own. */
static PyObject *successors_map(const struct mc_function *self)
{
    PyObject *next = mc_variants_successor(self);
    PyObject *map = next ? PyObject_GetAttrString(next, "map") : NULL;
    Py_XDECREF(next);
    return map;
}

static PyObject *get_map(PyObject *object, void *Py_UNUSED(closure))
{
    struct mc_function *self = (struct mc_function *) object;
    if (self->stale && !PyUnicode_Check(self->stale)) {
        return successors_map(self);
    }
    if (!self->map && !self->get_map) {
        PyErr_Format(PyExc_AttributeError, "the Mojo function '%s' has no map", self->text);
        return NULL;
    }
    if (!self->map) {
        PyObject *made = PyObject_CallOneArg(self->get_map, object);
        Py_XSETREF(self->map, made);
    }
    return Py_XNewRef(self->map);
}

static PyObject *get_signatures(PyObject *object, void *Py_UNUSED(closure))
{
    const struct mc_function *self = (const struct mc_function *) object;
    PyObject *tuple = PyTuple_New((Py_ssize_t) self->count);
    for (size_t i = 0; tuple && i < self->count; i++) {
        PyTuple_SET_ITEM(tuple, (Py_ssize_t) i, Py_NewRef(self->overloads[i].text));
    }
    return tuple;
}

PyDoc_STRVAR(function_doc,
             "A function that is written in Mojo.\n\n"
             "It does not bind to an instance as a method; as attribute of a class it is what a\n"
             "static method is.");

PyGetSetDef mc_function_getset[] = {
    {"__doc__", get_doc, set_doc, function_doc, NULL},
    {"__name__", get_name, set_name, NULL, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL, NULL},
    {"__wrapped__", get_wrapped, NULL, PyDoc_STR("The stub."), NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"mode",
     get_mode,
     set_mode,
     PyDoc_STR("'inline': called in this process, guarded; 'isolated': in one of its own."),
     NULL},
    {"nogil", get_nogil, NULL, PyDoc_STR("Whether other threads run during a call."), NULL},
    {"stale",
     get_stale,
     set_stale,
     PyDoc_STR("Why it is not to be called any more, a text, and calls raise; or a callable that "
               "gives what "
               "is called instead; or None."),
     NULL},
    {"library", get_library, NULL, PyDoc_STR("The Library, or None."), NULL},
    {"isolated_reason",
     get_reason,
     NULL,
     PyDoc_STR("Why it is never called in this process, or None."),
     NULL},
    {"map",
     get_map,
     NULL,
     PyDoc_STR("It for each element of arrays, as a ufunc of NumPy's."),
     NULL},
    {"signatures", get_signatures, NULL, PyDoc_STR("As the source has them."), NULL},
    {0},
};

/* tp_vectorcall_offset and what else a type made from a spec has no slot for. */
PyMemberDef mc_function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct mc_function, vectorcall), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(struct mc_function, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct mc_function, weakrefs), READONLY, NULL},
    {0},
};
