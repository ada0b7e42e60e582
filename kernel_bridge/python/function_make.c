#include "abi/kind.h"
#include "kernel_bridge/python/function.h"

#include <string.h>

int mc_function_read_mode(PyObject *mode, bool *ret_isolated)
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

static int take_options(struct mc_function *self, const struct mc_function_options *options)
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
        (options->mode && mc_function_read_mode(options->mode, &self->isolated) < 0) ||
        take_callable(options->worker, "worker", &self->get_worker) < 0 ||
        take_callable(options->fail, "fail", &self->fail) < 0 ||
        take_callable(options->on_isolated, "on_isolated", &self->on_isolated) < 0 ||
        take_callable(options->map, "map", &self->get_map) < 0) {
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

PyObject *mc_function_make(PyTypeObject *type, const struct mc_function_options *options)
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
