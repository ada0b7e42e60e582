/* A call in a worker, and who comes there that was meant to be called in this process. */
#pragma once

#include "kernel_bridge/python/function.h"

PyObject *
mc_call_isolated(struct mc_function *self, const struct mc_overload *overload, const uint64_t *in);

/* Where a function that is meant to be called here cannot be: from now on it is isolated. -1 with
 * an exception. */
int mc_call_leave_process(struct mc_function *self) __attribute__((noinline, cold));
