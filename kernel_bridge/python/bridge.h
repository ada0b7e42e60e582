/* What the files of the extension module share: its state, its error, its types. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include "base/err.h"
#include "kernel_bridge/values/conversion.h"

#include <Python.h>

#include <stdbool.h>

/* The module's state; everything in it belongs to one interpreter. */
struct mc_bridge {
    PyTypeObject *client_type;
    PyTypeObject *library_type;
    PyTypeObject *function_type;
    PyTypeObject *worker_type;
    PyTypeObject *loops_type;
    PyTypeObject *map_type;
    PyObject *error_type;
    struct mc_numpy numpy;
    struct mc_copies copies;
    bool told_damage; /* a warning that functions are isolated from now on has been given */
};

static inline struct mc_bridge *mc_bridge_of(PyTypeObject *type)
{
    return PyType_GetModuleState(type);
}

extern PyType_Spec mc_bridge_client_spec;
extern PyType_Spec mc_bridge_error_spec;
extern PyType_Spec mc_bridge_library_spec;
extern PyType_Spec mc_bridge_function_spec;
extern PyMethodDef mc_bridge_guard_methods[];
extern PyMethodDef mc_bridge_type_methods[];

/* NumPy's name for each of Mojo's scalars: {"Int": "int64", …}. A new reference. */
PyObject *mc_bridge_scalars(void);

struct mc_client;

/* The client of a Client, which is not freed before it is dropped; NULL with an exception set. */
struct mc_client *mc_bridge_client_hold(const struct mc_bridge *state, PyObject *object);
void mc_bridge_client_drop(PyObject *object);

/* Raises Error from *err. */
void mc_bridge_raise(const struct mc_bridge *state, const mc_err *err);

/* The exception that is set, which is no longer set; and back (the reference is taken). */
PyObject *mc_bridge_take_exception(void);
void mc_bridge_put_exception(PyObject *exception);

/* Gives the GIL away for what may take long, and takes it back. While the runtime ends, a thread of
 * another interpreter than the main one would not get it back but be ended there, and with it the
 * end of the process: it keeps the GIL, and NULL is returned. */
PyThreadState *mc_bridge_leave(void);
void mc_bridge_return(PyThreadState *saved);

/* Seconds of Python as nanoseconds, saturated: never 0 for a number above 0, INT64_MAX for what is
 * too much. */
int64_t mc_bridge_nanoseconds(double seconds);

/* A number of Python's that is no bool: -1 with TypeError or OverflowError. What is too large for a
 * double is infinite. */
int mc_bridge_number(PyObject *value, const char *name, double *ret);

/* For PyArg_Parse's O&: a path or None; the bytes object in *ret, NULL for None, is the caller's.
 */
int mc_bridge_optional_path(PyObject *object, void *ret);

struct mc_artifact;

/* Of a Library, both borrowed; the reason is None, or a text for which there is no artifact. */
const struct mc_artifact *mc_bridge_artifact(PyObject *library, PyObject **ret_reason);

struct mc_worker_call;
struct mc_worker_outcome;

/* _bridge.Worker (worker_type.c): calls without the GIL and looks for signals meanwhile. `call`
 * needs symbol, signature, in and out. -1 with an exception set: the call could not be made, or a
 * signal handler raised. Else the results are there until mc_bridge_worker_done. */
extern PyType_Spec mc_bridge_worker_spec;
int mc_bridge_worker_call(PyObject *object,
                          struct mc_worker_call *call,
                          struct mc_worker_outcome *ret);
void mc_bridge_worker_done(PyObject *object, struct mc_worker_outcome *outcome);
