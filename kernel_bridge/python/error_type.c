#include "kernel_bridge/python/bridge.h"

static int error_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"code", "message", "hint", NULL};
    PyObject *code;
    PyObject *message;
    PyObject *hint = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "UU|O:Error", names, &code, &message, &hint)) {
        return -1;
    }
    PyObject *all = PyTuple_Pack(3, code, message, hint); /* args, so that it can be pickled */
    int done = all ? PyObject_SetAttrString(self, "args", all) : -1;
    Py_XDECREF(all);
    if (done < 0 || PyObject_SetAttrString(self, "code", code) < 0 ||
        PyObject_SetAttrString(self, "message", message) < 0 ||
        PyObject_SetAttrString(self, "hint", hint) < 0) {
        return -1;
    }
    return 0;
}

static PyObject *error_str(PyObject *self)
{
    return PyObject_GetAttrString(self, "message");
}

PyDoc_STRVAR(error_doc,
             "Error(code, message, hint=None)\n--\n\nA request that could not be served.");

static PyType_Slot error_slots[] = {
    {Py_tp_doc, (void *) error_doc},
    {Py_tp_init, error_init},
    {Py_tp_str, error_str},
    {0, NULL},
};

PyType_Spec mc_bridge_error_spec = {
    .name = "mojocell._bridge.Error",
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = error_slots,
};

/* A message that was cut to fit may end within a character. */
static PyObject *decode(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t) strlen(text), "replace");
}

void mc_bridge_raise(const struct mc_bridge *state, const mc_err *err)
{
    PyObject *hint = err->hint[0] ? decode(err->hint) : Py_NewRef(Py_None);
    PyObject *error = PyObject_CallFunction(
        state->error_type, "sNN", mc_code_name(err->code), decode(err->message), hint);
    if (error) {
        PyErr_SetObject(state->error_type, error);
        Py_DECREF(error);
    }
}

#if PY_VERSION_HEX >= 0x030C0000
PyObject *mc_bridge_take_exception(void)
{
    return PyErr_GetRaisedException();
}

void mc_bridge_put_exception(PyObject *exception)
{
    PyErr_SetRaisedException(exception);
}
#else
PyObject *mc_bridge_take_exception(void)
{
    PyObject *type;
    PyObject *value;
    PyObject *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) {
        PyException_SetTraceback(value, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}

void mc_bridge_put_exception(PyObject *exception)
{
    PyErr_SetObject((PyObject *) Py_TYPE(exception), exception);
    Py_DECREF(exception);
}
#endif
