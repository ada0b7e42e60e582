#include "kernel_bridge/values/numpy.h"

#include <stdio.h>
#include <string.h>

/* Places in NumPy's table of functions; the same in NumPy 1 and 2. */
enum {
    API_ABI_VERSION = 0,
    API_ARRAY_TYPE = 2,
    API_BOOL_TYPE = 8,
    API_NEW = 93,
    API_SET_BASE = 282,
};

enum { ABI_1 = 0x01000009, ABI_2 = 0x02000000 };

typedef unsigned abi_version(void);
typedef PyObject *new_array(PyTypeObject *type,
                            int ndim,
                            const Py_ssize_t *shape,
                            int type_num,
                            const Py_ssize_t *strides,
                            void *data,
                            int size,
                            int flags,
                            PyObject *object);
typedef int set_base(PyObject *array, PyObject *base);

enum {
    BOOL,
    BYTE,
    UBYTE,
    SHORT,
    USHORT,
    INT,
    UINT,
    LONG,
    ULONG,
    LONGLONG,
    ULONGLONG,
    FLOAT,
    DOUBLE,
    HALF = 23,
};

const struct mc_element mc_numpy_elements[MC_NUMPY_TYPES] = {
    [BOOL] = {'b', 1},
    [BYTE] = {'i', sizeof(signed char)},
    [UBYTE] = {'u', sizeof(unsigned char)},
    [SHORT] = {'i', sizeof(short)},
    [USHORT] = {'u', sizeof(unsigned short)},
    [INT] = {'i', sizeof(int)},
    [UINT] = {'u', sizeof(unsigned)},
    [LONG] = {'i', sizeof(long)},
    [ULONG] = {'u', sizeof(unsigned long)},
    [LONGLONG] = {'i', sizeof(long long)},
    [ULONGLONG] = {'u', sizeof(unsigned long long)},
    [FLOAT] = {'f', sizeof(float)},
    [DOUBLE] = {'f', sizeof(double)},
    [HALF] = {'f', 2},
};

struct mc_numpy_name mc_numpy_name(enum mc_scalar scalar)
{
    static const char *const kinds[] = {
        ['i'] = "int", ['u'] = "uint", ['f'] = "float", ['B'] = "bfloat"};
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    struct mc_numpy_name name = {"bool_"};
    if (info->kind != 'b') {
        snprintf(name.text, sizeof name.text, "%s%d", kinds[(int) info->kind], 8 * info->size);
    }
    return name;
}

int mc_numpy_type_number(enum mc_scalar scalar)
{
    for (int i = 0; i < MC_NUMPY_TYPES; i++) {
        if (mc_numpy_elements[i].kind == mc_scalars[scalar].kind &&
            mc_numpy_elements[i].size == mc_scalars[scalar].size) {
            return i;
        }
    }
    return -1;
}

/* A borrowed module that was imported, or NULL. */
static PyObject *imported(const char *name)
{
    PyObject *modules = PyImport_GetModuleDict();
    return modules ? PyDict_GetItemString(modules, name) : NULL;
}

/* Whether a fresh array is read through struct mc_ndarray as the buffer protocol shows it. */
static bool layout_is_known(const struct mc_numpy *numpy)
{
    Py_ssize_t shape = 3;
    new_array *make = (new_array *) numpy->api[API_NEW];
    PyObject *object = make(numpy->array, 1, &shape, DOUBLE, NULL, NULL, 0, 0, NULL);
    Py_buffer view;
    if (!object || PyObject_GetBuffer(object, &view, PyBUF_STRIDES) < 0) {
        Py_XDECREF(object);
        PyErr_Clear();
        return false;
    }
    const struct mc_ndarray *array = (const struct mc_ndarray *) object;
    bool known = array->data == view.buf && array->ndim == 1 && array->shape[0] == 3 &&
                 array->strides[0] == sizeof(double) && array->dtype->type_num == DOUBLE &&
                 array->dtype->byteorder == '=' && mc_ndarray_fits(array, MC_FLOAT64, true);
    PyBuffer_Release(&view);
    Py_DECREF(object);
    return known;
}

/* NULL: there is none. */
static void **table_of(PyObject *umath, const char *name)
{
    PyObject *capsule = PyObject_GetAttrString(umath, name);
    void **api = capsule ? PyCapsule_GetPointer(capsule, NULL) : NULL;
    Py_XDECREF(capsule); /* the table itself is static */
    PyErr_Clear();
    return api;
}

static bool take_api(struct mc_numpy *numpy, PyObject *umath)
{
    void **api = table_of(umath, "_ARRAY_API");
    if (!api) {
        return false;
    }
    unsigned version = ((abi_version *) api[API_ABI_VERSION])();
    if (version != ABI_1 && version != ABI_2) {
        return false;
    }
    numpy->api = api;
    numpy->ufunc_api = table_of(umath, "_UFUNC_API");
    numpy->array = (PyTypeObject *) Py_NewRef(api[API_ARRAY_TYPE]);
    numpy->bool_type = (PyTypeObject *) Py_NewRef(api[API_BOOL_TYPE]);
    return layout_is_known(numpy);
}

bool mc_numpy_look(struct mc_numpy *numpy)
{
    if (numpy->array || numpy->unusable) {
        return numpy->array != NULL;
    }
    PyObject *umath = imported("numpy._core._multiarray_umath");
    if (!umath) {
        umath = imported("numpy.core._multiarray_umath");
    }
    /* Not before NumPy is there as a whole: its own import is under way meanwhile. */
    PyObject *package = umath ? imported("numpy") : NULL;
    if (!package || !PyObject_HasAttrString(package, "ndarray")) {
        return false;
    }
    if (!take_api(numpy, umath)) {
        mc_numpy_fini(numpy);
        numpy->unusable = true;
    }
    return numpy->array != NULL;
}

bool mc_numpy_is_installed(void)
{
    if (imported("numpy")) {
        return true;
    }
    PyObject *util = PyImport_ImportModule("importlib.util");
    PyObject *spec = util ? PyObject_CallMethod(util, "find_spec", "s", "numpy") : NULL;
    bool found = spec && spec != Py_None;
    Py_XDECREF(spec);
    Py_XDECREF(util);
    PyErr_Clear();
    return found;
}

int mc_numpy_import(struct mc_numpy *numpy)
{
    if (mc_numpy_look(numpy)) {
        return 1;
    }
    /* Other interpreters than the main one are not supported by NumPy; some crash. */
    if (numpy->unusable || numpy->absent || PyInterpreterState_Get() != PyInterpreterState_Main()) {
        return 0;
    }
    PyObject *module = PyImport_ImportModule("numpy");
    if (!module) {
        if (!PyErr_ExceptionMatches(PyExc_Exception)) {
            return -1;
        }
        PyErr_Clear();
        numpy->absent = true;
        return 0;
    }
    Py_DECREF(module);
    return mc_numpy_look(numpy);
}

void mc_numpy_fini(struct mc_numpy *numpy)
{
    Py_CLEAR(numpy->array);
    Py_CLEAR(numpy->bool_type);
    numpy->api = NULL;
    numpy->ufunc_api = NULL;
}

bool mc_bools_are_plain(const char *bytes, Py_ssize_t count, Py_ssize_t stride)
{
    unsigned char all = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        all |= (unsigned char) bytes[i * stride];
    }
    return all <= 1;
}

PyObject *mc_numpy_wrap(const struct mc_numpy *numpy,
                        enum mc_scalar scalar,
                        void *data,
                        int ndim,
                        const Py_ssize_t *shape,
                        PyObject *owner)
{
    new_array *make = (new_array *) numpy->api[API_NEW];
    set_base *set = (set_base *) numpy->api[API_SET_BASE];
    PyObject *array = make(numpy->array,
                           ndim,
                           shape,
                           mc_numpy_type_number(scalar),
                           NULL,
                           data,
                           0,
                           MC_NDARRAY_CONTIGUOUS | MC_NDARRAY_ALIGNED | MC_NDARRAY_WRITABLE,
                           NULL);
    if (!array) {
        Py_DECREF(owner);
        return NULL;
    }
    if (set(array, owner) < 0) { /* takes the owner in any case */
        Py_CLEAR(array);
    }
    return array;
}
