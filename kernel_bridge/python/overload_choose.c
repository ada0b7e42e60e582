#include "kernel_bridge/python/overload_choose.h"

#include "kernel_bridge/python/bridge.h"

/* How close the arguments are: 3 for each that is exact. The least of them, and their sum. */
struct fit {
    int least;
    int sum;
};

static struct fit fit_of(const struct mc_overload *overload, PyObject *const *slots)
{
    struct fit fit = {.least = MC_CLOSE_EXACT};
    for (size_t i = 0; i < overload->abi.n_args; i++) {
        int closeness = slots[i] ? (int) mc_convert_closeness(&overload->abi.args[i], slots[i])
                                 : MC_CLOSE_EXACT;
        fit.least = closeness < fit.least ? closeness : fit.least;
        fit.sum += closeness;
    }
    return fit;
}

/* The exception that is set says why an overload does not fit. -1 where it says something else. */
static int add_reason(const struct mc_overload *overload, PyObject *reasons)
{
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

/* 1 with *ret filled; 0: it does not fit, and why has been added to `reasons`; -1 with an
 * exception.
 */
static int try_overload(const struct mc_overload *overload,
                        struct mc_conversion *conversion,
                        const struct mc_arguments *given,
                        PyObject *reasons,
                        struct fit *ret)
{
    PyObject *slots[MC_THUNK_MAX_ARGS];
    uint64_t in[MC_THUNK_IN_WORDS];
    mc_held_let_go_from(conversion->held, 0);
    conversion->trying = true;
    int done = mc_overload_words(overload, conversion, given, slots, in);
    conversion->trying = false;
    if (done < 0) {
        return add_reason(overload, reasons);
    }
    *ret = fit_of(overload, slots);
    return 1;
}

static void refuse_all(const char *function, PyObject *reasons)
{
    PyObject *empty = PyUnicode_FromString("");
    PyObject *text = empty ? PyUnicode_Join(empty, reasons) : NULL;
    if (text) {
        PyErr_Format(
            PyExc_TypeError, "%s() has no signature for these arguments:%U", function, text);
    }
    Py_XDECREF(empty);
    Py_XDECREF(text);
}

static const struct mc_overload *closest(const struct mc_overload *overloads,
                                         size_t count,
                                         struct mc_conversion *conversion,
                                         const struct mc_arguments *given,
                                         PyObject *reasons)
{
    const struct mc_overload *best = NULL;
    struct fit best_fit = {.least = 0};
    for (size_t i = 0; i < count; i++) {
        struct fit fit;
        int done = try_overload(&overloads[i], conversion, given, reasons, &fit);
        if (done < 0) {
            return NULL;
        }
        if (done > 0 && (fit.least > best_fit.least ||
                         (fit.least == best_fit.least && fit.sum > best_fit.sum))) {
            best = &overloads[i];
            best_fit = fit;
        }
    }
    if (!best) {
        refuse_all(conversion->function, reasons);
    }
    return best;
}

const struct mc_overload *mc_overload_choose(const struct mc_overload *overloads,
                                             size_t count,
                                             struct mc_conversion *conversion,
                                             const struct mc_arguments *given,
                                             uint64_t *ret_in)
{
    PyObject *slots[MC_THUNK_MAX_ARGS];
    const struct mc_overload *chosen = overloads;
    if (count > 1) {
        PyObject *reasons = PyList_New(0);
        chosen = reasons ? closest(overloads, count, conversion, given, reasons) : NULL;
        Py_XDECREF(reasons);
        mc_held_let_go_from(conversion->held, 0);
    }
    bool done = chosen && mc_overload_words(chosen, conversion, given, slots, ret_in) == 0;
    return done ? chosen : NULL;
}
