/* A ufunc calls its loop with or without the GIL, in pieces, and goes on with the next piece where
 * one has failed: so the guard stands within the loop, around the call of the artifact's, and what
 * comes behind a failure does nothing. */
#include "abi/loop.h"
#include "base/mem.h"
#include "kernel_bridge/python/failure.h"
#include "kernel_bridge/python/function.h"
#include "kernel_bridge/python/loops.h"
#include "kernel_bridge/python/print.h"

#include <string.h>

/* The beginning of PyUFuncObject; the same in NumPy 1 and 2. */
struct ufunc {
    PyObject_HEAD int nin;
    int nout;
    int nargs;
    int identity;
    void *functions;
    void *data;
    int ntypes;
    int reserved;
    const char *name;
    const char *types;
    const char *doc;
    void *ptr;
    PyObject *obj; /* ours: the loops */
};

typedef void
ufunc_loop(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data);
typedef PyObject *make_ufunc(ufunc_loop **functions,
                             void **data,
                             const char *types,
                             int ntypes,
                             int nin,
                             int nout,
                             int identity,
                             const char *name,
                             const char *doc,
                             int unused);

enum { API_UFUNC_TYPE = 0, API_FROM_FUNC_AND_DATA = 1 };
enum { NO_IDENTITY = -1 };

struct loops;

struct loop {
    const struct loops *loops;
    const struct mc_overload *overload;
};

struct loops {
    PyObject_HEAD PyObject *function; /* whose thunks are loops */
    PyObject *place;                  /* called where one fails */
    bool prints;
    int nin, nout;
    size_t count;
    char *name;
    char *doc;
    struct loop *each;
    ufunc_loop **functions;
    void **data;
    char *types;
};

static const struct mc_function *function_of(const struct loops *loops)
{
    return (const struct mc_function *) loops->function;
}

static const struct mc_type *result_of(const struct mc_overload *overload, size_t i)
{
    const struct mc_type *result = &overload->abi.result;
    return result->kind == MC_TYPE_TUPLE ? &result->items[i] : result;
}

static size_t count_results(const struct mc_overload *overload)
{
    const struct mc_type *result = &overload->abi.result;
    return result->kind == MC_TYPE_TUPLE ? result->count : 1;
}

static enum mc_scalar scalar_of(const struct mc_overload *overload, size_t operand)
{
    size_t n = overload->abi.n_args;
    return operand < n ? overload->abi.args[operand].scalar
                       : result_of(overload, operand - n)->scalar;
}

/* ---- a failure ---- */

static __thread bool failed;      /* an exception of a loop was set in this thread */
static __thread bool counting;    /* of the call that is under way: */
static __thread uint64_t counted; /* elements of its loops that are done */

void mc_loops_begin(void)
{
    counting = true;
    counted = 0;
}

void mc_loops_end(void)
{
    counting = false;
}

/* Whether the exception is still there: NumPy goes on with the call that has failed. */
static bool has_failed(void)
{
    if (failed) {
        PyGILState_STATE gil = PyGILState_Ensure();
        failed = PyErr_Occurred() != NULL;
        PyGILState_Release(gil);
    }
    return failed;
}

static PyObject *real(enum mc_scalar scalar, const char *at)
{
    double wide;
    float single;
    if (scalar == MC_FLOAT64) {
        memcpy(&wide, at, sizeof wide);
        return PyFloat_FromDouble(wide);
    }
    if (scalar == MC_FLOAT32) {
        memcpy(&single, at, sizeof single);
        return PyFloat_FromDouble(single);
    }
    return PyFloat_FromDouble(PyFloat_Unpack2(at, 1));
}

/* An element as an object of Python's. */
static PyObject *element(enum mc_scalar scalar, const char *at)
{
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    if (info->kind == 'b') {
        return PyBool_FromLong(*at);
    }
    if (info->kind == 'f') {
        return real(scalar, at);
    }
    return _PyLong_FromByteArray((const unsigned char *) at, info->size, 1, info->kind == 'i');
}

/* Lets `place` say in the exception which element it is of. */
static void
tell_place(const struct loop *loop, char *const *args, const Py_ssize_t *steps, uint64_t number)
{
    size_t n = loop->overload->abi.n_args;
    PyObject *exception = mc_bridge_take_exception();
    PyObject *values = PyTuple_New((Py_ssize_t) n);
    for (size_t i = 0; values && i < n; i++) {
        PyObject *value =
            element(scalar_of(loop->overload, i), args[i] + (Py_ssize_t) number * steps[i]);
        if (!value) {
            Py_CLEAR(values);
            break;
        }
        PyTuple_SET_ITEM(values, (Py_ssize_t) i, value);
    }
    PyObject *index = counting ? PyLong_FromUnsignedLongLong(counted + number) : Py_NewRef(Py_None);
    PyObject *told =
        values && index
            ? PyObject_CallFunctionObjArgs(loop->loops->place, exception, index, values, NULL)
            : NULL;
    PyErr_Clear();
    Py_XDECREF(told);
    Py_XDECREF(index);
    Py_XDECREF(values);
    mc_bridge_put_exception(exception);
}

struct ended {
    enum mc_guard_outcome outcome;
    struct mc_guard_result result;
    const uint64_t *out;
};

static void
fail(const struct loop *loop, char *const *args, const Py_ssize_t *steps, const struct ended *ended)
{
    const struct mc_function *function = function_of(loop->loops);
    PyGILState_STATE gil = PyGILState_Ensure();
    bool interrupted = ended->outcome == MC_GUARD_INTERRUPTED;
    if (ended->outcome == MC_GUARD_RETURNED) {
        mc_fail_raised(function, ended->out);
    } else {
        mc_fail_here(function, ended->outcome, &ended->result);
    }
    if (!interrupted) {
        tell_place(loop, args, steps, ended->out[MC_LOOP_ELEMENT]);
    }
    mc_print_behind(NULL);
    failed = true;
    PyGILState_Release(gil);
}

/* ---- a loop ---- */

struct run {
    uintptr_t first, end;
};

static struct run run_of(const char *address, Py_ssize_t stride, Py_ssize_t count, size_t size)
{
    uintptr_t at = (uintptr_t) address;
    uintptr_t last = at + (uintptr_t) ((count - 1) * stride);
    return stride < 0 ? (struct run) {last, at + size} : (struct run) {at, last + size};
}

/* Whether elements may be taken several at once: no result is an argument of a later element. */
static bool may_be_together(const struct mc_overload *overload,
                            char *const *args,
                            const Py_ssize_t *steps,
                            Py_ssize_t count)
{
    size_t n = overload->abi.n_args;
    for (size_t i = n; i < n + count_results(overload); i++) {
        struct run to = run_of(args[i], steps[i], count, mc_scalars[scalar_of(overload, i)].size);
        if (steps[i] == 0) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            struct run from =
                run_of(args[k], steps[k], count, mc_scalars[scalar_of(overload, k)].size);
            bool same = args[i] == args[k] && steps[i] == steps[k];
            if (!same && from.first < to.end && to.first < from.end) {
                return false;
            }
        }
    }
    return true;
}

static void write_words(const struct mc_overload *overload,
                        char *const *args,
                        const Py_ssize_t *steps,
                        Py_ssize_t count,
                        uint64_t *ret)
{
    size_t operands = overload->abi.n_args + count_results(overload);
    ret[MC_LOOP_COUNT] = (uint64_t) count;
    ret[MC_LOOP_TOGETHER] = may_be_together(overload, args, steps, count);
    for (size_t i = 0; i < operands; i++) {
        ret[MC_LOOP_OPERANDS + 2 * i] = (uint64_t) (uintptr_t) args[i];
        ret[MC_LOOP_OPERANDS + 2 * i + 1] = (uint64_t) steps[i];
    }
}

/* What prints needs the GIL for that. False: printing has raised an exception. */
static bool
call_printing(const struct loop *loop, const uint64_t *in, uint64_t *out, struct ended *ret)
{
    const struct mc_function *function = function_of(loop->loops);
    PyGILState_STATE gil = PyGILState_Ensure();
    bool printed = true;
    ret->outcome = mc_guard_call(function->artifact, loop->overload->thunk, in, out, &ret->result);
    if (ret->outcome == MC_GUARD_RETURNED && ret->result.status == MC_THUNK_RETURNED) {
        PyObject *value = mc_print_behind(Py_NewRef(Py_None));
        printed = value != NULL;
        failed = !printed;
        Py_XDECREF(value);
    }
    PyGILState_Release(gil);
    return printed;
}

static void run_loop(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const struct loop *loop = data;
    const struct mc_function *function = function_of(loop->loops);
    uint64_t in[MC_LOOP_IN_WORDS];
    uint64_t out[MC_LOOP_OUT_WORDS];
    struct ended ended = {.out = out};
    if (__builtin_expect(failed, 0) && has_failed()) {
        return;
    }
    out[MC_LOOP_ELEMENT] = 0;
    write_words(loop->overload, args, steps, dimensions[0], in);
    if (loop->loops->prints) {
        if (!call_printing(loop, in, out, &ended)) {
            return;
        }
    } else {
        ended.outcome =
            mc_guard_call(function->artifact, loop->overload->thunk, in, out, &ended.result);
    }
    if (__builtin_expect(
            ended.outcome != MC_GUARD_RETURNED || ended.result.status != MC_THUNK_RETURNED, 0)) {
        fail(loop, args, steps, &ended);
    }
    counted += (uint64_t) dimensions[0];
}

/* ---- making one ---- */

static int fill_loops(struct loops *self)
{
    const struct mc_function *function = function_of(self);
    size_t operands = (size_t) self->nin + (size_t) self->nout;
    self->count = function->count;
    self->name = strdup(function->text);
    self->each = calloc(self->count, sizeof *self->each);
    self->functions = calloc(self->count, sizeof(ufunc_loop *));
    self->data = calloc(self->count, sizeof(void *));
    self->types = calloc(self->count, operands);
    if (!self->name || !self->doc || !self->each || !self->functions || !self->data ||
        !self->types) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < self->count; i++) {
        const struct mc_overload *overload = &function->overloads[i];
        if (overload->abi.n_args != (size_t) self->nin ||
            count_results(overload) != (size_t) self->nout || operands > MC_LOOP_MOST) {
            PyErr_Format(PyExc_TypeError,
                         "%s cannot be mapped: its overloads differ in how many arguments or "
                         "results they have",
                         self->name);
            return -1;
        }
        self->each[i] = (struct loop) {self, overload};
        self->functions[i] = run_loop;
        self->data[i] = &self->each[i];
        for (size_t k = 0; k < operands; k++) {
            self->types[i * operands + k] = (char) mc_numpy_type_number(scalar_of(overload, k));
        }
    }
    return 0;
}

static PyObject *
new_loops(struct mc_bridge *state, PyObject *function, PyObject *place, const char *doc)
{
    struct loops *self = (struct loops *) state->loops_type->tp_alloc(state->loops_type, 0);
    const struct mc_function *of = (const struct mc_function *) function;
    PyObject *prints = self ? PyObject_GetAttrString(of->library, "prints") : NULL;
    if (!prints) {
        Py_XDECREF(self);
        return NULL;
    }
    self->prints = prints != Py_False;
    Py_DECREF(prints);
    self->function = Py_NewRef(function);
    self->place = Py_NewRef(place);
    self->nin = (int) of->overloads[0].abi.n_args;
    self->nout = (int) count_results(&of->overloads[0]);
    self->doc = strdup(doc);
    if (fill_loops(self) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *) self;
}

/* Takes the loops. */
static PyObject *new_ufunc(const struct mc_bridge *state, PyObject *object)
{
    struct loops *loops = (struct loops *) object;
    make_ufunc *make = (make_ufunc *) state->numpy.ufunc_api[API_FROM_FUNC_AND_DATA];
    PyObject *made = make(loops->functions,
                          loops->data,
                          loops->types,
                          (int) loops->count,
                          loops->nin,
                          loops->nout,
                          NO_IDENTITY,
                          loops->name,
                          loops->doc,
                          0);
    struct ufunc *ufunc = (struct ufunc *) made;
    if (made && (ufunc->nout != loops->nout || ufunc->name != loops->name || ufunc->obj)) {
        PyErr_SetString(PyExc_ImportError, "this NumPy's ufuncs are not known");
        Py_CLEAR(made); /* its loops stay for ever: nobody can say when it ends */
        return NULL;
    }
    if (!made) {
        Py_DECREF(object);
        return NULL;
    }
    ufunc->obj = object;
    return made;
}

static PyObject *ufunc(PyObject *module, PyObject *args)
{
    struct mc_bridge *state = PyModule_GetState(module);
    PyObject *function;
    PyObject *place;
    const char *doc;
    if (!PyArg_ParseTuple(args, "O!Os:ufunc", state->function_type, &function, &place, &doc)) {
        return NULL;
    }
    if (!((const struct mc_function *) function)->artifact) {
        PyErr_SetString(PyExc_ValueError, "the loops are not in this process");
        return NULL;
    }
    if (mc_numpy_import(&state->numpy) <= 0 || !state->numpy.ufunc_api) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ImportError, "NumPy cannot be used here");
        }
        return NULL;
    }
    PyObject *loops = new_loops(state, function, place, doc);
    return loops ? new_ufunc(state, loops) : NULL;
}

static PyObject *loops_of(PyObject *module, PyObject *object)
{
    const struct mc_bridge *state = PyModule_GetState(module);
    bool known = state->numpy.ufunc_api &&
                 Py_IS_TYPE(object, (PyTypeObject *) state->numpy.ufunc_api[API_UFUNC_TYPE]);
    PyObject *owner = known ? ((const struct ufunc *) object)->obj : NULL;
    if (!owner || !Py_IS_TYPE(owner, state->loops_type)) {
        Py_RETURN_NONE;
    }
    return Py_NewRef(((const struct loops *) owner)->function);
}

PyDoc_STRVAR(ufunc_doc,
             "ufunc($module, function, place, doc, /)\n--\n\n"
             "Return the numpy.ufunc of a function whose symbols are loops.\n\n"
             "place: called with an exception of one, the number of the element (None where it is\n"
             "not known) and the arguments.");
PyDoc_STRVAR(loops_of_doc,
             "loops_of($module, ufunc, /)\n--\n\n"
             "Return the function that a ufunc was made of, or None where it is none of these.");

PyMethodDef mc_bridge_loops_methods[] = {
    {"ufunc", ufunc, METH_VARARGS, ufunc_doc},
    {"loops_of", loops_of, METH_O, loops_of_doc},
    {0},
};

/* ---- the type ---- */

static int loops_traverse(PyObject *object, visitproc visit, void *arg)
{
    const struct loops *self = (const struct loops *) object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->function);
    Py_VISIT(self->place);
    return 0;
}

/* What a loop needs stays: it may be called in the middle of a collection. The function lets go of
 * what leads back here. */
static int loops_clear(PyObject *object)
{
    Py_CLEAR(((struct loops *) object)->place);
    return 0;
}

static void loops_dealloc(PyObject *object)
{
    struct loops *self = (struct loops *) object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_XDECREF(self->function);
    Py_XDECREF(self->place);
    free(self->name);
    free(self->doc);
    free(self->each);
    free(self->functions);
    free(self->data);
    free(self->types);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyType_Slot loops_slots[] = {
    {Py_tp_dealloc, loops_dealloc},
    {Py_tp_traverse, loops_traverse},
    {Py_tp_clear, loops_clear},
    {0, NULL},
};

PyType_Spec mc_bridge_loops_spec = {
    .name = "mojocell._bridge.Loops",
    .basicsize = sizeof(struct loops),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = loops_slots,
};
