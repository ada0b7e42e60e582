/* A call of a Mojo function: its words, in this process or in a worker. */
#include "kernel_bridge/python/call_isolated.h"
#include "kernel_bridge/python/call_result.h"
#include "kernel_bridge/python/failure.h"
#include "kernel_bridge/python/function.h"
#include "kernel_bridge/python/overload_choose.h"
#include "kernel_bridge/python/print.h"

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
    return mc_print_behind(
        mc_call_result(self, overload, result.status, out, self->artifact->release));
}

static inline PyObject *
call_with_words(struct mc_function *self, const struct mc_overload *overload, const uint64_t *in)
{
    if (__builtin_expect(!self->isolated, 1)) {
        if (__builtin_expect(!self->reason && !mc_process_is_damaged(), 1)) {
            return call_here(self, overload, in);
        }
        if (mc_call_leave_process(self) < 0) {
            return NULL;
        }
    }
    return mc_call_isolated(self, overload, in);
}

/* Overloads, names, defaults. */
static PyObject *call_generally(struct mc_function *self, const struct mc_arguments *given)
{
    uint64_t in[MC_THUNK_IN_WORDS];
    struct mc_held held;
    struct mc_conversion conversion = {.numpy = &self->bridge->numpy,
                                       .held = &held,
                                       .function = self->text,
                                       .element = -1,
                                       .copies = &self->bridge->copies,
                                       .copies_anyway = self->isolated};
    held.count = 0;
    const struct mc_overload *overload =
        mc_overload_choose(self->overloads, self->count, &conversion, given, in);
    PyObject *value = overload ? call_with_words(self, overload, in) : NULL;
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
    PyObject *next = mc_variants_successor(self);
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
        return call_generally(self, &(struct mc_arguments) {args, count, names});
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
