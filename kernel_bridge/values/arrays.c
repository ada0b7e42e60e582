#include "kernel_bridge/values/arrays.h"

#include <stdio.h>
#include <string.h>

PyObject *mc_array_attribute(PyObject *value, const char *name, bool *ret_failed)
{
    PyObject *attribute = PyObject_GetAttrString(value, name);
    *ret_failed = false;
    if (!attribute) {
        *ret_failed = !PyErr_ExceptionMatches(PyExc_AttributeError);
        if (!*ret_failed) {
            PyErr_Clear();
        }
    }
    return attribute;
}

void mc_array_set_type(struct mc_array *array, char kind, Py_ssize_t size)
{
    static const struct {
        char kind;
        const char *name;
    } names[] = {{'i', "int"}, {'u', "uint"}, {'f', "float"}, {'c', "complex"}};
    static const struct {
        char kind;
        const char *name;
    } others[] = {{'b', "bool"},
                  {'O', "object"},
                  {'M', "datetime64"},
                  {'m', "timedelta64"},
                  {'S', "bytes"},
                  {'U', "str"},
                  {'T', "str"}};
    array->kind = kind;
    array->size = size;
    snprintf(array->dtype, sizeof array->dtype, "structured");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s%zd", names[i].name, 8 * size);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s", others[i].name);
        }
    }
}

/* ---- NumPy's own ---- */

/* Elements that are masked out would be read all the same. */
static bool is_masked(PyTypeObject *type)
{
    PyObject *bases = type->tp_mro;
    for (Py_ssize_t i = 0; bases && i < PyTuple_GET_SIZE(bases); i++) {
        const char *name = ((PyTypeObject *) PyTuple_GET_ITEM(bases, i))->tp_name;
        if (strcmp(name, "MaskedArray") == 0) {
            return true;
        }
    }
    return false;
}

/* The size of an element, which stands at different places in NumPy 1 and 2. */
static Py_ssize_t item_size(PyObject *array)
{
    PyObject *size = PyObject_GetAttrString(array, "itemsize");
    Py_ssize_t bytes = size ? PyLong_AsSsize_t(size) : -1;
    Py_XDECREF(size);
    return bytes;
}

int mc_array_of_ndarray(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    if (!mc_numpy_look(conversion->numpy) || !PyObject_TypeCheck(value, conversion->numpy->array)) {
        return 0;
    }
    if (is_masked(Py_TYPE(value))) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "a masked array, whose mask Mojo does not see; write "
                         "%s.filled(value), or %s.data to go without the mask",
                         conversion->argument,
                         conversion->argument);
    }
    const struct mc_ndarray *array = (const struct mc_ndarray *) value;
    Py_ssize_t size = item_size(value);
    if (size < 0) {
        return -1;
    }
    ret->data = array->data;
    ret->ndim = array->ndim;
    ret->count = array->ndim > 0 ? array->shape[0] : 0;
    ret->stride = array->ndim > 0 ? array->strides[0] : 0;
    ret->readonly = !(array->flags & MC_NDARRAY_WRITABLE);
    ret->swapped = array->dtype->byteorder == (PY_LITTLE_ENDIAN ? '>' : '<');
    ret->origin = MC_ARRAY_NUMPY;
    mc_array_set_type(ret, array->dtype->kind, size);
    return mc_hold_object(conversion->held, Py_NewRef(value)) < 0 ? -1 : 1;
}

/* ---- which protocol ---- */

/* A Series of pandas shows its memory through __array__; what it would give to Arrow may be made
 * for the purpose. */
static bool is_of_pandas(PyObject *value)
{
    PyObject *module = PyObject_GetAttrString((PyObject *) Py_TYPE(value), "__module__");
    const char *name = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : NULL;
    bool pandas = name && strncmp(name, "pandas", 6) == 0 && strchr(".", name[6]);
    PyErr_Clear();
    Py_XDECREF(module);
    return pandas;
}

typedef int
find_in_protocol(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

int mc_array_find(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    static find_in_protocol *const protocols[] = {
        mc_array_of_ndarray,
        mc_array_of_buffer,
        mc_array_of_arrow,
        mc_array_of_interface,
        mc_array_of_method,
        mc_array_of_dlpack,
    };
    bool pandas = is_of_pandas(value);
    *ret = (struct mc_array) {.origin = MC_ARRAY_OTHER};
    if (PyType_Check(value)) { /* has the methods of its instances */
        return 0;
    }
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (pandas && protocols[i] == mc_array_of_arrow) {
            continue;
        }
        int found = protocols[i](conversion, value, ret);
        if (found) {
            if (pandas) {
                ret->origin = MC_ARRAY_PANDAS;
            }
            return found;
        }
    }
    return 0;
}

/* ---- whether it fits ---- */

static void write_cast(const struct mc_conversion *conversion,
                       enum mc_array_origin origin,
                       enum mc_scalar scalar,
                       char ret[static 160])
{
    struct mc_numpy_name name = mc_numpy_name(scalar);
    if (origin == MC_ARRAY_OTHER) {
        snprintf(ret, 160, "numpy.array(%.80s, dtype=numpy.%s)", conversion->argument, name.text);
    } else {
        snprintf(ret, 160, "%.80s.astype(numpy.%s)", conversion->argument, name.text);
    }
}

static int refuse_elements(const struct mc_conversion *conversion,
                           const struct mc_type *type,
                           const struct mc_array *array)
{
    char cast[160];
    write_cast(conversion, array->origin, type->scalar, cast);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%s elements%s, Mojo wants %s; write %s",
                     array->dtype,
                     array->swapped ? " in foreign byte order" : "",
                     mc_scalars[type->scalar].name,
                     cast);
}

static int check_shape(const struct mc_conversion *conversion,
                       const struct mc_type *type,
                       const struct mc_array *array)
{
    struct mc_type_text text;
    if (array->ndim == 1) {
        return 0;
    }
    const char *wanted = mc_type_text(type, &text);
    if (array->ndim == 0) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "an array without a dimension, Mojo wants %s; write "
                         "%s.reshape(1)",
                         wanted,
                         conversion->argument);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%d dimensions, Mojo wants %s; write %s%s.reshape(-1)",
                     array->ndim,
                     wanted,
                     conversion->argument,
                     array->origin == MC_ARRAY_PANDAS ? ".to_numpy()" : "");
}

static int check_memory(const struct mc_conversion *conversion,
                        const struct mc_type *type,
                        const struct mc_array *array)
{
    if (array->count > 1 && array->stride != array->size) {
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "its elements are not contiguous (%zd bytes apart); write "
                         "numpy.ascontiguousarray(%s)",
                         array->stride,
                         conversion->argument);
    }
    if (array->count > 0 && (uintptr_t) array->data % mc_scalars[type->scalar].size) {
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "its elements are not aligned in memory; write "
                         "numpy.array(%s)",
                         conversion->argument);
    }
    if (type->writable && array->readonly) {
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "it is read-only, and Mojo writes to a Span[mut=True]; pass a "
                         "copy: numpy.array(%s)",
                         conversion->argument);
    }
    return 0;
}

int mc_array_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words)
{
    struct mc_array array;
    int found = mc_array_find(conversion, value, &array);
    if (found <= 0) {
        return found < 0 ? -1 : mc_refuse_type(conversion, type, value);
    }
    const struct mc_scalar_info *wanted = &mc_scalars[type->scalar];
    if (check_shape(conversion, type, &array) < 0) {
        return -1;
    }
    if (array.kind != wanted->kind || array.size != wanted->size || array.swapped) {
        return refuse_elements(conversion, type, &array);
    }
    if (check_memory(conversion, type, &array) < 0) {
        return -1;
    }
    ret_words[0] = array.count ? (uint64_t) (uintptr_t) array.data : 0;
    ret_words[1] = (uint64_t) array.count;
    return 0;
}

int mc_array_refuse_list(const struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *value)
{
    struct mc_type_text text;
    char cast[160];
    write_cast(conversion, MC_ARRAY_OTHER, type->scalar, cast);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got %s; write %s",
                     mc_type_text(type, &text),
                     Py_TYPE(value)->tp_name,
                     cast);
}

PyObject *mc_array_annotation(const struct mc_type *type)
{
    return PyUnicode_FromFormat("NDArray[%s]", mc_numpy_name(type->scalar).text);
}
