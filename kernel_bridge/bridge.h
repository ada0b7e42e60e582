/* What the files of the extension module share: its state, its error, its types. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include "base/err.h"

#include <Python.h>

#include <stdbool.h>

/* The module's state; everything in it belongs to one interpreter. */
struct mc_bridge {
    PyTypeObject *client_type;
    PyObject *error_type;
};

static inline struct mc_bridge *mc_bridge_of(PyTypeObject *type)
{
    return PyType_GetModuleState(type);
}

extern PyType_Spec mc_bridge_client_spec;
extern PyType_Spec mc_bridge_error_spec;

/* Raises Error from *err. */
void mc_bridge_raise(const struct mc_bridge *state, const mc_err *err);

/* The exception that is set, which is no longer set; and back (the reference is taken). */
PyObject *mc_bridge_take_exception(void);
void mc_bridge_put_exception(PyObject *exception);

struct mc_worker_call;
struct mc_worker_outcome;

/* _bridge.Worker (bridge_worker.c): calls without the GIL and looks for signals meanwhile. `call`
 * needs symbol, signature, in and out. -1 with an exception set: the call could not be made, or a
 * signal handler raised. Else the results are there until mc_bridge_worker_done. */
extern PyType_Spec mc_bridge_worker_spec;
int mc_bridge_worker_call(PyObject *worker,
                          struct mc_worker_call *call,
                          struct mc_worker_outcome *ret);
void mc_bridge_worker_done(PyObject *worker, struct mc_worker_outcome *outcome);
