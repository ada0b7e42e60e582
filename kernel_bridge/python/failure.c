#include "kernel_bridge/python/failure.h"

#include "abi/words.h"

#include <signal.h>
#include <string.h>

atomic_bool mc_process_damaged;

void mc_fail(const struct mc_function *self, const char *kind, PyObject *details)
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

PyObject *mc_fail_text(const char *bytes, size_t length)
{
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t) length, "replace");
}

void mc_fail_with_message(const struct mc_function *self, const char *kind, PyObject *message)
{
    mc_fail(self, kind, message ? Py_BuildValue("{sN}", "message", message) : NULL);
}

void mc_fail_raised(const struct mc_function *self, const uint64_t *out)
{
    const char *text = (const char *) (out + 1);
    size_t length = mc_thunk_error_length(out);
    PyObject *message = mc_fail_text(text, length);
    if (message && length < out[0]) {
        Py_SETREF(
            message,
            PyUnicode_FromFormat(
                "%U%s (%llu bytes more)", message, "…", (unsigned long long) (out[0] - length)));
    }
    mc_fail_with_message(self, "raised", message);
}

static PyObject *list_frames(const struct mc_crash *crash)
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

void mc_fail_crashed(const struct mc_function *self, const struct mc_crash *crash)
{
    PyObject *text = mc_fail_text(crash->message, strlen(crash->message));
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
    mc_fail(self, crash->signal ? "crashed" : "exited", details);
}

void mc_fail_return(const struct mc_function *self)
{
    PyObject *exception = mc_bridge_take_exception();
    mc_fail_with_message(self, "return", PyUnicode_FromFormat("%S", exception));
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

PyObject *mc_fail_here(const struct mc_function *self,
                       enum mc_guard_outcome outcome,
                       const struct mc_guard_result *result)
{
    if (result->damaged) {
        atomic_store_explicit(&mc_process_damaged, true, memory_order_release);
    }
    if (outcome == MC_GUARD_INTERRUPTED) {
        raise_interrupt(result->signal);
        return NULL;
    }
    char inside[128];
    mc_words_function(result->words, self->artifact->path, inside, sizeof inside);
    mc_fail_crashed(self,
                    &(struct mc_crash) {.signal = result->signal,
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

void mc_fail_as_error(const struct mc_function *self)
{
    PyObject *error = mc_bridge_take_exception();
    PyObject *code = PyObject_GetAttrString(error, "code");
    PyObject *message = code ? PyObject_GetAttrString(error, "message") : NULL;
    PyObject *hint = message ? PyObject_GetAttrString(error, "hint") : NULL;
    const char *kind = hint ? PyUnicode_AsUTF8(code) : NULL;
    if (kind) {
        mc_fail(self, kind, Py_BuildValue("{sOsO}", "message", message, "hint", hint));
    }
    Py_XDECREF(hint);
    Py_XDECREF(message);
    Py_XDECREF(code);
    Py_DECREF(error);
}
