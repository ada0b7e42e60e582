#include "kernel_bridge/values/held.h"

int mc_hold(struct mc_held *held, void *what, mc_let_go *let_go)
{
    if (held->count == MC_HELD_MAX) {
        let_go(what);
        PyErr_SetString(PyExc_SystemError, "too many things to hold for one call");
        return -1;
    }
    held->items[held->count].what = what;
    held->items[held->count++].let_go = let_go;
    return 0;
}

static void let_object_go(void *what)
{
    Py_DECREF((PyObject *) what);
}

int mc_hold_object(struct mc_held *held, PyObject *object)
{
    return object ? mc_hold(held, object, let_object_go) : -1;
}

void mc_held_let_go_from(struct mc_held *held, size_t first)
{
    while (held->count > first) {
        held->count--;
        held->items[held->count].let_go(held->items[held->count].what);
    }
}
