/* The short way of a call: where every argument is an int, a float or an array of NumPy's. */
#include "kernel_bridge/guard/guard_enter.h"
#include "kernel_bridge/python/failure.h"
#include "kernel_bridge/python/function.h"
#include "kernel_bridge/python/print.h"

#include <string.h>

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
    case MC_PLAIN_NDSPAN:
        type = &self->overloads->abi.args[index];
        if (!Py_IS_TYPE(value, self->bridge->numpy.array) ||
            !mc_ndarray_view((struct mc_ndarray *) value, type, *word)) {
            return false;
        }
        *word += type->words;
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
    uint64_t in[(1 + 2 * MC_RANK_MAX) * MC_PLAIN_MOST];
    uint64_t out[MC_THUNK_OUT_WORDS];
    uint64_t *word = in;
    struct mc_guard_result result;
    size_t expected = count < 0 ? self->plain_count : (size_t) count;
    if (__builtin_expect(names || (size_t) PyVectorcall_NARGS(nargsf) != expected, 0) ||
        __builtin_expect(mc_process_is_damaged(), 0)) {
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
        return mc_print_behind(mc_fail_here(self, outcome, &result));
    }
    if (__builtin_expect(result.status != MC_THUNK_RETURNED, 0)) {
        mc_fail_raised(self, out);
        return mc_print_behind(NULL);
    }
    return mc_print_behind(plain_result(
        result_sort < 0 ? (enum mc_plain) self->plain_result : (enum mc_plain) result_sort, out));
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
    case MC_TYPE_SPAN: /* a bool of NumPy's may be none of Mojo's */
        return type->scalar == MC_BOOL ? MC_PLAIN_OTHER : MC_PLAIN_SPAN;
    case MC_TYPE_NDSPAN:
        return type->scalar == MC_BOOL ? MC_PLAIN_OTHER : MC_PLAIN_NDSPAN;
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
