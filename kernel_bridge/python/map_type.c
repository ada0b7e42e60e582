/* The base of mojocell's MojoMap: a call with arrays goes to the ufunc at once, any other to the
 * class's method `_call`. */
#include "kernel_bridge/python/function.h"
#include "kernel_bridge/python/loops.h"
#include "kernel_bridge/python/map.h"

struct map {
    PyObject_HEAD vectorcallfunc vectorcall;
    struct mc_bridge *bridge;
    PyObject *function;
    PyObject *ufunc; /* NULL: not made yet */
    PyObject *weakrefs;
};

static bool are_arrays(const struct map *self, PyObject *const *args, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!Py_IS_TYPE(args[i], self->bridge->numpy.array)) {
            return false;
        }
    }
    return true;
}

/* What a ufunc takes as it is: nothing by name, or where the results go. */
static bool is_plain(PyObject *names)
{
    return !names || (PyTuple_GET_SIZE(names) == 1 &&
                      PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "out") == 0);
}

static PyObject *
call_generally(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *method = PyObject_GetAttrString(object, "_call");
    PyObject *value = NULL;
    if (method) {
        mc_loops_begin();
        value = PyObject_Vectorcall(method, args, (size_t) count, names);
        mc_loops_end();
    }
    Py_XDECREF(method);
    return value;
}

static PyObject *map_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    const struct map *self = (const struct map *) object;
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    bool plain = self->ufunc && is_plain(names) && !((struct mc_function *) self->function)->stale;
    if (plain && are_arrays(self, args, count + named)) {
        mc_loops_begin();
        PyObject *value = PyObject_Vectorcall(self->ufunc, args, (size_t) count, names);
        mc_loops_end();
        if (value || !PyErr_ExceptionMatches(PyExc_TypeError)) {
            return value;
        }
        PyErr_Clear(); /* the long way says what to do */
    }
    return call_generally(object, args, count, names);
}

static PyObject *map_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"function", NULL};
    PyObject *module = PyType_GetModule(type->tp_base);
    struct mc_bridge *state = module ? PyModule_GetState(module) : NULL;
    PyObject *function;
    if (!state || !PyArg_ParseTupleAndKeywords(
                      args, kwargs, "O!:Map", names, state->function_type, &function)) {
        return NULL;
    }
    struct map *self = (struct map *) type->tp_alloc(type, 0);
    if (self) {
        self->vectorcall = map_call;
        self->bridge = state;
        self->function = Py_NewRef(function);
    }
    return (PyObject *) self;
}

static int map_traverse(PyObject *object, visitproc visit, void *arg)
{
    const struct map *self = (const struct map *) object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->function);
    Py_VISIT(self->ufunc);
    return 0;
}

static int map_clear(PyObject *object)
{
    Py_CLEAR(((struct map *) object)->ufunc);
    return 0;
}

static void map_dealloc(PyObject *object)
{
    struct map *self = (struct map *) object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->weakrefs) {
        PyObject_ClearWeakRefs(object);
    }
    Py_XDECREF(self->function);
    Py_XDECREF(self->ufunc);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMemberDef map_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct map, vectorcall), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct map, weakrefs), READONLY, NULL},
    {"function", T_OBJECT, offsetof(struct map, function), READONLY, PyDoc_STR("The function.")},
    {"_ufunc", T_OBJECT, offsetof(struct map, ufunc), 0, NULL},
    {0},
};

static PyType_Slot map_slots[] = {
    {Py_tp_new, map_new},
    {Py_tp_dealloc, map_dealloc},
    {Py_tp_traverse, map_traverse},
    {Py_tp_clear, map_clear},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_members, map_members},
    {0, NULL},
};

PyType_Spec mc_bridge_map_spec = {
    .name = "mojocell._bridge.Map",
    .basicsize = sizeof(struct map),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = map_slots,
};
