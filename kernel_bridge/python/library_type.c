/* Artifacts that are loaded into this process, and the guard around the calls of their functions.
 */
#include "base/mem.h"
#include "base/symbols.h"
#include "kernel_bridge/guard/guard.h"
#include "kernel_bridge/python/bridge.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct library {
    PyObject_HEAD const struct mc_artifact *artifact; /* stays for as long as the process; NULL: not
                                                         loaded, for the reason */
    PyObject *path;
    PyObject *reason; /* None: may be called here */
};

const struct mc_artifact *mc_bridge_artifact(PyObject *library, PyObject **ret_reason)
{
    const struct library *self = (const struct library *) library;
    *ret_reason = self->reason;
    return self->artifact;
}

/* ---- opening ---- */

#define MOST_LIBRARIES 32

struct paths {
    PyObject *owner; /* a list of bytes */
    const char *items[MOST_LIBRARIES + 1];
};

/* Adds a path to the list, which has it from then on. */
static const char *add_path(PyObject *list, PyObject *item)
{
    PyObject *path = NULL;
    const char *text = NULL;
    if (PyUnicode_FSConverter(item, &path) && PyList_Append(list, path) == 0) {
        text = PyBytes_AS_STRING(path);
    }
    Py_XDECREF(path);
    return text;
}

static int read_paths(PyObject *sequence, struct paths *ret)
{
    PyObject *items = PySequence_Tuple(sequence);
    Py_ssize_t count = items ? PyTuple_GET_SIZE(items) : 0;
    ret->owner = items ? PyList_New(0) : NULL;
    int done = ret->owner ? 0 : -1;
    if (count > MOST_LIBRARIES) {
        PyErr_Format(PyExc_ValueError, "more than %d libraries", MOST_LIBRARIES);
        done = -1;
    }
    for (Py_ssize_t i = 0; done == 0 && i < count; i++) {
        ret->items[i] = add_path(ret->owner, PyTuple_GET_ITEM(items, i));
        done = ret->items[i] ? 0 : -1;
    }
    Py_XDECREF(items);
    return done;
}

static int open_artifact(struct library *self,
                         const struct mc_bridge *bridge,
                         const struct mc_artifact_spec *spec)
{
    struct mc_artifact *artifact = NULL;
    char reason[256];
    mc_err err;
    int unguardable;
    PyThreadState *saved = mc_bridge_leave();
    unguardable = mc_artifact_unguardable(spec->path, reason, sizeof reason, &err);
    if (unguardable <= 0 && mc_artifact_open(spec, &artifact, &err) < 0) {
        unguardable = -1; /* in the words of the loader, also where the file cannot be read */
    }
    mc_bridge_return(saved);
    if (unguardable < 0) {
        mc_bridge_raise(bridge, &err);
        return -1;
    }
    self->artifact = artifact;
    self->path = PyUnicode_DecodeFSDefault(spec->path);
    self->reason = unguardable
                       ? PyUnicode_DecodeUTF8(reason, (Py_ssize_t) strlen(reason), "replace")
                       : Py_NewRef(Py_None);
    mc_guard_arm(true);
    return self->path && self->reason ? 0 : -1;
}

static PyObject *library_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "libraries", "identity", "name", NULL};
    PyObject *path = NULL;
    PyObject *sequence = NULL;
    const char *identity = "";
    const char *name = "cell";
    struct paths paths = {.owner = NULL};
    if (!PyArg_ParseTupleAndKeywords(args,
                                     kwargs,
                                     "O&|Oss:Library",
                                     names,
                                     PyUnicode_FSConverter,
                                     &path,
                                     &sequence,
                                     &identity,
                                     &name)) {
        return NULL;
    }
    const struct mc_artifact_spec spec = {
        .path = PyBytes_AS_STRING(path),
        .libraries = paths.items,
        .identity = identity,
        .name = name,
    };
    struct library *self = NULL;
    if (!sequence || read_paths(sequence, &paths) == 0) {
        self = (struct library *) type->tp_alloc(type, 0);
    }
    if (self && open_artifact(self, mc_bridge_of(type), &spec) < 0) {
        Py_CLEAR(self);
    }
    Py_XDECREF(paths.owner);
    Py_DECREF(path);
    return (PyObject *) self;
}

static void library_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(((struct library *) object)->path);
    Py_XDECREF(((struct library *) object)->reason);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *library_path(PyObject *object, void *Py_UNUSED(closure))
{
    return Py_NewRef(((const struct library *) object)->path);
}

static PyObject *library_reason(PyObject *object, void *Py_UNUSED(closure))
{
    return Py_NewRef(((const struct library *) object)->reason);
}

static int is_printing(const char *name, void *Py_UNUSED(data))
{
    static const char *const printing[] = {"write", "printf", "puts", "putchar", "fwrite", "fputs"};
    for (size_t i = 0; i < MC_LENGTH(printing); i++) {
        if (strcmp(name, printing[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static PyObject *library_prints(PyObject *object, void *Py_UNUSED(closure))
{
    const struct library *self = (const struct library *) object;
    mc_err err;
    return PyBool_FromLong(
        self->artifact && mc_symbols_undefined(self->artifact->path, is_printing, NULL, &err) != 0);
}

PyDoc_STRVAR(library_doc,
             "Library(path, libraries=(), identity='', name='cell')\n--\n\n"
             "An artifact that is loaded into this process, for as long as it lives: unless its\n"
             "functions should not be called here, then nothing of it is. In what it prints, name\n"
             "stands for the file that was compiled.\n\n"
             "Before the first one its runtime's libraries are loaded; another runtime is then\n"
             "refused. The signal handlers of the guard are put in place.");

static PyGetSetDef library_getset[] = {
    {"path", library_path, NULL, PyDoc_STR("Where the artifact is."), NULL},
    {"prints", library_prints, NULL, PyDoc_STR("Whether it has code that writes to files."), NULL},
    {"isolated_reason",
     library_reason,
     NULL,
     PyDoc_STR("Why its functions should not be called in this process, or None."),
     NULL},
    {0},
};

static PyType_Slot library_slots[] = {
    {Py_tp_doc, (void *) library_doc},
    {Py_tp_new, library_new},
    {Py_tp_dealloc, library_dealloc},
    {Py_tp_getset, library_getset},
    {0, NULL},
};

PyType_Spec mc_bridge_library_spec = {
    .name = "mojocell._bridge.Library",
    .basicsize = sizeof(struct library),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = library_slots,
};

/* ---- the guard ---- */

static PyObject *arm(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"interrupts", NULL};
    int interrupts = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p:arm", names, &interrupts)) {
        return NULL;
    }
    mc_guard_arm(interrupts != 0);
    Py_RETURN_NONE;
}

static PyObject *interrupt(PyObject *Py_UNUSED(module), PyObject *thread)
{
    long id = PyLong_AsLong(thread);
    if (id == -1 && PyErr_Occurred()) {
        return NULL;
    }
    mc_guard_interrupt((pid_t) id);
    Py_RETURN_NONE;
}

static PyObject *damaged(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyBool_FromLong(mc_guard_damaged());
}

PyDoc_STRVAR(arm_doc,
             "arm($module, /, interrupts=True)\n--\n\n"
             "Put the guard's signal handlers in place, also those that were replaced since.\n\n"
             "interrupts: the one of SIGINT too.");
PyDoc_STRVAR(interrupt_doc,
             "interrupt($module, thread, /)\n--\n\n"
             "Interrupt the call that a thread is in, by its native id.");
PyDoc_STRVAR(damaged_doc,
             "damaged($module, /)\n--\n\n"
             "Whether a crash left this process in a state in which nothing should be called.");

PyMethodDef mc_bridge_guard_methods[] = {
    {"arm", (PyCFunction) (void (*)(void)) arm, METH_VARARGS | METH_KEYWORDS, arm_doc},
    {"interrupt", interrupt, METH_O, interrupt_doc},
    {"damaged", damaged, METH_NOARGS, damaged_doc},
    {0},
};
