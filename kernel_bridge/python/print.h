/* What Mojo functions print in this process goes to sys.stdout and sys.stderr, as what Python
 * prints. */
#pragma once

#include "kernel_bridge/guard/guard_print.h"
#include "kernel_bridge/python/bridge.h"

/* Where a call is made without the GIL: what mc_bridge_leave gave. NULL: the thread holds it. */
extern __thread PyThreadState *mc_print_left;

/* From now on, for the whole process. */
void mc_print_set_up(void);

/* From within a guarded call, does what takes Python. False where an exception was raised, or
 * Ctrl-C came: the call is to end, and mc_print_finish raises it; with `decides` also where the
 * call fails by itself. */
bool mc_print_in_python(int (*act)(void *arg), void *arg, bool decides);

/* Behind a call that printed, or did that: the rest. Returns `value`, what the call gives (NULL
 * with an exception), or NULL where printing raised one. */
PyObject *mc_print_finish(PyObject *value) __attribute__((cold, noinline));

static inline PyObject *mc_print_behind(PyObject *value)
{
    return __builtin_expect(mc_guard_printed, 0) ? mc_print_finish(value) : value;
}
