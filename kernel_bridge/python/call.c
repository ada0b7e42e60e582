/* A call of a Mojo function: which overload, its words, in this process or in a worker. */
#include "kernel_bridge/python/failure.h"
#include "kernel_bridge/python/function.h"
#include "kernel_bridge/python/print.h"
#include "kernel_bridge/worker/workers.h"

#include <string.h>

/* ---- results ---- */

/* `release` as in mc_result. */
static PyObject *finish(const struct mc_function *self,
                        const struct mc_overload *overload,
                        int32_t status,
                        const uint64_t *out,
                        mc_release_thunk *release)
{
    if (__builtin_expect(status != MC_THUNK_RETURNED, 0)) {
        mc_fail_raised(self, out);
        return NULL;
    }
    struct mc_result result = {.numpy = &self->bridge->numpy, .release = release};
    PyObject *value = mc_convert_out_fast(&result, &overload->abi.result, out);
    if (__builtin_expect(!value && result.unfit, 0)) {
        mc_fail_return(self);
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
    mc_print_left = saved;
    outcome = mc_guard_call(self->artifact, overload->thunk, in, out, ret);
    mc_print_left = NULL;
    mc_bridge_return(saved);
    return outcome;
}

static PyObject *
call_here(const struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
{
    uint64_t out[MC_THUNK_OUT_WORDS];
    struct mc_guard_result result;
    enum mc_guard_outcome outcome = call_thunk(self, overload, in, out, &result);
    if (__builtin_expect(outcome != MC_GUARD_RETURNED, 0)) {
        return mc_print_behind(mc_fail_here(self, outcome, &result));
    }
    return mc_print_behind(finish(self, overload, result.status, out, self->artifact->release));
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
        mc_fail_with_message(self,
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
        mc_fail_crashed(self,
                        &(struct mc_crash) {.signal = outcome->signal,
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
        message = mc_fail_text(outcome->message, strlen(outcome->message));
        mc_fail(self,
                strcmp(outcome->limit, "wall") == 0 ? "timeout" : "limit",
                message ? Py_BuildValue("{sNss}", "message", message, "limit", outcome->limit)
                        : NULL);
        return NULL;
    case MC_WORKER_INTERRUPTED:
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        return NULL;
    }
    return NULL;
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
        mc_fail_as_error(self);
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
        if (__builtin_expect(!self->reason && !mc_process_is_damaged(), 1)) {
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
    conversion->trying = true;
    int converted = mc_overload_convert(overload, conversion, slots, ret_in);
    conversion->trying = false;
    if (converted == 0) {
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
    struct mc_conversion conversion = {.numpy = &self->bridge->numpy,
                                       .held = &held,
                                       .function = self->text,
                                       .element = -1,
                                       .copies = &self->bridge->copies,
                                       .copies_anyway = self->isolated};
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

/* What takes the place of a function that is out of date is called instead of it. */
static __attribute__((noinline, cold)) PyObject *
call_stale(const struct mc_function *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    if (PyUnicode_Check(self->stale)) {
        mc_fail_with_message(self, "stale", Py_NewRef(self->stale));
        return NULL;
    }
    PyObject *stale = Py_NewRef(self->stale);
    PyObject *next = PyObject_CallNoArgs(stale);
    PyObject *value = next ? PyObject_Vectorcall(next, args, nargsf, names) : NULL;
    Py_XDECREF(next);
    Py_DECREF(stale);
    return value;
}

PyObject *mc_function_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    struct mc_function *self = (struct mc_function *) object;
    const struct mc_overload *overload = self->overloads;
    size_t count = (size_t) PyVectorcall_NARGS(nargsf);
    if (__builtin_expect(self->stale != NULL, 0)) {
        return call_stale(self, args, nargsf, names);
    }
    if (names || self->count > 1 || count != overload->abi.n_args ||
        count != overload->n_positional) {
        return call_generally(self, args, count, names);
    }
    uint64_t in[MC_THUNK_IN_WORDS];
    struct mc_held held;
    struct mc_conversion conversion = {.numpy = &self->bridge->numpy,
                                       .held = &held,
                                       .function = self->text,
                                       .element = -1,
                                       .copies = &self->bridge->copies,
                                       .copies_anyway = self->isolated};
    PyObject *value = NULL;
    held.count = 0;
    if (mc_overload_convert(overload, &conversion, args, in) == 0) {
        value = call_with_words(self, overload, in);
    }
    mc_held_fini(&held);
    return value;
}
