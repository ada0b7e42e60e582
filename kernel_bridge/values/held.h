/* What has to be there until a call is over: references, buffers, memory. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include "abi/thunk.h"

#include <Python.h>

#include <stddef.h>

typedef void mc_let_go(void *what);

#define MC_HELD_MAX (4 * MC_THUNK_MAX_ARGS)

struct mc_held {
    size_t count;
    struct {
        mc_let_go *let_go;
        void *what;
    } items[MC_HELD_MAX];
};

/* Takes `what`; it is let go at once by a failure, which is -1 with an exception. */
int mc_hold(struct mc_held *held, void *what, mc_let_go *let_go);
int mc_hold_object(struct mc_held *held, PyObject *object); /* takes the reference; NULL fails */

void mc_held_let_go_from(struct mc_held *held, size_t first);
static inline void mc_held_fini(struct mc_held *held)
{
    if (held->count) {
        mc_held_let_go_from(held, 0);
    }
}
