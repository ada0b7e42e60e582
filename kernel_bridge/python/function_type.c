/* MojoFunction: the type of what a user calls. To Python it is a builtin function with the face of
 * its stub, a Python function that is generated from the source: what the object has no attribute
 * for is asked of the stub, so that inspect, pydoc, doctest and those who look at __code__ see it.
 */
#include "kernel_bridge/python/function_type.h"

#include "abi/kind.h"
#include "base/mem.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

/* ---- making ---- */

static int read_mode(PyObject *mode, bool *ret_isolated)
{
    if (PyUnicode_Check(mode)) {
        *ret_isolated = PyUnicode_CompareWithASCIIString(mode, "isolated") == 0;
        if (*ret_isolated || PyUnicode_CompareWithASCIIString(mode, "inline") == 0) {
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "mode must be 'inline' or 'isolated', not %R", mode);
    return -1;
}

static int read_overloads(struct mc_function *self)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(self->entries);
    if (count == 0) {
        PyErr_SetString(PyExc_ValueError, "a function without an entry");
        return -1;
    }
    self->overloads = PyMem_Calloc((size_t) count, sizeof *self->overloads);
    if (!self->overloads) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *entry = PyTuple_GET_ITEM(self->entries, i);
        if (mc_overload_init(&self->overloads[i], entry, self->text, &self->bridge->numpy) < 0) {
            return -1;
        }
        self->count++;
    }
    return 0;
}

/* What a rehearsal calls. */
static int32_t do_nothing(const uint64_t *Py_UNUSED(in), uint64_t *Py_UNUSED(out))
{
    return MC_THUNK_RETURNED;
}

/* Its overloads take what the function's do, and call nothing. */
static void rehearse(struct mc_function *self)
{
    for (size_t i = 0; i < self->count; i++) {
        struct mc_overload *overload = &self->overloads[i];
        free(overload->symbol);
        overload->symbol = NULL;
        mc_type_fini(&overload->abi.result);
        overload->abi.result = (struct mc_type) {.kind = MC_TYPE_NONE};
    }
}

/* The thunks of a function that is to be called in this process. */
static int find_thunks(struct mc_function *self)
{
    PyObject *reason;
    if (!self->library) {
        self->isolated = true;
        return 0;
    }
    self->artifact = mc_bridge_artifact(self->library, &reason);
    if (!self->artifact) {
        self->reason = Py_NewRef(reason);
        return 0;
    }
    for (size_t i = 0; i < self->count; i++) {
        struct mc_overload *overload = &self->overloads[i];
        overload->thunk =
            overload->symbol ? mc_artifact_thunk(self->artifact, overload->symbol) : do_nothing;
        if (!overload->thunk) {
            PyErr_Format(PyExc_ValueError, "the artifact has no '%s'", overload->symbol);
            return -1;
        }
        if (mc_type_owns_memory(&overload->abi.result) && !self->artifact->release) {
            PyErr_SetString(PyExc_ValueError, "the artifact has no '" MC_THUNK_RELEASE "'");
            return -1;
        }
    }
    return 0;
}

static PyObject *none_is_null(PyObject *object)
{
    return object == Py_None ? NULL : Py_XNewRef(object);
}

static int take_callable(PyObject *object, const char *name, PyObject **ret)
{
    if (object && object != Py_None && !PyCallable_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be callable or None", name);
        return -1;
    }
    *ret = none_is_null(object);
    return 0;
}

/* What function_new was given. */
struct options {
    PyObject *name;
    PyObject *entries;
    PyObject *library;
    PyObject *mode;
    int nogil;
    PyObject *worker;
    PyObject *fail;
    PyObject *on_isolated;
    PyObject *stub;
    PyObject *reduce;
    bool rehearsal;
};

static int take_options(struct mc_function *self, const struct options *options)
{
    if (options->library && options->library != Py_None &&
        !Py_IS_TYPE(options->library, self->bridge->library_type)) {
        PyErr_SetString(PyExc_TypeError, "library must be a Library or None");
        return -1;
    }
    self->name = Py_NewRef(options->name);
    self->text = PyUnicode_AsUTF8(self->name);
    self->library = none_is_null(options->library);
    self->stub = none_is_null(options->stub);
    self->reduce = none_is_null(options->reduce);
    self->nogil = options->nogil != 0;
    self->entries = PySequence_Tuple(options->entries);
    if (!self->text || !self->entries ||
        (options->mode && read_mode(options->mode, &self->isolated) < 0) ||
        take_callable(options->worker, "worker", &self->get_worker) < 0 ||
        take_callable(options->fail, "fail", &self->fail) < 0 ||
        take_callable(options->on_isolated, "on_isolated", &self->on_isolated) < 0) {
        return -1;
    }
    if (read_overloads(self) < 0) {
        return -1;
    }
    if (options->rehearsal) {
        rehearse(self);
    }
    return find_thunks(self);
}

static PyObject *make(PyTypeObject *type, const struct options *options)
{
    struct mc_function *self = (struct mc_function *) type->tp_alloc(type, 0);
    if (self) {
        self->vectorcall = mc_function_call;
        self->bridge = mc_bridge_of(type);
        if (take_options(self, options) < 0) {
            Py_CLEAR(self);
        } else {
            mc_function_choose_call(self);
        }
    }
    return (PyObject *) self;
}

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
                            NULL};
    struct options options = {.name = NULL};
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "UOO|$OpOOOOO:Function",
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
                                     &options.reduce)) {
        return NULL;
    }
    return make(type, &options);
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
        self->changes,
        self->dict,
    };
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        Py_VISIT(all[i]);
    }
    return 0;
}

/* What calls need stays: others may still call in the middle of a collection. */
static int function_clear(PyObject *object)
{
    struct mc_function *self = (struct mc_function *) object;
    Py_CLEAR(self->worker);
    Py_CLEAR(self->get_worker);
    Py_CLEAR(self->fail);
    Py_CLEAR(self->on_isolated);
    Py_CLEAR(self->stub);
    Py_CLEAR(self->reduce);
    Py_CLEAR(self->changes);
    Py_CLEAR(self->dict);
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

/* ---- attributes ---- */

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

static PyObject *function_getattro(PyObject *object, PyObject *name)
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
static PyObject *
function_get(PyObject *object, PyObject *Py_UNUSED(instance), PyObject *Py_UNUSED(owner))
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

/* Whether the function can be called in this process; -1 with an exception that says why not. */
static int check_inline(const struct mc_function *self)
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
    if (read_mode(value, &isolated) < 0 || (!isolated && check_inline(self) < 0)) {
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
    } else {
        done = set_text(&self->stale, value, "stale");
    }
    mc_function_choose_call(self);
    return done;
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

static PyGetSetDef function_getset[] = {
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
     PyDoc_STR("Why it is not to be called any more, or None; calls raise then."),
     NULL},
    {"library", get_library, NULL, PyDoc_STR("The Library, or None."), NULL},
    {"isolated_reason",
     get_reason,
     NULL,
     PyDoc_STR("Why it is never called in this process, or None."),
     NULL},
    {"signatures", get_signatures, NULL, PyDoc_STR("As the source has them."), NULL},
    {0},
};

/* tp_vectorcall_offset and what else a type made from a spec has no slot for. */
static PyMemberDef function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct mc_function, vectorcall), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(struct mc_function, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct mc_function, weakrefs), READONLY, NULL},
    {0},
};

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

static struct options options_of(const struct mc_function *self)
{
    return (struct options) {
        .name = self->name,
        .entries = self->entries,
        .library = self->library,
        .nogil = self->nogil,
        .worker = self->get_worker,
        .fail = self->fail,
        .on_isolated = self->on_isolated,
        .stub = self->stub,
        .reduce = self->reduce,
    };
}

static PyObject *make_variant(PyObject *object, const struct options *options, bool isolated)
{
    struct mc_function *variant = (struct mc_function *) make(Py_TYPE(object), options);
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
    struct options options = options_of(self);
    PyObject *mode = Py_None;
    PyObject *nogil = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OO:with_options", names, &mode, &nogil)) {
        return NULL;
    }
    bool isolated = self->isolated;
    options.nogil = nogil == Py_None ? self->nogil : PyObject_IsTrue(nogil);
    if (options.nogil < 0 || (mode != Py_None && read_mode(mode, &isolated) < 0) ||
        (mode != Py_None && !isolated && check_inline(self) < 0)) {
        return NULL;
    }
    PyObject *variant = make_variant(object, &options, isolated);
    if (variant && note_changes((struct mc_function *) variant, self->changes, mode, nogil) < 0) {
        Py_CLEAR(variant);
    }
    return variant;
}

static PyObject *function_rehearsal(PyObject *object, PyObject *Py_UNUSED(unused))
{
    struct options options = options_of((const struct mc_function *) object);
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
    {Py_tp_getattro, function_getattro},
    {Py_tp_descr_get, function_get},
    {Py_tp_repr, function_repr},
    {Py_tp_getset, function_getset},
    {Py_tp_members, function_members},
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
