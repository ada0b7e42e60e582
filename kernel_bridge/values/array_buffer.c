/* Arrays through the buffer protocol and through NumPy's __array_interface__. */
#include "kernel_bridge/values/array.h"

#include <string.h>

/* ---- the buffer protocol ---- */

static void let_buffer_go(void *what)
{
    PyBuffer_Release(what);
    PyMem_Free(what);
}

/* A buffer of any form, also of one that cannot be passed: the message is to say why. */
static Py_buffer *get_buffer(PyObject *value)
{
    Py_buffer *view = PyMem_Malloc(sizeof *view);
    if (!view) {
        PyErr_NoMemory();
    } else if (PyObject_GetBuffer(value, view, PyBUF_FULL_RO) < 0) {
        PyMem_Free(view);
        return NULL;
    }
    return view;
}

/* The letter that NumPy has for a kind, of a format as the struct module has it. */
static char kind_of_letter(char letter)
{
    static const char letters[] = "?bhilqnBHILQNefdgOspcPwu";
    static const char kinds[] = "biiiiiiuuuuuuffffOSSSuUU";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? kinds[found - letters] : 'V';
}

static void read_format(struct mc_array *array, const char *format, Py_ssize_t size)
{
    format = format ? format : "B";
    char order = '@';
    if (*format && strchr("@=<>!", *format)) {
        order = *format++;
    }
    bool complex = *format == 'Z';
    format += complex;
    bool one = *format && !format[1]; /* more of them are a structure */
    mc_array_set_type(array, !one ? 'V' : complex ? 'c' : kind_of_letter(*format), size);
    array->swapped = size > 1 && ((order == '<' && !PY_LITTLE_ENDIAN) ||
                                  ((order == '>' || order == '!') && PY_LITTLE_ENDIAN));
}

/* A copy of what is reached through pointers. */
static int gather(struct mc_conversion *conversion, Py_buffer *view, struct mc_array *ret)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, view->len);
    if (mc_hold_object(conversion->held, bytes) < 0 ||
        PyBuffer_ToContiguous(PyBytes_AS_STRING(bytes), view, view->len, 'C') < 0) {
        return -1;
    }
    ret->first.data = PyBytes_AS_STRING(bytes);
    mc_array_set_shape(ret, view->ndim, view->shape, NULL);
    ret->made = true;
    return 1;
}

int mc_array_of_buffer(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    if (!PyObject_CheckBuffer(value)) {
        return 0;
    }
    Py_buffer *view = get_buffer(value);
    if (!view) {
        if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError)) {
            return -1;
        }
        PyErr_Clear(); /* it may show its memory in another way */
        return 0;
    }
    if (mc_hold(conversion->held, view, let_buffer_go) < 0) {
        return -1;
    }
    Py_ssize_t length = view->itemsize ? view->len / view->itemsize : 0;
    ret->first.data = view->buf;
    ret->flat = PyBuffer_IsContiguous(view, 'C');
    ret->readonly = view->readonly;
    read_format(ret, view->format, view->itemsize);
    mc_array_set_shape(ret, view->ndim, view->shape ? view->shape : &length, view->strides);
    return view->suboffsets ? gather(conversion, view, ret) : 1;
}

/* ---- __array_interface__ ---- */

static PyObject *item_of(PyObject *interface, const char *name)
{
    PyObject *item = PyDict_GetItemString(interface, name);
    return item == Py_None ? NULL : item;
}

/* "<f8" */
static bool read_typestr(struct mc_array *array, PyObject *typestr)
{
    const char *text = typestr && PyUnicode_Check(typestr) ? PyUnicode_AsUTF8(typestr) : NULL;
    if (!text || strlen(text) < 3) {
        return false;
    }
    Py_ssize_t size = strtol(text + 2, NULL, 10);
    mc_array_set_type(array, text[1], size);
    array->swapped = size > 1 && *text == (PY_LITTLE_ENDIAN ? '>' : '<');
    return true;
}

/* The first numbers of a tuple. */
static bool read_numbers(PyObject *tuple, Py_ssize_t ret[MC_RANK_MAX])
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple) && i < MC_RANK_MAX; i++) {
        ret[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(tuple, i));
        if (ret[i] == -1 && PyErr_Occurred()) {
            return false;
        }
    }
    return true;
}

static bool read_dimensions(struct mc_array *array, PyObject *shape, PyObject *strides)
{
    Py_ssize_t lengths[MC_RANK_MAX];
    Py_ssize_t steps[MC_RANK_MAX];
    if (!read_numbers(shape, lengths) ||
        (strides &&
         (PyTuple_GET_SIZE(strides) != PyTuple_GET_SIZE(shape) || !read_numbers(strides, steps)))) {
        return false;
    }
    mc_array_set_shape(array, (int) PyTuple_GET_SIZE(shape), lengths, strides ? steps : NULL);
    return true;
}

static bool read_interface(struct mc_array *array, PyObject *interface)
{
    PyObject *shape = item_of(interface, "shape");
    PyObject *data = item_of(interface, "data");
    PyObject *strides = item_of(interface, "strides");
    if (!read_typestr(array, item_of(interface, "typestr")) || !shape || !PyTuple_Check(shape) ||
        !data || !PyTuple_Check(data) || PyTuple_GET_SIZE(data) != 2 ||
        (strides && !PyTuple_Check(strides))) {
        return false;
    }
    array->first.data = PyLong_AsVoidPtr(PyTuple_GET_ITEM(data, 0));
    array->readonly = PyObject_IsTrue(PyTuple_GET_ITEM(data, 1)) != 0;
    return (array->first.data || !PyErr_Occurred()) && read_dimensions(array, shape, strides);
}

int mc_array_of_interface(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    bool failed;
    PyObject *interface = mc_array_attribute(value, "__array_interface__", &failed);
    if (!interface) {
        return failed ? -1 : 0;
    }
    if (mc_hold_object(conversion->held, interface) < 0 ||
        mc_hold_object(conversion->held, Py_NewRef(value)) < 0) {
        return -1;
    }
    struct mc_array array = *ret;
    /* Without "data" it is the buffer protocol's, which has had its turn. */
    if (!PyDict_Check(interface) || !read_interface(&array, interface)) {
        PyErr_Clear();
        return 0;
    }
    *ret = array;
    return 1;
}
