/* Results of a thunk as Python objects. */
#include "kernel_bridge/values/values.h"

#include <string.h>

static void release(const struct mc_result *result, uint64_t address)
{
    if (address && result->release) {
        result->release((void *) (uintptr_t) address);
    }
}

static PyObject *unfit(struct mc_result *result, const char *why)
{
    result->unfit = true;
    PyErr_SetString(PyExc_ValueError, why);
    return NULL;
}

/* ---- scalars ---- */

static PyObject *out_scalar(enum mc_scalar scalar, uint64_t word)
{
    double number;
    float narrow;
    uint32_t bits = (uint32_t) word;
    switch (mc_scalars[scalar].kind) {
    case 'b':
        return PyBool_FromLong(word != 0);
    case 'i':
        return PyLong_FromLongLong((int64_t) word);
    case 'u':
        return PyLong_FromUnsignedLongLong(word);
    default:
        if (scalar == MC_FLOAT32) {
            memcpy(&narrow, &bits, sizeof narrow);
            return PyFloat_FromDouble(narrow);
        }
        memcpy(&number, &word, sizeof number);
        return PyFloat_FromDouble(number);
    }
}

/* The word of an element in memory. */
static uint64_t load(enum mc_scalar scalar, const char *at)
{
    uint64_t word = 0;
    unsigned size = mc_scalars[scalar].size;
    memcpy(&word, at, size);
    if (mc_scalars[scalar].kind == 'i' && size < 8) {
        unsigned unused = 64 - 8 * size;
        word = (uint64_t) ((int64_t) (word << unused) >> unused);
    }
    return word;
}

/* ---- String ---- */

static PyObject *out_string(struct mc_result *result, const uint64_t *words)
{
    const char *text = words[1] ? (const char *) (uintptr_t) words[0] : "";
    PyObject *string = PyUnicode_DecodeUTF8(text, (Py_ssize_t) words[1], NULL);
    release(result, words[0]);
    if (!string && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        result->unfit = true;
    }
    return string;
}

/* ---- List ---- */

#define MEMORY_NAME "mojocell.memory"

static void release_memory(PyObject *capsule)
{
    void *address = PyCapsule_GetPointer(capsule, MEMORY_NAME);
    mc_release_thunk *thunk = (mc_release_thunk *) PyCapsule_GetContext(capsule);
    thunk(address);
}

static void free_memory(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, MEMORY_NAME));
}

/* Owns the memory from then on, also by a failure. */
static PyObject *own_memory(const struct mc_result *result, void *address)
{
    PyObject *capsule = PyCapsule_New(address, MEMORY_NAME, release_memory);
    if (!capsule) {
        release(result, (uint64_t) (uintptr_t) address);
        return NULL;
    }
    if (PyCapsule_SetContext(capsule, (void *) result->release) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

static PyObject *copy_memory(const char *address, size_t bytes)
{
    char *copy = PyMem_Malloc(bytes + 1);
    if (!copy) {
        return PyErr_NoMemory();
    }
    if (bytes) {
        memcpy(copy, address, bytes);
    }
    PyObject *capsule = PyCapsule_New(copy, MEMORY_NAME, free_memory);
    if (!capsule) {
        PyMem_Free(copy);
    }
    return capsule;
}

/* The Mojo function's own memory as an array, where it is not only lent. */
static PyObject *
out_array(const struct mc_result *result, enum mc_scalar scalar, const uint64_t *words)
{
    char *address = (char *) (uintptr_t) words[0];
    size_t count = (size_t) words[1];
    bool own = address && count && result->release;
    PyObject *owner =
        own ? own_memory(result, address) : copy_memory(address, count * mc_scalars[scalar].size);
    if (!own) {
        release(result, words[0]);
    }
    if (!owner) {
        return NULL;
    }
    void *data = PyCapsule_GetPointer(owner, MEMORY_NAME);
    return mc_numpy_wrap(result->numpy, scalar, data, count, owner);
}

static PyObject *
out_plain_list(const struct mc_result *result, enum mc_scalar scalar, const uint64_t *words)
{
    const char *address = (const char *) (uintptr_t) words[0];
    PyObject *list = PyList_New((Py_ssize_t) words[1]);
    for (size_t i = 0; list && i < words[1]; i++) {
        PyObject *item = out_scalar(scalar, load(scalar, address + i * mc_scalars[scalar].size));
        if (!item) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t) i, item);
    }
    release(result, words[0]);
    return list;
}

static PyObject *out_list(struct mc_result *result, enum mc_scalar scalar, const uint64_t *words)
{
    int numpy = mc_numpy_import(result->numpy);
    if (numpy < 0) {
        release(result, words[0]);
        return NULL;
    }
    return numpy ? out_array(result, scalar, words) : out_plain_list(result, scalar, words);
}

/* ---- all of them ---- */

static PyObject *
out_tuple(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    PyObject *tuple = PyTuple_New(type->count);
    PyObject *first_error = tuple ? NULL : Py_None;
    for (size_t i = 0; i < type->count; i++) {
        /* After a failure too: the memory of the others is to be released. */
        PyObject *exception_type = NULL;
        PyObject *value = NULL;
        PyObject *traceback = NULL;
        PyErr_Fetch(&exception_type, &value, &traceback);
        PyObject *item = mc_convert_out(result, &type->items[i], words);
        if (exception_type) {
            PyErr_Clear();
            PyErr_Restore(exception_type, value, traceback);
        }
        if (!item) {
            first_error = Py_None;
        }
        if (tuple && item) {
            PyTuple_SET_ITEM(tuple, (Py_ssize_t) i, item);
        } else {
            Py_XDECREF(item);
        }
        words += type->items[i].words;
    }
    if (first_error) {
        Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *out_any(struct mc_result *result, const uint64_t *words)
{
    struct mc_type type;
    if (mc_type_of_any(words[0], &type) < 0) {
        return unfit(result, "the value is of a type that Python has none for");
    }
    return mc_convert_out(result, &type, words + 1);
}

PyObject *
mc_convert_out(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    switch (type->kind) {
    case MC_TYPE_NONE:
        Py_RETURN_NONE;
    case MC_TYPE_SCALAR:
        return out_scalar(type->scalar, words[0]);
    case MC_TYPE_STRING:
        return out_string(result, words);
    case MC_TYPE_LIST:
        return out_list(result, type->scalar, words);
    case MC_TYPE_OPTIONAL:
        if (!words[0]) {
            Py_RETURN_NONE;
        }
        return mc_convert_out(result, type->items, words + 1);
    case MC_TYPE_TUPLE:
        return out_tuple(result, type, words);
    case MC_TYPE_ANY:
        return out_any(result, words);
    case MC_TYPE_SPAN:
        break;
    }
    return unfit(result, "a Span cannot be a result: nobody keeps its memory");
}
