/* Arrays through DLPack: https://dmlc.github.io/dlpack/latest */
#include "kernel_bridge/values/array.h"
#include "kernel_bridge/values/array_refuse.h"

#include <string.h>

struct dl_tensor {
    void *data;
    struct {
        int32_t type;
        int32_t id;
    } device;
    int32_t ndim;
    struct {
        uint8_t code;
        uint8_t bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape;
    int64_t *strides; /* in elements; NULL: contiguous */
    uint64_t byte_offset;
};

struct dl_managed {
    struct dl_tensor tensor;
    void *context;
    void (*deleter)(struct dl_managed *);
};

struct dl_managed_versioned {
    struct {
        uint32_t major;
        uint32_t minor;
    } version;
    void *context;
    void (*deleter)(struct dl_managed_versioned *);
    uint64_t flags;
    struct dl_tensor tensor;
};

enum { DL_CPU = 1 };
enum { DL_READ_ONLY = 1, DL_COPIED = 2 };

static int check_device(const struct mc_conversion *conversion, PyObject *value, bool writes)
{
    PyObject *device = PyObject_CallMethod(value, "__dlpack_device__", NULL);
    long type = -1;
    if (device && PyTuple_Check(device) && PyTuple_GET_SIZE(device) == 2) {
        type = PyLong_AsLong(PyTuple_GET_ITEM(device, 0));
    }
    Py_XDECREF(device);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (type != DL_CPU) {
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "its memory is on another device than the processor; %s %s.cpu()",
                         mc_array_advice(writes),
                         conversion->argument);
    }
    return 0;
}

/* A capsule of either form, a new reference. */
static PyObject *call_dlpack(PyObject *method)
{
    PyObject *no_args = PyTuple_New(0);
    PyObject *options =
        no_args ? Py_BuildValue("{s(ii)sO}", "max_version", 1, 0, "copy", Py_False) : NULL;
    PyObject *capsule = options ? PyObject_Call(method, no_args, options) : NULL;
    if (!capsule && options && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear(); /* from before version 1 */
        capsule = PyObject_CallNoArgs(method);
    }
    Py_XDECREF(options);
    Py_XDECREF(no_args);
    return capsule;
}

static const struct dl_tensor *tensor_of(PyObject *capsule, uint64_t *ret_flags)
{
    *ret_flags = 0;
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        const struct dl_managed_versioned *managed =
            PyCapsule_GetPointer(capsule, "dltensor_versioned");
        if (managed->version.major != 1) {
            PyErr_Format(PyExc_ValueError, "DLPack %u is not known", managed->version.major);
            return NULL;
        }
        *ret_flags = managed->flags;
        return &managed->tensor;
    }
    const struct dl_managed *managed = PyCapsule_GetPointer(capsule, "dltensor");
    return managed ? &managed->tensor : NULL;
}

/* Whether the dimensions lie in one run. */
static bool is_flat(const struct dl_tensor *tensor)
{
    int64_t expected = 1;
    for (int32_t i = tensor->ndim - 1; tensor->strides && i >= 0; i--) {
        if (tensor->shape[i] != 1 && tensor->strides[i] != expected) {
            return false;
        }
        expected *= tensor->shape[i];
    }
    return true;
}

static void read_tensor(const struct dl_tensor *tensor, struct mc_array *ret)
{
    static const char kinds[] = "iufVBcb"; /* by code */
    bool simple = tensor->dtype.lanes == 1 && tensor->dtype.bits % 8 == 0;
    char kind = simple && tensor->dtype.code < strlen(kinds) ? kinds[tensor->dtype.code] : 'V';
    mc_array_set_type(ret, kind, tensor->dtype.bits / 8);
    ret->flat = is_flat(tensor);
    ret->first.data = (const char *) tensor->data + tensor->byte_offset;
    Py_ssize_t shape[MC_RANK_MAX];
    Py_ssize_t strides[MC_RANK_MAX];
    for (int32_t i = 0; i < tensor->ndim && i < MC_RANK_MAX; i++) {
        shape[i] = (Py_ssize_t) tensor->shape[i];
        strides[i] = tensor->strides ? (Py_ssize_t) tensor->strides[i] * ret->size : 0;
    }
    mc_array_set_shape(ret, tensor->ndim, shape, tensor->strides ? strides : NULL);
}

/* What the method raised; 0 where the value shows its elements in another way as well. */
static int refuse_export(const struct mc_conversion *conversion, PyObject *value)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return -1;
    }
    PyObject *type;
    PyObject *reason;
    PyObject *traceback;
    PyErr_Fetch(&type, &reason, &traceback);
    PyErr_NormalizeException(&type, &reason, &traceback);
    int outcome = PyObject_HasAttrString(value, "__array__")
                      ? 0
                      : mc_refuse(conversion,
                                  PyExc_TypeError,
                                  "%s does not give its elements as an array: %S",
                                  Py_TYPE(value)->tp_name,
                                  reason);
    Py_XDECREF(type);
    Py_XDECREF(reason);
    Py_XDECREF(traceback);
    return outcome;
}

int mc_array_of_dlpack(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    bool failed;
    PyObject *method = mc_array_attribute(value, "__dlpack__", &failed);
    if (!method) {
        return failed ? -1 : 0;
    }
    int outside = check_device(conversion, value, ret->writes);
    PyObject *capsule = outside ? NULL : call_dlpack(method);
    Py_DECREF(method);
    if (!capsule) {
        return outside ? -1 : refuse_export(conversion, value);
    }
    if (mc_hold_object(conversion->held, capsule) < 0) {
        return -1;
    }
    uint64_t flags;
    const struct dl_tensor *tensor = tensor_of(capsule, &flags);
    if (!tensor) {
        return -1;
    }
    struct mc_array before = *ret;
    read_tensor(tensor, ret);
    if (ret->kind == 'V' && PyObject_HasAttrString(value, "__array__")) {
        *ret = before; /* NumPy may have a name for such elements */
        return 0;
    }
    ret->made = flags & DL_COPIED;
    ret->readonly = flags & DL_READ_ONLY;
    return 1;
}
