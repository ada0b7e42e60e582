/* How a call fails: with what the function's `fail` makes of the kind of failure and its details,
 * or with an Error. */
#pragma once

#include "kernel_bridge/python/function.h"

#include <stdatomic.h>
#include <stdbool.h>

/* mc_guard_damaged(), where it is looked at with each call: set by a crash of any thread, with or
 * without the GIL, and never reset. Who sees it also sees what the crash left behind. */
extern atomic_bool mc_process_damaged;

static inline bool mc_process_is_damaged(void)
{
    return atomic_load_explicit(&mc_process_damaged, memory_order_acquire);
}

/* What is known of a crash: of one in this process the words that Mojo printed. */
struct mc_crash {
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

/* Takes `details`, NULL being an exception of its own. */
void mc_fail(const struct mc_function *self, const char *kind, PyObject *details);

/* The same with a message alone, which is taken. */
void mc_fail_with_message(const struct mc_function *self, const char *kind, PyObject *message);

/* What the function raised (abi/thunk.h). */
void mc_fail_raised(const struct mc_function *self, const uint64_t *out);

void mc_fail_crashed(const struct mc_function *self, const struct mc_crash *crash);

/* A call in this process that has not returned: crashed, or interrupted. Returns NULL. */
PyObject *mc_fail_here(const struct mc_function *self,
                       enum mc_guard_outcome outcome,
                       const struct mc_guard_result *result) __attribute__((noinline, cold));

/* The exception that is set says why the result is no value of Python. */
void mc_fail_return(const struct mc_function *self);

/* The Error that is set says why there is no worker, or that it was lost. */
void mc_fail_as_error(const struct mc_function *self);

/* Bytes from outside as a text. */
PyObject *mc_fail_text(const char *bytes, size_t length);
