/* The client of client.h as a Python type. Waiting happens without the GIL; it is taken for
 * callbacks and to look for signals. */
#include "kernel_bridge/client/client.h"
#include "kernel_bridge/python/bridge.h"

struct client {
    PyObject_HEAD struct mc_client *client; /* NULL: closed, and nobody waits any more */
    int busy;                               /* requests under way */
    bool closed;
};

/* A request while it is under way; the callbacks run without the GIL and take it. */
struct waiting {
    PyThreadState *saved;
    PyObject *on_event; /* None: none */
    PyObject *on_quiet; /* likewise, and the next */
    PyObject *on_ask;
    PyObject *exception; /* the first that was raised meanwhile */
};

/* Keeps the exception that is set; what is raised while the request winds up does not replace the
 * first. */
static bool keep_exception(struct waiting *waiting)
{
    PyObject *exception = mc_bridge_take_exception();
    bool interrupt = PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt);
    if (waiting->exception) {
        Py_DECREF(exception);
    } else {
        waiting->exception = exception;
    }
    return interrupt;
}

/* Signals, and who follows the request. */
static int look_around(void *arg)
{
    struct waiting *waiting = arg;
    mc_bridge_return(waiting->saved);
    int interrupted = PyErr_CheckSignals();
    if (interrupted) {
        keep_exception(waiting);
    } else if (waiting->on_quiet != Py_None && !waiting->exception) {
        PyObject *answer = PyObject_CallNoArgs(waiting->on_quiet);
        interrupted = answer ? 0 : -1;
        if (!answer) {
            keep_exception(waiting);
        }
        Py_XDECREF(answer);
    }
    waiting->saved = mc_bridge_leave();
    return interrupted;
}

static PyObject *frames_of(const struct mc_message *message)
{
    PyObject *list = PyList_New((Py_ssize_t) message->frame_count);
    for (size_t i = 0; list && i < message->frame_count; i++) {
        struct mc_frame frame = mc_message_frame(message, i);
        PyObject *bytes = PyBytes_FromStringAndSize(frame.bytes, (Py_ssize_t) frame.length);
        if (!bytes) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t) i, bytes);
    }
    return list;
}

static PyObject *header_of(const struct mc_message *message)
{
    return PyBytes_FromStringAndSize(message->text.bytes, (Py_ssize_t) message->text.length);
}

static enum mc_client_verdict on_event(void *arg, const struct mc_message *event)
{
    struct waiting *waiting = arg;
    enum mc_client_verdict verdict = MC_CLIENT_CONTINUE;
    mc_bridge_return(waiting->saved);
    PyObject *header = header_of(event);
    PyObject *frames = header ? frames_of(event) : NULL;
    PyObject *answer =
        frames ? PyObject_CallFunctionObjArgs(waiting->on_event, header, frames, NULL) : NULL;
    if (!answer) {
        verdict = keep_exception(waiting) ? MC_CLIENT_INTERRUPT : MC_CLIENT_STOP;
    }
    Py_XDECREF(header);
    Py_XDECREF(frames);
    Py_XDECREF(answer);
    waiting->saved = mc_bridge_leave();
    return verdict;
}

static enum mc_client_verdict on_ask(void *arg, struct mc_buf *ret)
{
    struct waiting *waiting = arg;
    enum mc_client_verdict verdict = MC_CLIENT_CONTINUE;
    Py_buffer line;
    mc_bridge_return(waiting->saved);
    PyObject *answer = PyObject_CallNoArgs(waiting->on_ask);
    if (!answer || PyObject_GetBuffer(answer, &line, PyBUF_SIMPLE) < 0) {
        verdict = keep_exception(waiting) ? MC_CLIENT_INTERRUPT : MC_CLIENT_STOP;
    } else {
        mc_buf_add(ret, line.buf, (size_t) line.len);
        PyBuffer_Release(&line);
    }
    Py_XDECREF(answer);
    waiting->saved = mc_bridge_leave();
    return verdict;
}

/* The arguments of a request, in C. */
struct arguments {
    struct mc_client_call call;
    Py_buffer header;
    Py_buffer buffers[MC_MESSAGE_MAX_FRAMES];
    struct mc_frame frames[MC_MESSAGE_MAX_FRAMES];
    Py_ssize_t count; /* of buffers that are held */
};

static void release_arguments(struct arguments *arguments)
{
    while (arguments->count > 0) {
        PyBuffer_Release(&arguments->buffers[--arguments->count]);
    }
    PyBuffer_Release(&arguments->header);
}

int64_t mc_bridge_nanoseconds(double seconds)
{
    double ns = seconds * 1e9;
    return ns < (double) INT64_MAX ? (int64_t) ns + 1 : INT64_MAX;
}

int mc_bridge_number(PyObject *value, const char *name, double *ret)
{
    if (PyBool_Check(value)) {
        PyErr_Format(PyExc_TypeError, "%s must be a number, not bool", name);
        return -1;
    }
    *ret = PyFloat_AsDouble(value);
    if (*ret != -1.0 || !PyErr_Occurred()) {
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
        return -1;
    }
    PyErr_Clear(); /* an int of hundreds of digits; its sign still counts */
    PyObject *zero = PyLong_FromLong(0);
    int above = zero ? PyObject_RichCompareBool(value, zero, Py_GT) : -1;
    Py_XDECREF(zero);
    *ret = above > 0 ? Py_HUGE_VAL : -Py_HUGE_VAL;
    return above < 0 ? -1 : 0;
}

/* None, NULL: 0, which is none. */
static int read_seconds(PyObject *value, const char *name, int64_t *ret)
{
    double seconds;
    *ret = 0;
    if (!value || value == Py_None) {
        return 0;
    }
    if (mc_bridge_number(value, name, &seconds) < 0) {
        return -1;
    }
    if (!(seconds >= 0)) {
        PyErr_Format(PyExc_ValueError, "%s must be a number of seconds from 0, or None", name);
        return -1;
    }
    *ret = mc_bridge_nanoseconds(seconds);
    return 0;
}

static int read_frames(PyObject *frames, struct arguments *ret)
{
    PyObject *items = PySequence_Fast(frames, "frames must be a sequence of bytes");
    if (!items) {
        return -1;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
    if (count > MC_MESSAGE_MAX_FRAMES) {
        PyErr_Format(PyExc_ValueError, "a request has at most %d frames", MC_MESSAGE_MAX_FRAMES);
        Py_DECREF(items);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyObject_GetBuffer(PySequence_Fast_GET_ITEM(items, i), &ret->buffers[i], PyBUF_SIMPLE) <
            0) {
            Py_DECREF(items);
            return -1;
        }
        ret->count = i + 1;
        ret->frames[i] = (struct mc_frame) {ret->buffers[i].buf, (size_t) ret->buffers[i].len};
    }
    Py_DECREF(items);
    return 0;
}

static bool is_callback(PyObject *object)
{
    return object == Py_None || PyCallable_Check(object);
}

static int
read_arguments(PyObject *args, PyObject *kwargs, struct arguments *ret, struct waiting *ret_waiting)
{
    static char *names[] = {
        "header", "frames", "on_event", "timeout", "silence", "on_quiet", "on_ask", NULL};
    PyObject *frames = NULL;
    PyObject *timeout = NULL;
    PyObject *silence = NULL;
    *ret_waiting = (struct waiting) {.on_event = Py_None, .on_quiet = Py_None, .on_ask = Py_None};
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "s*|OOOOOO:request",
                                     names,
                                     &ret->header,
                                     &frames,
                                     &ret_waiting->on_event,
                                     &timeout,
                                     &silence,
                                     &ret_waiting->on_quiet,
                                     &ret_waiting->on_ask)) {
        return -1;
    }
    if (!is_callback(ret_waiting->on_event) || !is_callback(ret_waiting->on_quiet) ||
        !is_callback(ret_waiting->on_ask)) {
        PyErr_SetString(PyExc_TypeError, "on_event, on_quiet and on_ask must be callable or None");
    } else if (read_seconds(timeout, "timeout", &ret->call.timeout_ns) == 0 &&
               read_seconds(silence, "silence", &ret->call.silence_ns) == 0 &&
               (!frames || read_frames(frames, ret) == 0)) {
        ret->call.header = (struct mc_frame) {ret->header.buf, (size_t) ret->header.len};
        ret->call.frames = ret->frames;
        ret->call.frame_count = (size_t) ret->count;
        return 0;
    }
    release_arguments(ret);
    return -1;
}

static void free_client(struct client *self)
{
    struct mc_client *client = self->client;
    self->client = NULL;
    PyThreadState *saved = mc_bridge_leave();
    mc_client_free(client);
    mc_bridge_return(saved);
}

/* -1 with an exception set. */
static int ask(struct client *self,
               struct arguments *arguments,
               struct waiting *waiting,
               struct mc_message *ret)
{
    mc_err err;
    arguments->call.on_event = waiting->on_event == Py_None ? NULL : on_event;
    arguments->call.on_ask = waiting->on_ask == Py_None ? NULL : on_ask;
    arguments->call.check = look_around;
    arguments->call.arg = waiting;
    self->busy++;
    waiting->saved = mc_bridge_leave();
    int asked = mc_client_request(self->client, &arguments->call, ret, &err);
    mc_bridge_return(waiting->saved);
    self->busy--;
    if (self->closed && self->busy == 0) {
        free_client(self);
    }
    if (waiting->exception) {
        if (asked == 0) { /* raised together with the last event */
            mc_message_fini(ret);
        }
        mc_bridge_put_exception(waiting->exception);
        return -1;
    }
    if (asked < 0) {
        mc_bridge_raise(mc_bridge_of(Py_TYPE(self)), &err);
    }
    return asked;
}

static PyObject *client_request(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct client *self = (struct client *) object;
    struct arguments arguments = {.count = 0};
    struct waiting waiting;
    struct mc_message message;
    if (self->closed) {
        PyErr_SetString(PyExc_ValueError, "the client is closed");
        return NULL;
    }
    if (read_arguments(args, kwargs, &arguments, &waiting) < 0) {
        return NULL;
    }
    int asked = ask(self, &arguments, &waiting, &message);
    release_arguments(&arguments);
    if (asked < 0) {
        return NULL;
    }
    PyObject *header = header_of(&message);
    PyObject *frames = frames_of(&message);
    mc_message_fini(&message);
    PyObject *answer = header && frames ? PyTuple_Pack(2, header, frames) : NULL;
    Py_XDECREF(header);
    Py_XDECREF(frames);
    return answer;
}

/* ---- Client ---- */

struct mc_client *mc_bridge_client_hold(const struct mc_bridge *state, PyObject *object)
{
    if (!PyObject_TypeCheck(object, state->client_type)) {
        PyErr_SetString(PyExc_TypeError, "a Client is needed");
        return NULL;
    }
    struct client *self = (struct client *) object;
    if (self->closed) {
        PyErr_SetString(PyExc_ValueError, "the client is closed");
        return NULL;
    }
    self->busy++;
    return self->client;
}

void mc_bridge_client_drop(PyObject *object)
{
    struct client *self = (struct client *) object;
    self->busy--;
    if (self->closed && self->busy == 0) {
        free_client(self);
    }
}

static PyObject *client_interrupt(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    struct client *self = (struct client *) object;
    if (self->client) {
        mc_client_interrupt(self->client);
    }
    Py_RETURN_NONE;
}

static PyObject *client_close(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    struct client *self = (struct client *) object;
    self->closed = true;
    if (self->client && self->busy) {
        mc_client_interrupt(self->client);
    } else if (self->client) {
        free_client(self);
    }
    Py_RETURN_NONE;
}

static PyObject *client_pid(PyObject *object, void *Py_UNUSED(closure))
{
    const struct client *self = (const struct client *) object;
    pid_t pid = self->client ? mc_client_pid(self->client) : 0;
    return pid ? PyLong_FromLong(pid) : Py_NewRef(Py_None);
}

int mc_bridge_optional_path(PyObject *object, void *ret)
{
    PyObject **path = ret;
    if (!object || object == Py_None) {
        Py_CLEAR(*path);
        return object ? 1 : 0;
    }
    return PyUnicode_FSConverter(object, ret);
}

static PyObject *client_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"runtime_dir", "daemon", "start", NULL};
    PyObject *runtime_dir = NULL;
    PyObject *daemon = NULL;
    int start = 1;
    mc_err err;
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "|O&O&p:Client",
                                     names,
                                     mc_bridge_optional_path,
                                     &runtime_dir,
                                     mc_bridge_optional_path,
                                     &daemon,
                                     &start)) {
        return NULL;
    }
    struct client *self = (struct client *) type->tp_alloc(type, 0);
    const struct mc_client_options options = {
        .runtime_dir = runtime_dir ? PyBytes_AS_STRING(runtime_dir) : NULL,
        .daemon = daemon ? PyBytes_AS_STRING(daemon) : NULL,
        .start_daemon = start != 0,
    };
    if (self && mc_client_new(&options, &self->client, &err) < 0) {
        mc_bridge_raise(mc_bridge_of(type), &err);
        Py_CLEAR(self);
    }
    Py_XDECREF(runtime_dir);
    Py_XDECREF(daemon);
    return (PyObject *) self;
}

static void client_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    free_client((struct client *) object);
    type->tp_free(object);
    Py_DECREF(type);
}

PyDoc_STRVAR(client_doc,
             "Client(runtime_dir=None, daemon=None, start=True)\n--\n\n"
             "A blocking client of mojocelld, for any number of threads.\n\n"
             "It connects, and with start starts the daemon, with its first request.");
PyDoc_STRVAR(
    request_doc,
    "request($self, /, header, frames=(), on_event=None, timeout=None, silence=None,\n"
    "        on_quiet=None, on_ask=None)\n--\n\n"
    "Send a request and return header and frames of its result.\n\n"
    "The client puts in id and, for run, window. Header and frames of each event before the\n"
    "last go to on_event; an exception raised there cancels the request and propagates, as\n"
    "KeyboardInterrupt does, which keeps the output that is on its way. A daemon that says\n"
    "nothing for silence seconds, though it is asked whether it hears, is given up. on_quiet is\n"
    "called about every 50 ms, without arguments, on_ask where a program that asks waits for a "
    "line,\n"
    "which it returns as bytes; b'' is the end of the input.");
PyDoc_STRVAR(interrupt_doc,
             "interrupt($self, /)\n--\n\nInterrupt the requests under way in all threads.");
PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\nDisconnect; requests under way are interrupted.");
PyDoc_STRVAR(pid_doc, "The daemon's process, None before the first request.");

static PyMethodDef client_methods[] = {
    {"request",
     (PyCFunction) (void (*)(void)) client_request,
     METH_VARARGS | METH_KEYWORDS,
     request_doc},
    {"interrupt", client_interrupt, METH_NOARGS, interrupt_doc},
    {"close", client_close, METH_NOARGS, close_doc},
    {0},
};

static PyGetSetDef client_getset[] = {
    {"pid", client_pid, NULL, pid_doc, NULL},
    {0},
};

static PyType_Slot client_slots[] = {
    {Py_tp_doc, (void *) client_doc},
    {Py_tp_new, client_new},
    {Py_tp_dealloc, client_dealloc},
    {Py_tp_methods, client_methods},
    {Py_tp_getset, client_getset},
    {0, NULL},
};

PyType_Spec mc_bridge_client_spec = {
    .name = "mojocell._bridge.Client",
    .basicsize = sizeof(struct client),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = client_slots,
};
