/* The object that a user calls, as its two files see it: bridge_function.c has the type,
 * bridge_call.c the calls. */
#pragma once

#include "kernel_bridge/bridge.h"
#include "kernel_bridge/function.h"
#include "kernel_bridge/guard.h"

struct mc_function {
    PyObject_HEAD vectorcallfunc vectorcall;
    struct mc_bridge *bridge; /* of the type's module */
    const char *text;         /* of the name */
    const struct mc_artifact *artifact;
    struct mc_overload *overloads;
    size_t count;  /* of overloads, at least one */
    bool isolated; /* the mode */
    bool nogil;
    bool told;        /* on_isolated has been called */
    PyObject *stale;  /* a text: why it is not to be called any more */
    PyObject *reason; /* a text: why it is never to be called in this process */
    PyObject *worker; /* what `get_worker` gave */
    /* as they were given, or NULL */
    PyObject *name;
    PyObject *entries;
    PyObject *library;
    PyObject *get_worker;
    PyObject *fail;
    PyObject *on_isolated;
    PyObject *stub;
    PyObject *reduce;
    PyObject *qualname; /* as it was set */
    PyObject *dict;
    PyObject *weakrefs;
};

PyObject *mc_function_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names);

/* Says once why a function is isolated that was not meant to be. -1 with an exception. */
int mc_function_tell(struct mc_function *self, PyObject *reason);
