/* A call of a Mojo function: which overload, its words, in this process or in a worker. */
#include "kernel_bridge/guard/guard_enter.h"
#include "kernel_bridge/python/function_type.h"
#include "kernel_bridge/worker/workers.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* mc_guard_damaged(), where it is looked at with each call: set by a crash of any thread, with or
 * without the GIL, and never reset. Who sees it also sees what the crash left behind. */
static atomic_bool process_damaged;

static inline bool is_damaged(void)
{
    return atomic_load_explicit(&process_damaged, memory_order_acquire);
}

/* ---- failures ---- */

/* Raises what `fail` makes of it. Takes `details`, NULL being an exception of its own. */
static void fail(const struct mc_function *self, const char *kind, PyObject *details)
{
    if (!details || PyDict_SetItemString(details, "function", self->name) < 0) {
        Py_XDECREF(details);
        return;
    }
    PyObject *message = PyDict_GetItemString(details, "message");
    PyObject *error = self->fail
                          ? PyObject_CallFunction(self->fail, "sO", kind, details)
                          : PyObject_CallFunction(
                                self->bridge->error_type, "sO", kind, message ? message : Py_None);
    if (error && PyExceptionInstance_Check(error)) {
        PyErr_SetObject((PyObject *) Py_TYPE(error), error);
    } else if (error) {
        PyErr_SetString(PyExc_TypeError, "fail must return an exception");
    }
    Py_XDECREF(error);
    Py_DECREF(details);
}

/* Bytes from outside as a text. */
static PyObject *decode(const char *bytes, size_t length)
{
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t) length, "replace");
}

static void fail_with_message(const struct mc_function *self, const char *kind, PyObject *message)
{
    fail(self, kind, message ? Py_BuildValue("{sN}", "message", message) : NULL);
}

static void fail_raised(const struct mc_function *self, const uint64_t *out)
{
    const char *text = (const char *) (out + 1);
    size_t length = mc_thunk_error_length(out);
    PyObject *message = decode(text, length);
    if (message && length < out[0]) {
        Py_SETREF(
            message,
            PyUnicode_FromFormat(
                "%U%s (%llu bytes more)", message, "…", (unsigned long long) (out[0] - length)));
    }
    fail_with_message(self, "raised", message);
}

/* What is known of a crash: of one in this process the words that Mojo printed. */
struct crash {
    int signal;
    const char *message;
    bool stack_overflow;
    bool damaged;
    long line, column;   /* 0: perhaps in the message */
    const char *module;  /* that the line is in; "": the cell */
    const char *library; /* the place of a check that failed in the standard library; "": perhaps in
                            the message */
    const char *inside;  /* the function that it happened in; "": not known */
    const uint64_t *frames;
    uint32_t count;
};

static PyObject *list_frames(const struct crash *crash)
{
    PyObject *frames = PyTuple_New((Py_ssize_t) crash->count);
    for (uint32_t i = 0; frames && i < crash->count; i++) {
        PyObject *frame = PyLong_FromUnsignedLongLong(crash->frames[i]);
        if (!frame) {
            Py_CLEAR(frames);
            return NULL;
        }
        PyTuple_SET_ITEM(frames, (Py_ssize_t) i, frame);
    }
    return frames;
}

static void fail_crashed(const struct mc_function *self, const struct crash *crash)
{
    PyObject *text = decode(crash->message, strlen(crash->message));
    PyObject *frames = text ? list_frames(crash) : NULL;
    PyObject *details = frames ? Py_BuildValue("{sisOsOsOslslsssssssO}",
                                               "signal",
                                               crash->signal,
                                               "message",
                                               text,
                                               "stack_overflow",
                                               crash->stack_overflow ? Py_True : Py_False,
                                               "damaged",
                                               crash->damaged ? Py_True : Py_False,
                                               "line",
                                               crash->line,
                                               "column",
                                               crash->column,
                                               "module",
                                               crash->module,
                                               "library",
                                               crash->library,
                                               "inside",
                                               crash->inside,
                                               "frames",
                                               frames)
                               : NULL;
    Py_XDECREF(text);
    Py_XDECREF(frames);
    fail(self, crash->signal ? "crashed" : "exited", details);
}

/* The exception that is set says why the result is no value of Python. */
static void fail_return(const struct mc_function *self)
{
    PyObject *exception = mc_bridge_take_exception();
    fail_with_message(self, "return", PyUnicode_FromFormat("%S", exception));
    Py_DECREF(exception);
}

/* After Ctrl-C as it would have been in Python code: the handler that is set decides which
 * exception. */
static void raise_interrupt(int number)
{
    if (number == SIGINT) {
        PyErr_SetInterrupt();
    }
    if (number != SIGINT || PyErr_CheckSignals() == 0) { /* or a handler that only took note */
        PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
}

/* ---- results ---- */

/* `release` as in mc_result. */
static PyObject *finish(const struct mc_function *self,
                        const struct mc_overload *overload,
                        int32_t status,
                        const uint64_t *out,
                        mc_release_thunk *release)
{
    if (__builtin_expect(status != MC_THUNK_RETURNED, 0)) {
        fail_raised(self, out);
        return NULL;
    }
    struct mc_result result = {.numpy = &self->bridge->numpy, .release = release};
    PyObject *value = mc_convert_out_fast(&result, &overload->abi.result, out);
    if (__builtin_expect(!value && result.unfit, 0)) {
        fail_return(self);
    }
    return value;
}

/* ---- in this process ---- */

static enum mc_guard_outcome call_thunk(const struct mc_function *self,
                                        const struct mc_overload *overload,
                                        const uint64_t *in,
                                        uint64_t *out,
                                        struct mc_guard_result *ret)
{
    enum mc_guard_outcome outcome;
    if (!self->nogil) {
        return mc_guard_call(self->artifact, overload->thunk, in, out, ret);
    }
    PyThreadState *saved = mc_bridge_leave();
    outcome = mc_guard_call(self->artifact, overload->thunk, in, out, ret);
    mc_bridge_return(saved);
    return outcome;
}

static __attribute__((noinline, cold)) PyObject *no_return(const struct mc_function *self,
                                                           enum mc_guard_outcome outcome,
                                                           const struct mc_guard_result *result)
{
    if (result->damaged) {
        atomic_store_explicit(&process_damaged, true, memory_order_release);
    }
    if (outcome == MC_GUARD_INTERRUPTED) {
        raise_interrupt(result->signal);
        return NULL;
    }
    char inside[128];
    mc_words_function(result->words, self->artifact->path, inside, sizeof inside);
    fail_crashed(self,
                 &(struct crash) {.signal = result->signal,
                                  .message = result->words->text,
                                  .stack_overflow = result->stack_overflow,
                                  .damaged = result->damaged,
                                  .module = "",
                                  .library = "",
                                  .inside = inside,
                                  .frames = result->words->frames,
                                  .count = result->words->count});
    return NULL;
}

static PyObject *
call_here(const struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
{
    uint64_t out[MC_THUNK_OUT_WORDS];
    struct mc_guard_result result;
    enum mc_guard_outcome outcome = call_thunk(self, overload, in, out, &result);
    if (__builtin_expect(outcome != MC_GUARD_RETURNED, 0)) {
        return no_return(self, outcome, &result);
    }
    return finish(self, overload, result.status, out, self->artifact->release);
}

/* ---- in a worker ---- */

int mc_function_tell(struct mc_function *self, PyObject *reason)
{
    if (self->told) {
        return 0;
    }
    self->told = true;
    if (!self->on_isolated) {
        return PyErr_WarnFormat(
            PyExc_RuntimeWarning, 1, "%s runs in a process of its own: %U", self->text, reason);
    }
    PyObject *answer = PyObject_CallOneArg(self->on_isolated, reason);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static int find_worker(struct mc_function *self)
{
    if (self->worker) {
        return 0;
    }
    if (!self->get_worker) {
        fail_with_message(self,
                          "unavailable",
                          PyUnicode_FromString("it has to be called in another process, "
                                               "and there is no worker for it"));
        return -1;
    }
    PyObject *worker = PyObject_CallNoArgs(self->get_worker);
    if (worker && !Py_IS_TYPE(worker, self->bridge->worker_type)) {
        PyErr_SetString(PyExc_TypeError, "worker must return a Worker");
        Py_CLEAR(worker);
    }
    Py_XSETREF(self->worker, worker);
    return worker ? 0 : -1;
}

static PyObject *after_worker(const struct mc_function *self,
                              const struct mc_overload *overload,
                              const struct mc_worker_outcome *outcome,
                              const uint64_t *out)
{
    PyObject *message;
    switch (outcome->kind) {
    case MC_WORKER_RETURNED:
        return finish(self, overload, outcome->status, out, NULL);
    case MC_WORKER_CRASHED:
        fail_crashed(self,
                     &(struct crash) {.signal = outcome->signal,
                                      .message = outcome->message,
                                      .stack_overflow = outcome->stack_overflow,
                                      .line = outcome->line,
                                      .column = outcome->column,
                                      .module = outcome->module,
                                      .library = outcome->library,
                                      .inside = outcome->inside,
                                      .frames = outcome->frames,
                                      .count = outcome->count});
        return NULL;
    case MC_WORKER_LIMIT:
        message = decode(outcome->message, strlen(outcome->message));
        fail(self,
             strcmp(outcome->limit, "wall") == 0 ? "timeout" : "limit",
             message ? Py_BuildValue("{sNss}", "message", message, "limit", outcome->limit) : NULL);
        return NULL;
    case MC_WORKER_INTERRUPTED:
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        return NULL;
    }
    return NULL;
}

/* The worker could not be had, or was lost: the Error that is set, in the caller's words. */
static void fail_as_error(const struct mc_function *self)
{
    PyObject *error = mc_bridge_take_exception();
    PyObject *code = PyObject_GetAttrString(error, "code");
    PyObject *message = code ? PyObject_GetAttrString(error, "message") : NULL;
    PyObject *hint = message ? PyObject_GetAttrString(error, "hint") : NULL;
    const char *kind = hint ? PyUnicode_AsUTF8(code) : NULL;
    if (kind) {
        fail(self, kind, Py_BuildValue("{sOsO}", "message", message, "hint", hint));
    }
    Py_XDECREF(hint);
    Py_XDECREF(message);
    Py_XDECREF(code);
    Py_DECREF(error);
}

static PyObject *
call_there(struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
{
    uint64_t out[MC_THUNK_OUT_WORDS];
    struct mc_worker_outcome outcome;
    struct mc_worker_call call = {
        .symbol = overload->symbol, .signature = &overload->abi, .in = in, .out = out};
    if (find_worker(self) < 0) {
        return NULL;
    }
    PyObject *worker = Py_NewRef(self->worker);
    PyObject *value = NULL;
    if (mc_bridge_worker_call(worker, &call, &outcome) == 0) {
        value = after_worker(self, overload, &outcome, out);
        mc_bridge_worker_done(worker, &outcome);
    } else if (self->fail && PyErr_ExceptionMatches(self->bridge->error_type)) {
        fail_as_error(self);
    }
    Py_DECREF(worker);
    return value;
}

/* ---- the call ---- */

/* Where a function that is meant to be called here cannot be. -1 with an exception. */
static __attribute__((noinline, cold)) int leave_process(struct mc_function *self)
{
    PyObject *reason = self->reason ? Py_NewRef(self->reason)
                                    : PyUnicode_FromString("a crash has damaged this process");
    if (!self->reason && self->bridge->told_damage) { /* once is enough for all functions */
        self->told = true;
    }
    self->bridge->told_damage |= !self->reason;
    int told = reason ? mc_function_tell(self, reason) : -1;
    Py_XDECREF(reason);
    self->isolated = true;
    mc_function_choose_call(self);
    return told;
}

static inline PyObject *
call_with_words(struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
{
    if (__builtin_expect(!self->isolated, 1)) {
        if (__builtin_expect(!self->reason && !is_damaged(), 1)) {
            return call_here(self, overload, in);
        }
        if (leave_process(self) < 0) {
            return NULL;
        }
    }
    return call_there(self, overload, in);
}

/* ---- which overload ---- */

/* Tries one. 1: these are the words; 0: it does not fit, and the exception that says why has been
 * added to `reasons`; -1 with an exception. */
static int try_overload(const struct mc_overload *overload,
                        struct mc_conversion *conversion,
                        PyObject *const *slots,
                        uint64_t *ret_in,
                        PyObject *reasons)
{
    mc_held_let_go_from(conversion->held, 0);
    if (mc_overload_convert(overload, conversion, slots, ret_in) == 0) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError) &&
        !PyErr_ExceptionMatches(PyExc_OverflowError)) {
        return -1;
    }
    PyObject *exception = mc_bridge_take_exception();
    PyObject *line = PyUnicode_FromFormat("\n  %U: %S", overload->text, exception);
    int added = line ? PyList_Append(reasons, line) : -1;
    Py_XDECREF(line);
    Py_DECREF(exception);
    return added;
}

static int bind_one(const struct mc_function *self,
                    const struct mc_overload *overload,
                    PyObject *const *args,
                    size_t count,
                    PyObject *names,
                    PyObject **ret_slots,
                    PyObject *reasons)
{
    if (mc_overload_bind(overload, self->text, args, count, names, ret_slots) == 0) {
        return 1;
    }
    PyObject *exception = mc_bridge_take_exception();
    PyObject *line = PyUnicode_FromFormat("\n  %U: %S", overload->text, exception);
    int added = line ? PyList_Append(reasons, line) : -1;
    Py_XDECREF(line);
    Py_DECREF(exception);
    return added;
}

static void refuse_all(const struct mc_function *self, PyObject *reasons)
{
    PyObject *empty = PyUnicode_FromString("");
    PyObject *text = empty ? PyUnicode_Join(empty, reasons) : NULL;
    if (text) {
        PyErr_Format(
            PyExc_TypeError, "%s() has no signature for these arguments:%U", self->text, text);
    }
    Py_XDECREF(empty);
    Py_XDECREF(text);
}

/* The overload whose types are closest to the arguments; the first of those that are equally so.
 * NULL with an exception. */
static const struct mc_overload *choose(const struct mc_function *self,
                                        PyObject *const *args,
                                        size_t count,
                                        PyObject *names,
                                        struct mc_conversion *conversion,
                                        PyObject *reasons)
{
    PyObject *slots[MC_THUNK_MAX_ARGS];
    uint64_t in[MC_THUNK_IN_WORDS];
    const struct mc_overload *best = NULL;
    struct mc_overload_fit best_fit = {.least = 0};
    for (size_t i = 0; i < self->count; i++) {
        const struct mc_overload *overload = &self->overloads[i];
        int done = bind_one(self, overload, args, count, names, slots, reasons);
        if (done > 0) {
            done = try_overload(overload, conversion, slots, in, reasons);
        }
        if (done < 0) {
            return NULL;
        }
        if (done == 0) {
            continue;
        }
        struct mc_overload_fit fit = mc_overload_fit(overload, slots);
        if (fit.least > best_fit.least || (fit.least == best_fit.least && fit.sum > best_fit.sum)) {
            best = overload;
            best_fit = fit;
        }
    }
    if (!best) {
        refuse_all(self, reasons);
    }
    return best;
}

/* Overloads, names, defaults. */
static PyObject *
call_generally(struct mc_function *self, PyObject *const *args, size_t count, PyObject *names)
{
    PyObject *slots[MC_THUNK_MAX_ARGS];
    uint64_t in[MC_THUNK_IN_WORDS];
    struct mc_held held;
    struct mc_conversion conversion = {
        .numpy = &self->bridge->numpy, .held = &held, .function = self->text, .element = -1};
    const struct mc_overload *overload = self->overloads;
    PyObject *value = NULL;
    held.count = 0;
    if (self->count > 1) {
        PyObject *reasons = PyList_New(0);
        overload = reasons ? choose(self, args, count, names, &conversion, reasons) : NULL;
        Py_XDECREF(reasons);
        mc_held_fini(&held);
    }
    if (overload && mc_overload_bind(overload, self->text, args, count, names, slots) == 0 &&
        mc_overload_convert(overload, &conversion, slots, in) == 0) {
        value = call_with_words(self, overload, in);
    }
    mc_held_fini(&held);
    return value;
}

static __attribute__((noinline, cold)) PyObject *refuse_stale(const struct mc_function *self)
{
    fail_with_message(self, "stale", Py_NewRef(self->stale));
    return NULL;
}

PyObject *mc_function_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    struct mc_function *self = (struct mc_function *) object;
    const struct mc_overload *overload = self->overloads;
    size_t count = (size_t) PyVectorcall_NARGS(nargsf);
    if (__builtin_expect(self->stale != NULL, 0)) {
        return refuse_stale(self);
    }
    if (names || self->count > 1 || count != overload->abi.n_args ||
        count != overload->n_positional) {
        return call_generally(self, args, count, names);
    }
    uint64_t in[MC_THUNK_IN_WORDS];
    struct mc_held held;
    struct mc_conversion conversion = {
        .numpy = &self->bridge->numpy, .held = &held, .function = self->text, .element = -1};
    PyObject *value = NULL;
    held.count = 0;
    if (mc_overload_convert(overload, &conversion, args, in) == 0) {
        value = call_with_words(self, overload, in);
    }
    mc_held_fini(&held);
    return value;
}

/* ---- the short way ---- */

/* Its arrays are written by index alone, within bounds; the check of the stack costs a nanosecond
 * of the twenty that a call takes. */
#define MC_HOT __attribute__((hot, no_stack_protector))

static inline bool plain_word(const struct mc_function *self,
                              size_t index,
                              enum mc_plain sort,
                              PyObject *value,
                              uint64_t **word)
{
    int64_t number;
    const struct mc_type *type;
    switch (sort) {
    case MC_PLAIN_INT:
        if (!mc_small_int(value, &number)) {
            return false;
        }
        *(*word)++ = (uint64_t) number;
        return true;
    case MC_PLAIN_FLOAT64:
        if (!PyFloat_CheckExact(value)) {
            return false;
        }
        memcpy((*word)++, &((PyFloatObject *) value)->ob_fval, sizeof **word);
        return true;
    default:
        type = &self->overloads->abi.args[index];
        if (!Py_IS_TYPE(value, self->bridge->numpy.array) ||
            !mc_ndarray_fits((struct mc_ndarray *) value, type->scalar, type->writable)) {
            return false;
        }
        *(*word)++ = (uint64_t) (uintptr_t) ((struct mc_ndarray *) value)->data;
        *(*word)++ = (uint64_t) ((struct mc_ndarray *) value)->shape[0];
        return true;
    }
}

static inline PyObject *plain_result(enum mc_plain sort, const uint64_t *out)
{
    double number;
    switch (sort) {
    case MC_PLAIN_INT:
        return PyLong_FromLong((long) out[0]);
    case MC_PLAIN_FLOAT64:
        memcpy(&number, out, sizeof number);
        return PyFloat_FromDouble(number);
    default:
        Py_RETURN_NONE;
    }
}

/* Where every argument is of the most frequent sorts, nothing has to be held and nothing can fail.
 * What is not so goes the other way, from the start. Compiled once for each shape below: `count`
 * and `result` are constants there, or -1. */
static inline __attribute__((always_inline)) PyObject *call_shape(PyObject *object,
                                                                  PyObject *const *args,
                                                                  size_t nargsf,
                                                                  PyObject *names,
                                                                  int count,
                                                                  int sort,
                                                                  int result_sort)
{
    const struct mc_function *self = (const struct mc_function *) object;
    uint64_t in[2 * MC_PLAIN_MOST];
    uint64_t out[MC_THUNK_OUT_WORDS];
    uint64_t *word = in;
    struct mc_guard_result result;
    size_t expected = count < 0 ? self->plain_count : (size_t) count;
    if (__builtin_expect(names || (size_t) PyVectorcall_NARGS(nargsf) != expected, 0) ||
        __builtin_expect(is_damaged(), 0)) {
        return mc_function_call(object, args, nargsf, names);
    }
    for (size_t i = 0; i < expected; i++) {
        enum mc_plain one = sort < 0 ? (enum mc_plain) self->plain[i] : (enum mc_plain) sort;
        if (__builtin_expect(!plain_word(self, i, one, args[i], &word), 0)) {
            return mc_function_call(object, args, nargsf, names);
        }
    }
    enum mc_guard_outcome outcome =
        mc_guard_call_inline(self->artifact, self->thunk, in, out, &result);
    if (__builtin_expect(outcome != MC_GUARD_RETURNED, 0)) {
        return no_return(self, outcome, &result);
    }
    if (__builtin_expect(result.status != MC_THUNK_RETURNED, 0)) {
        fail_raised(self, out);
        return NULL;
    }
    return plain_result(
        result_sort < 0 ? (enum mc_plain) self->plain_result : (enum mc_plain) result_sort, out);
}

#define SHAPE(name, count, sort, result)                                         \
    static MC_HOT PyObject *name(                                                \
        PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names) \
    {                                                                            \
        return call_shape(object, args, nargsf, names, count, sort, result);     \
    }

SHAPE(call_any_shape, -1, -1, -1)
SHAPE(call_int_to_int, 1, MC_PLAIN_INT, MC_PLAIN_INT)
SHAPE(call_float_to_float, 1, MC_PLAIN_FLOAT64, MC_PLAIN_FLOAT64)

static enum mc_plain plain_of(const struct mc_type *type)
{
    switch (type->kind) {
    case MC_TYPE_NONE:
        return MC_PLAIN_NONE;
    case MC_TYPE_SPAN:
        return MC_PLAIN_SPAN;
    case MC_TYPE_SCALAR:
        return type->scalar == MC_FLOAT64                           ? MC_PLAIN_FLOAT64
               : type->scalar == MC_INT || type->scalar == MC_INT64 ? MC_PLAIN_INT
                                                                    : MC_PLAIN_OTHER;
    default:
        return MC_PLAIN_OTHER;
    }
}

static vectorcallfunc shape_of(const struct mc_function *self)
{
    bool one = self->plain_count == 1;
    if (one && self->plain[0] == MC_PLAIN_INT && self->plain_result == MC_PLAIN_INT) {
        return call_int_to_int;
    }
    if (one && self->plain[0] == MC_PLAIN_FLOAT64 && self->plain_result == MC_PLAIN_FLOAT64) {
        return call_float_to_float;
    }
    return call_any_shape;
}

void mc_function_choose_call(struct mc_function *self)
{
    const struct mc_overload *overload = self->overloads;
    bool plain = self->count == 1 && !self->isolated && !self->reason && !self->stale &&
                 !self->nogil && !overload->abi.masked && overload->abi.n_args <= MC_PLAIN_MOST &&
                 overload->n_positional == overload->abi.n_args;
    for (size_t i = 0; plain && i < overload->abi.n_args; i++) {
        self->plain[i] = (uint8_t) plain_of(&overload->abi.args[i]);
        plain = self->plain[i] != MC_PLAIN_OTHER;
    }
    self->plain_result = (uint8_t) plain_of(&overload->abi.result);
    plain = plain && self->plain_result != MC_PLAIN_OTHER;
    self->plain_count = (uint8_t) overload->abi.n_args;
    self->thunk = overload->thunk;
    self->vectorcall = plain ? shape_of(self) : mc_function_call;
}
