/* The workers of workers.h as a Python type. Calls wait without the GIL; it is taken to look for
 * signals and for what the function prints. */
#include "kernel_bridge/python/bridge.h"
#include "kernel_bridge/worker/workers.h"

#include <sys/types.h>
#include <unistd.h>

struct worker {
    PyObject_HEAD struct mc_workers *workers;
    PyObject *client;
    PyObject *output; /* called with the stream's name and bytes; NULL: nobody wants it */
    double wall, cpu; /* limits of a call; 0: none */
    int64_t most_output;
};

/* A call while it is under way. */
struct calling {
    const struct worker *self;
    PyThreadState *saved;
    PyObject *exception; /* the first that was raised meanwhile */
};

static void keep_exception(struct calling *calling)
{
    PyObject *exception = mc_bridge_take_exception();
    if (calling->exception) {
        Py_DECREF(exception);
    } else {
        calling->exception = exception;
    }
}

static int look_for_signals(void *arg)
{
    struct calling *calling = arg;
    mc_bridge_return(calling->saved);
    if (PyErr_CheckSignals() < 0) {
        keep_exception(calling);
    }
    calling->saved = mc_bridge_leave();
    return calling->exception != NULL;
}

static void print(void *arg, bool is_stderr, const char *bytes, size_t length)
{
    struct calling *calling = arg;
    if (!calling->self->output) {
        return;
    }
    mc_bridge_return(calling->saved);
    PyObject *answer = PyObject_CallFunction(
        calling->self->output, "sy#", is_stderr ? "stderr" : "stdout", bytes, (Py_ssize_t) length);
    if (!answer) {
        keep_exception(calling);
    }
    Py_XDECREF(answer);
    calling->saved = mc_bridge_leave();
}

int mc_bridge_worker_call(PyObject *object,
                          struct mc_worker_call *call,
                          struct mc_worker_outcome *ret)
{
    struct worker *self = (struct worker *) object;
    struct calling calling = {.self = self};
    mc_err err = {0};
    call->wall = self->wall;
    call->cpu = self->cpu;
    call->output = self->most_output;
    call->check = look_for_signals;
    call->print = print;
    call->arg = &calling;
    call->thread = (uint64_t) PyThread_get_thread_ident();
    Py_INCREF(object);
    calling.saved = mc_bridge_leave();
    int called = mc_workers_call(self->workers, call, ret, &err);
    if (called == 0 && calling.exception) {
        mc_workers_done(self->workers, ret);
    }
    mc_bridge_return(calling.saved);
    if (calling.exception) {
        mc_bridge_put_exception(calling.exception);
        called = -1;
    } else if (called < 0 && err.code == MC_INTERRUPTED) {
        PyErr_SetNone(PyExc_KeyboardInterrupt);
    } else if (called < 0) {
        mc_bridge_raise(mc_bridge_of(Py_TYPE(object)), &err);
    }
    Py_DECREF(object);
    return called;
}

void mc_bridge_worker_done(PyObject *object, struct mc_worker_outcome *outcome)
{
    mc_workers_done(((struct worker *) object)->workers, outcome);
}

/* ---- the type ---- */

static int read_limit(PyObject *value, const char *name, double *ret)
{
    if (!value || value == Py_None) {
        return 0;
    }
    if (mc_bridge_number(value, name, ret) < 0) {
        return -1;
    }
    if (!(*ret > 0)) {
        PyErr_Format(PyExc_ValueError, "%s must be above 0, or None", name);
        return -1;
    }
    return 0;
}

enum limit { WALL, CPU, MOST_OUTPUT, SILENCE, LIMITS };

static int fill(struct worker *self, struct mc_workers_options *options, PyObject *limits[LIMITS])
{
    mc_err err = {0};
    double output = 0;
    double silence = 0;
    if (read_limit(limits[WALL], "wall", &self->wall) < 0 ||
        read_limit(limits[CPU], "cpu", &self->cpu) < 0 ||
        read_limit(limits[MOST_OUTPUT], "most_output", &output) < 0 ||
        read_limit(limits[SILENCE], "silence", &silence) < 0) {
        return -1;
    }
    self->most_output = output < (double) INT64_MAX ? (int64_t) output : INT64_MAX;
    options->silence_ns = silence > 0 ? mc_bridge_nanoseconds(silence) : 0;
    if (mc_workers_new(options, &self->workers, &err) < 0) {
        mc_bridge_raise(mc_bridge_of(Py_TYPE(self)), &err);
        return -1;
    }
    return 0;
}

static PyObject *worker_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"client",
                            "header",
                            "table",
                            "output",
                            "wall",
                            "cpu",
                            "most_output",
                            "idle",
                            "most",
                            "silence",
                            NULL};
    PyObject *client;
    PyObject *output = Py_None;
    PyObject *limits[LIMITS] = {NULL};
    struct mc_workers_options options = {0};
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "Oss|O$OOOiiO:Worker",
                                     names,
                                     &client,
                                     &options.header,
                                     &options.table,
                                     &output,
                                     &limits[WALL],
                                     &limits[CPU],
                                     &limits[MOST_OUTPUT],
                                     &options.idle_seconds,
                                     &options.most,
                                     &limits[SILENCE])) {
        return NULL;
    }
    if (output != Py_None && !PyCallable_Check(output)) {
        PyErr_SetString(PyExc_TypeError, "output must be callable or None");
        return NULL;
    }
    if (options.idle_seconds < 0 || options.most < 0) {
        PyErr_SetString(PyExc_ValueError, "idle and most must not be negative");
        return NULL;
    }
    options.client = mc_bridge_client_hold(mc_bridge_of(type), client);
    struct worker *self = options.client ? (struct worker *) type->tp_alloc(type, 0) : NULL;
    if (!self) {
        if (options.client) {
            mc_bridge_client_drop(client);
        }
        return NULL;
    }
    self->client = Py_NewRef(client);
    self->output = output == Py_None ? NULL : Py_NewRef(output);
    if (fill(self, &options, limits) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *) self;
}

static PyObject *worker_interrupt(PyObject *object, PyObject *thread)
{
    unsigned long long ident = PyLong_AsUnsignedLongLong(thread);
    if (PyErr_Occurred()) {
        return NULL;
    }
    mc_workers_interrupt(((struct worker *) object)->workers, (uint64_t) ident);
    Py_RETURN_NONE;
}

static PyObject *worker_count(PyObject *object, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(mc_workers_count(((struct worker *) object)->workers));
}

static int worker_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct worker *self = (struct worker *) object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->client);
    Py_VISIT(self->output);
    return 0;
}

static int worker_clear(PyObject *object)
{
    Py_CLEAR(((struct worker *) object)->output);
    return 0;
}

static void worker_dealloc(PyObject *object)
{
    struct worker *self = (struct worker *) object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    struct mc_workers *workers = self->workers;
    PyThreadState *saved = mc_bridge_leave();
    mc_workers_free(workers);
    mc_bridge_return(saved);
    if (self->client) {
        mc_bridge_client_drop(self->client);
    }
    Py_CLEAR(self->client);
    Py_CLEAR(self->output);
    type->tp_free(object);
    Py_DECREF(type);
}

PyDoc_STRVAR(worker_doc,
             "Worker(client, header, table, output=None, *, wall=None, cpu=None,\n"
             "       most_output=None, idle=0, most=0, silence=None)\n--\n\n"
             "Processes that call the functions of an artifact.\n\n"
             "header is the run request of the source, table has a line \"symbol abi\" for each\n"
             "function. What they print goes to output(stream, bytes) before a call returns.");
PyDoc_STRVAR(interrupt_doc,
             "interrupt($self, thread, /)\n--\n\n"
             "Interrupt the call that a thread (threading.get_ident) is in.");
PyDoc_STRVAR(count_doc, "How many processes there are.");

static PyMethodDef worker_methods[] = {
    {"interrupt", worker_interrupt, METH_O, interrupt_doc},
    {0},
};

static PyGetSetDef worker_getset[] = {
    {"count", worker_count, NULL, count_doc, NULL},
    {0},
};

static PyType_Slot worker_slots[] = {
    {Py_tp_doc, (void *) worker_doc},
    {Py_tp_new, worker_new},
    {Py_tp_dealloc, worker_dealloc},
    {Py_tp_traverse, worker_traverse},
    {Py_tp_clear, worker_clear},
    {Py_tp_methods, worker_methods},
    {Py_tp_getset, worker_getset},
    {0, NULL},
};

PyType_Spec mc_bridge_worker_spec = {
    .name = "mojocell._bridge.Worker",
    .basicsize = sizeof(struct worker),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = worker_slots,
};
