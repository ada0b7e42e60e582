/* MojoFunction: the type of what a user calls. To Python it is a builtin function with the face of
 * its stub, a Python function that is generated from the source: what the object has no attribute
 * for is asked of the stub, so that inspect, pydoc, doctest and those who look at __code__ see it.
 */
#include "base/mem.h"
#include "kernel_bridge/python/function.h"

static PyObject *function_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"name",
                            "entries",
                            "library",
                            "mode",
                            "nogil",
                            "worker",
                            "fail",
                            "on_isolated",
                            "stub",
                            "reduce",
                            "map",
                            NULL};
    struct mc_function_options options = {.name = NULL};
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "UOO|$OpOOOOOO:Function",
                                     names,
                                     &options.name,
                                     &options.entries,
                                     &options.library,
                                     &options.mode,
                                     &options.nogil,
                                     &options.worker,
                                     &options.fail,
                                     &options.on_isolated,
                                     &options.stub,
                                     &options.reduce,
                                     &options.map)) {
        return NULL;
    }
    return mc_function_make(type, &options);
}

static int function_traverse(PyObject *object, visitproc visit, void *arg)
{
    const struct mc_function *self = (const struct mc_function *) object;
    PyObject *const all[] = {
        (PyObject *) Py_TYPE(object),
        self->worker,
        self->entries,
        self->library,
        self->get_worker,
        self->fail,
        self->on_isolated,
        self->stub,
        self->reduce,
        self->get_map,
        self->map,
        self->changes,
        self->variants,
        self->dict,
        self->stale,
    };
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        Py_VISIT(all[i]);
    }
    return 0;
}

/* A text stays: it holds nothing, and a call asks for it. */
static void clear_successor(struct mc_function *self)
{
    if (self->stale && !PyUnicode_Check(self->stale)) {
        Py_CLEAR(self->stale);
    }
}

/* What calls need stays: others may still call in the middle of a collection. */
static int function_clear(PyObject *object)
{
    struct mc_function *self = (struct mc_function *) object;
    PyObject **all[] = {
        &self->worker,
        &self->get_worker,
        &self->fail,
        &self->on_isolated,
        &self->stub,
        &self->reduce,
        &self->get_map,
        &self->map,
        &self->changes,
        &self->variants,
        &self->dict,
    };
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        Py_CLEAR(*all[i]);
    }
    clear_successor(self);
    return 0;
}

static void function_dealloc(PyObject *object)
{
    struct mc_function *self = (struct mc_function *) object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->weakrefs) {
        PyObject_ClearWeakRefs(object);
    }
    function_clear(object);
    for (size_t i = 0; i < self->count; i++) {
        mc_overload_fini(&self->overloads[i]);
    }
    PyMem_Free(self->overloads);
    Py_XDECREF(self->library);
    Py_XDECREF(self->entries);
    Py_XDECREF(self->name);
    Py_XDECREF(self->qualname);
    Py_XDECREF(self->stale);
    Py_XDECREF(self->reason);
    type->tp_free(object);
    Py_DECREF(type);
}

/* ---- methods ---- */

static PyObject *function_repr(PyObject *object)
{
    const struct mc_function *self = (const struct mc_function *) object;
    PyObject *first = self->overloads[0].text;
    if (self->count > 1) {
        return PyUnicode_FromFormat("<Mojo function %U and %zu more, %s>",
                                    first,
                                    self->count - 1,
                                    self->isolated ? "isolated" : "inline");
    }
    return PyUnicode_FromFormat(
        "<Mojo function %U, %s>", first, self->isolated ? "isolated" : "inline");
}

static PyObject *function_copy(PyObject *object, PyObject *Py_UNUSED(memo))
{
    return Py_NewRef(object);
}

/* Of a variant, what makes it gets the options behind its other arguments. */
static PyObject *reduce_variant(const struct mc_function *self)
{
    PyObject *maker;
    PyObject *args;
    if (!PyArg_ParseTuple(self->reduce, "OO!", &maker, &PyTuple_Type, &args)) {
        return NULL;
    }
    PyObject *last = PyTuple_Pack(1, self->changes);
    PyObject *all = last ? PySequence_Concat(args, last) : NULL;
    PyObject *reduced = all ? PyTuple_Pack(2, maker, all) : NULL;
    Py_XDECREF(all);
    Py_XDECREF(last);
    return reduced;
}

static PyObject *function_reduce(PyObject *object, PyObject *Py_UNUSED(protocol))
{
    const struct mc_function *self = (const struct mc_function *) object;
    if (!self->reduce) {
        PyErr_Format(PyExc_TypeError, "cannot pickle the Mojo function '%s'", self->text);
        return NULL;
    }
    return self->changes && PyTuple_Check(self->reduce) ? reduce_variant(self)
                                                        : Py_NewRef(self->reduce);
}

static int copy_state(const struct mc_function *self, struct mc_function *ret)
{
    ret->worker = Py_XNewRef(self->worker);
    ret->stale = Py_XNewRef(self->stale);
    ret->qualname = Py_XNewRef(self->qualname);
    ret->told = self->told;
    ret->dict = self->dict ? PyDict_Copy(self->dict) : NULL;
    return self->dict && !ret->dict ? -1 : 0;
}

static struct mc_function_options options_of(const struct mc_function *self)
{
    return (struct mc_function_options) {
        .name = self->name,
        .entries = self->entries,
        .library = self->library,
        .nogil = self->nogil,
        .worker = self->get_worker,
        .fail = self->fail,
        .on_isolated = self->on_isolated,
        .stub = self->stub,
        .reduce = self->reduce,
        .map = self->get_map,
    };
}

static PyObject *
make_variant(PyObject *object, const struct mc_function_options *options, bool isolated)
{
    struct mc_function *variant = (struct mc_function *) mc_function_make(Py_TYPE(object), options);
    if (variant) {
        variant->isolated = isolated;
        if (copy_state((struct mc_function *) object, variant) < 0) {
            Py_CLEAR(variant);
        } else {
            mc_function_choose_call(variant);
        }
    }
    return (PyObject *) variant;
}

/* The options that a variant was made with, those of its origin among them. */
static int
note_changes(struct mc_function *variant, PyObject *before, PyObject *mode, PyObject *nogil)
{
    PyObject *changes = before ? PyDict_Copy(before) : PyDict_New();
    if (!changes || (mode != Py_None && PyDict_SetItemString(changes, "mode", mode) < 0) ||
        (nogil != Py_None &&
         PyDict_SetItemString(changes, "nogil", variant->nogil ? Py_True : Py_False) < 0)) {
        Py_XDECREF(changes);
        return -1;
    }
    variant->changes = changes;
    return 0;
}

static PyObject *function_with_options(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"mode", "nogil", NULL};
    const struct mc_function *self = (const struct mc_function *) object;
    struct mc_function_options options = options_of(self);
    PyObject *mode = Py_None;
    PyObject *nogil = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OO:with_options", names, &mode, &nogil)) {
        return NULL;
    }
    bool isolated = self->isolated;
    options.nogil = nogil == Py_None ? self->nogil : PyObject_IsTrue(nogil);
    if (options.nogil < 0 || (mode != Py_None && mc_function_read_mode(mode, &isolated) < 0) ||
        (mode != Py_None && !isolated && mc_function_check_inline(self) < 0)) {
        return NULL;
    }
    PyObject *variant = make_variant(object, &options, isolated);
    struct mc_function *made = (struct mc_function *) variant;
    if (made && (note_changes(made, self->changes, mode, nogil) < 0 ||
                 mc_variants_add((struct mc_function *) object, made) < 0)) {
        Py_CLEAR(variant);
    }
    return variant;
}

static PyObject *function_rehearsal(PyObject *object, PyObject *Py_UNUSED(unused))
{
    struct mc_function_options options = options_of((const struct mc_function *) object);
    options.reduce = NULL;
    options.rehearsal = true;
    return make_variant(object, &options, ((struct mc_function *) object)->isolated);
}

PyDoc_STRVAR(with_options_doc,
             "with_options($self, /, *, mode=None, nogil=None)\n--\n\n"
             "The same function with another mode, or without the GIL.");
PyDoc_STRVAR(rehearsal_doc,
             "rehearsal($self, /)\n--\n\n"
             "A callable that does all that a call of the function does but the function itself:\n"
             "arguments are converted, and taken to the worker and back. It returns None.");

static PyMethodDef function_methods[] = {
    {"__copy__", function_copy, METH_NOARGS, NULL},
    {"__deepcopy__", function_copy, METH_O, NULL},
    {"__reduce__", function_reduce, METH_NOARGS, NULL},
    {"__reduce_ex__", function_reduce, METH_O, NULL},
    {"with_options",
     (PyCFunction) (void (*)(void)) function_with_options,
     METH_VARARGS | METH_KEYWORDS,
     with_options_doc},
    {"rehearsal", function_rehearsal, METH_NOARGS, rehearsal_doc},
    {0},
};

static PyType_Slot function_slots[] = {
    {Py_tp_new, function_new},
    {Py_tp_dealloc, function_dealloc},
    {Py_tp_traverse, function_traverse},
    {Py_tp_clear, function_clear},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_getattro, mc_function_getattro},
    {Py_tp_descr_get, mc_function_get},
    {Py_tp_repr, function_repr},
    {Py_tp_getset, mc_function_getset},
    {Py_tp_members, mc_function_members},
    {Py_tp_methods, function_methods},
    {0, NULL},
};

PyType_Spec mc_bridge_function_spec = {
    .name = "mojocell.MojoFunction",
    .basicsize = sizeof(struct mc_function),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = function_slots,
};
