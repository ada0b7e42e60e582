/* The module mojocell._bridge; its types are in the files beside this one. */
#include "base/mem.h"
#include "base/paths.h"
#include "kernel_bridge/client/client.h"
#include "kernel_bridge/python/bridge.h"
#include "kernel_bridge/python/cell_items.h"
#include "kernel_bridge/python/crash_text.h"
#include "kernel_bridge/python/input.h"
#include "kernel_bridge/python/loops.h"
#include "kernel_bridge/python/map.h"
#include "kernel_bridge/python/print.h"

static bool is_ending(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing();
#else
    return _Py_IsFinalizing();
#endif
}

PyThreadState *mc_bridge_leave(void)
{
    bool keeps = is_ending() && PyInterpreterState_Get() != PyInterpreterState_Main();
    return keeps ? NULL : PyEval_SaveThread();
}

void mc_bridge_return(PyThreadState *saved)
{
    if (saved) {
        PyEval_RestoreThread(saved);
    }
}

static PyObject *error_codes(void)
{
    PyObject *codes = PyTuple_New(MC_CODE_COUNT - 1);
    for (int i = 1; codes && i < MC_CODE_COUNT; i++) {
        PyObject *name = PyUnicode_FromString(mc_code_name((enum mc_code) i));
        if (!name) {
            Py_CLEAR(codes);
            break;
        }
        PyTuple_SET_ITEM(codes, i - 1, name);
    }
    return codes;
}

/* `name` is the attribute: Function is the mojocell.MojoFunction of those who see one. */
static int add_type(PyObject *module, PyType_Spec *spec, const char *name, PyTypeObject **ret)
{
    *ret = (PyTypeObject *) PyType_FromModuleAndSpec(module, spec, NULL);
    return *ret ? PyModule_AddObjectRef(module, name, (PyObject *) *ret) : -1;
}

/* Takes the reference. */
static int add_object(PyObject *module, const char *name, PyObject *object)
{
    int done = object ? PyModule_AddObjectRef(module, name, object) : -1;
    Py_XDECREF(object);
    return done;
}

static int add_constants(PyObject *module)
{
    if (add_object(module, "ERROR_CODES", error_codes()) < 0 ||
        add_object(module, "SCALARS", mc_bridge_scalars()) < 0 ||
        PyModule_AddStringConstant(module, "VERSION", MC_VERSION) < 0 ||
        PyModule_AddStringConstant(module, "BUILD", MC_BUILD_ID) < 0 ||
        PyModule_AddIntConstant(module, "PROTOCOL", MC_PROTOCOL_VERSION) < 0) {
        return -1;
    }
    if (PyModule_AddFunctions(module, mc_bridge_type_methods) < 0 ||
        PyModule_AddFunctions(module, mc_bridge_cell_methods) < 0 ||
        PyModule_AddFunctions(module, mc_bridge_crash_methods) < 0 ||
        PyModule_AddFunctions(module, mc_bridge_loops_methods) < 0) {
        return -1;
    }
    return PyModule_AddFunctions(module, mc_bridge_guard_methods);
}

static int add_warning(PyObject *module, struct mc_bridge *state)
{
    state->copies.warning = PyErr_NewExceptionWithDoc(
        "mojocell.CopyWarning",
        "Each call copies an argument that Mojo reads, because its elements do not lie in one run.",
        PyExc_RuntimeWarning,
        NULL);
    return state->copies.warning
               ? PyModule_AddObjectRef(module, "CopyWarning", state->copies.warning)
               : -1;
}

static int exec_module(PyObject *module)
{
    struct mc_bridge *state = PyModule_GetState(module);
    state->error_type = PyType_FromModuleAndSpec(module, &mc_bridge_error_spec, PyExc_Exception);
    if (!state->error_type || PyModule_AddObjectRef(module, "Error", state->error_type) < 0 ||
        add_warning(module, state) < 0 ||
        add_type(module, &mc_bridge_client_spec, "Client", &state->client_type) < 0 ||
        add_type(module, &mc_bridge_worker_spec, "Worker", &state->worker_type) < 0 ||
        add_type(module, &mc_bridge_library_spec, "Library", &state->library_type) < 0 ||
        add_type(module, &mc_bridge_function_spec, "Function", &state->function_type) < 0 ||
        add_type(module, &mc_bridge_loops_spec, "Loops", &state->loops_type) < 0 ||
        add_type(module, &mc_bridge_map_spec, "Map", &state->map_type) < 0) {
        return -1;
    }
    mc_print_set_up();
    mc_input_set_up();
    return add_constants(module);
}

static int traverse_module(PyObject *module, visitproc visit, void *arg)
{
    const struct mc_bridge *state = PyModule_GetState(module);
    PyObject *const all[] = {
        (PyObject *) state->client_type,
        (PyObject *) state->library_type,
        (PyObject *) state->function_type,
        (PyObject *) state->worker_type,
        (PyObject *) state->loops_type,
        (PyObject *) state->map_type,
        state->error_type,
        state->copies.warning,
        (PyObject *) state->numpy.array,
        (PyObject *) state->numpy.bool_type,
    };
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        Py_VISIT(all[i]);
    }
    return 0;
}

static int clear_module(PyObject *module)
{
    struct mc_bridge *state = PyModule_GetState(module);
    Py_CLEAR(state->client_type);
    Py_CLEAR(state->library_type);
    Py_CLEAR(state->function_type);
    Py_CLEAR(state->worker_type);
    Py_CLEAR(state->loops_type);
    Py_CLEAR(state->map_type);
    Py_CLEAR(state->error_type);
    Py_CLEAR(state->copies.warning);
    mc_numpy_fini(&state->numpy);
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, exec_module},
#if PY_VERSION_HEX >= 0x030C0000
    /* What interpreters share is atomic or locked: loaded artifacts, signal handlers, damage. */
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil,
     Py_MOD_GIL_USED}, /* it keeps objects of one interpreter from two threads at once */
#endif
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mojocell._bridge",
    .m_doc = PyDoc_STR(
        "The package's C: a client of the daemon, and the calls of functions. Not public."),
    .m_size = sizeof(struct mc_bridge),
    .m_slots = module_slots,
    .m_traverse = traverse_module,
    .m_clear = clear_module,
};

PyMODINIT_FUNC PyInit__bridge(void);
PyMODINIT_FUNC PyInit__bridge(void)
{
    return PyModuleDef_Init(&module_def);
}
