#include "kernel_bridge/python/call_isolated.h"

#include "kernel_bridge/python/call_result.h"
#include "kernel_bridge/python/failure.h"
#include "kernel_bridge/worker/workers.h"

#include <string.h>

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
        return mc_call_result(self, overload, outcome->status, out, NULL);
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

PyObject *
mc_call_isolated(struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
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

int mc_call_leave_process(struct mc_function *self)
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
