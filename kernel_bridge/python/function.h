/* The object that a user calls, as its files see it: function_type.c has the type, function_make.c
 * how one is made, function_attributes.c its attributes; call.c has the calls, call_shape.c the
 * short ones. */
#pragma once

#include "kernel_bridge/guard/guard.h"
#include "kernel_bridge/python/bridge.h"
#include "kernel_bridge/python/overload.h"

#include <structmember.h>

/* What calls take the short way through, without anything to look up. */
enum mc_plain {
    MC_PLAIN_OTHER, /* not these */
    MC_PLAIN_INT,
    MC_PLAIN_FLOAT64,
    MC_PLAIN_SPAN, /* of an array of NumPy's */
    MC_PLAIN_NDSPAN,
    MC_PLAIN_NONE, /* a result */
};

#define MC_PLAIN_MOST 8

struct mc_function {
    PyObject_HEAD vectorcallfunc vectorcall; /* mc_function_choose_call */
    mc_thunk *thunk;                         /* these four: of plain calls */
    uint8_t plain_count;
    uint8_t plain[MC_PLAIN_MOST]; /* of the arguments */
    uint8_t plain_result;
    struct mc_bridge *bridge; /* of the type's module */
    const char *text;         /* of the name */
    const struct mc_artifact *artifact;
    struct mc_overload *overloads;
    size_t count;  /* of overloads, at least one */
    bool isolated; /* the mode */
    bool nogil;
    bool told;        /* on_isolated has been called */
    PyObject *stale;  /* a text: why it is not to be called; or gives what to call */
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
    PyObject *get_map;
    PyObject *map;      /* what `get_map` gave, or NULL */
    PyObject *changes;  /* what with_options was told, or NULL */
    PyObject *variants; /* what it made, or NULL where there is nothing: function_variants.c */
    PyObject *qualname; /* as it was set */
    PyObject *dict;
    PyObject *weakrefs;
};

/* Puts the way of calling in place that fits what the function is like now: after it has been made,
 * and when its mode or anything else that calls depend on changes. */
void mc_function_choose_call(struct mc_function *self);

PyObject *mc_function_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names);

/* Says once why a function is isolated that was not meant to be. -1 with an exception. */
int mc_function_tell(struct mc_function *self, PyObject *reason);

/* ---- for the files of the type ---- */

/* What one is made of: as _bridge.Function takes them. */
struct mc_function_options {
    PyObject *name;
    PyObject *entries;
    PyObject *library;
    PyObject *mode;
    int nogil;
    PyObject *worker;
    PyObject *fail;
    PyObject *on_isolated;
    PyObject *stub;
    PyObject *reduce;
    PyObject *map;
    bool rehearsal;
};

/* A new function, or NULL with an exception. */
PyObject *mc_function_make(PyTypeObject *type, const struct mc_function_options *options);

/* 'inline' or 'isolated'. */
int mc_function_read_mode(PyObject *mode, bool *ret_isolated);

/* Whether the function can be called in this process; -1 with an exception that says why not. */
int mc_function_check_inline(const struct mc_function *self);

/* What with_options made is told what its origin is: -1 with an exception. */
int mc_variants_add(struct mc_function *origin, struct mc_function *variant);
int mc_variants_follow(const struct mc_function *origin);

/* What takes the place of one that is out of date, with its options; NULL with an exception. */
PyObject *mc_variants_successor(const struct mc_function *self);

extern PyGetSetDef mc_function_getset[];
extern PyMemberDef mc_function_members[];
PyObject *mc_function_getattro(PyObject *object, PyObject *name);
PyObject *mc_function_get(PyObject *object, PyObject *instance, PyObject *owner);
