#include "kernel_bridge/python/print.h"

#include <unistd.h>

__thread PyThreadState *mc_print_left;
static __thread PyObject *raised; /* by a print of the call that is under way, or by Ctrl-C in it */
static __thread bool raised_for_all; /* whatever the call made of that */

/* What a stream's encoding does not have is written with backslashes. */
static int write_escaped(PyObject *text, PyObject *file)
{
    PyErr_Clear();
    PyObject *bytes = PyUnicode_AsEncodedString(text, "ascii", "backslashreplace");
    PyObject *plain = bytes ? PyUnicode_FromEncodedObject(bytes, "ascii", NULL) : NULL;
    int written = plain ? PyFile_WriteObject(plain, file, Py_PRINT_RAW) : -1;
    Py_XDECREF(plain);
    Py_XDECREF(bytes);
    return written;
}

static int write_text(PyObject *text, PyObject *file)
{
    int written = PyFile_WriteObject(text, file, Py_PRINT_RAW);
    if (written < 0 && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        written = write_escaped(text, file);
    }
    return written;
}

/* A character that is not complete yet stays in the buffer. */
static int print(bool is_stderr, struct mc_buf *bytes, bool last)
{
    PyObject *file = PySys_GetObject(is_stderr ? "stderr" : "stdout");
    Py_ssize_t used = (Py_ssize_t) bytes->length;
    if (!file || file == Py_None) { /* as of a process without a console */
        (void) !write(is_stderr ? STDERR_FILENO : STDOUT_FILENO, bytes->data, bytes->length);
        mc_buf_clear(bytes);
        return 0;
    }
    PyObject *text = PyUnicode_DecodeUTF8Stateful(
        bytes->data, (Py_ssize_t) bytes->length, "replace", last ? NULL : &used);
    Py_INCREF(file);
    int written = text ? write_text(text, file) : -1;
    Py_DECREF(file);
    Py_XDECREF(text);
    mc_buf_consume(bytes, (size_t) used);
    return written;
}

bool mc_print_in_python(int (*act)(void *arg), void *arg, bool decides)
{
    PyThreadState *left = mc_print_left;
    mc_print_left = NULL;
    mc_bridge_return(left);
    PyObject *before = PyErr_Occurred() ? mc_bridge_take_exception() : NULL; /* of the call */
    bool goes_on = act(arg) == 0 && PyErr_CheckSignals() == 0;
    if (!goes_on) {
        Py_XSETREF(raised, mc_bridge_take_exception());
        raised_for_all = decides;
    }
    if (before) {
        mc_bridge_put_exception(before);
    }
    mc_print_left = left ? mc_bridge_leave() : NULL;
    return goes_on;
}

struct shown {
    bool is_stderr;
    struct mc_buf *bytes;
    bool last;
};

static int print_shown(void *arg)
{
    const struct shown *shown = arg;
    return print(shown->is_stderr, shown->bytes, shown->last);
}

static bool show(bool is_stderr, struct mc_buf *bytes, bool last)
{
    return mc_print_in_python(print_shown, &(struct shown) {is_stderr, bytes, last}, false);
}

void mc_print_set_up(void)
{
    mc_guard_show_with(show);
}

PyObject *mc_print_finish(PyObject *value)
{
    mc_guard_print_rest();
    PyObject *exception = raised;
    raised = NULL;
    if (!exception) {
        return value;
    }
    if (value || raised_for_all || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        PyErr_Clear();
        Py_XDECREF(value);
        mc_bridge_put_exception(exception);
    } else { /* how the call failed says more */
        Py_DECREF(exception);
    }
    return NULL;
}
