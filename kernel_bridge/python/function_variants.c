/* What with_options has made of a function: the whole family is in one WeakSet, so that none goes
 * on with what its origin must not do any more. */
#include "kernel_bridge/python/function.h"

/* The set of a function's family, made where there is none; borrowed. */
static PyObject *family_of(struct mc_function *origin)
{
    if (!origin->variants) {
        PyObject *weakref = PyImport_ImportModule("weakref");
        origin->variants = weakref ? PyObject_CallMethod(weakref, "WeakSet", NULL) : NULL;
        Py_XDECREF(weakref);
    }
    return origin->variants;
}

int mc_variants_add(struct mc_function *origin, struct mc_function *variant)
{
    PyObject *family = family_of(origin);
    PyObject *added = family ? PyObject_CallMethod(family, "add", "O", (PyObject *) variant) : NULL;
    if (!added) {
        return -1;
    }
    Py_DECREF(added);
    variant->variants = Py_NewRef(family);
    return 0;
}

static void be_like(const struct mc_function *origin, struct mc_function *variant)
{
    Py_XSETREF(variant->stale, Py_XNewRef(origin->stale));
    mc_function_choose_call(variant);
}

int mc_variants_follow(const struct mc_function *origin)
{
    PyObject *all = origin->variants && !origin->changes ? PySequence_List(origin->variants) : NULL;
    if (!all) {
        return PyErr_Occurred() ? -1 : 0;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(all); i++) {
        be_like(origin, (struct mc_function *) PyList_GET_ITEM(all, i));
    }
    Py_DECREF(all);
    return 0;
}

PyObject *mc_variants_successor(const struct mc_function *self)
{
    PyObject *next = PyObject_CallNoArgs(self->stale);
    if (!next || !self->changes) {
        return next;
    }
    PyObject *maker = PyObject_GetAttrString(next, "with_options");
    PyObject *none = maker ? PyTuple_New(0) : NULL;
    PyObject *variant = none ? PyObject_Call(maker, none, self->changes) : NULL;
    Py_XDECREF(none);
    Py_XDECREF(maker);
    Py_DECREF(next);
    return variant;
}
