#include "kernel_bridge/values/array_result.h"

#include "kernel_bridge/values/bfloat16.h"
#include "kernel_bridge/values/values.h"

#include <string.h>

/* ---- an array ---- */

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
        mc_result_release(result, (uint64_t) (uintptr_t) address);
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

static size_t product(unsigned ndim, const Py_ssize_t *shape)
{
    size_t count = 1;
    for (unsigned i = 0; i < ndim; i++) {
        count *= (size_t) shape[i];
    }
    return count;
}

/* The Mojo function's own memory as an array, where it is not only lent. */
static PyObject *give_array(const struct mc_result *result,
                            enum mc_scalar scalar,
                            uint64_t address,
                            unsigned ndim,
                            const Py_ssize_t *shape)
{
    char *memory = (char *) (uintptr_t) address;
    size_t count = product(ndim, shape);
    bool own = memory && count && result->release;
    PyObject *owner =
        own ? own_memory(result, memory) : copy_memory(memory, count * mc_scalars[scalar].size);
    if (!own) {
        mc_result_release(result, address);
    }
    if (!owner) {
        return NULL;
    }
    void *data = PyCapsule_GetPointer(owner, MEMORY_NAME);
    bool brain = scalar == MC_BFLOAT16; /* NumPy itself has none */
    PyObject *array =
        mc_numpy_wrap(result->numpy, brain ? MC_UINT16 : scalar, data, (int) ndim, shape, owner);
    return brain ? mc_bfloat16_array(array) : array;
}

/* ---- without NumPy ---- */

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

/* What is at *at, which goes on behind it. */
static PyObject *give_list(struct mc_result *result, // NOLINT(misc-no-recursion)
                           enum mc_scalar scalar,
                           const char **at,
                           unsigned ndim,
                           const Py_ssize_t *shape)
{
    const struct mc_type element = {.kind = MC_TYPE_SCALAR, .scalar = scalar, .words = 1};
    if (ndim == 0) {
        uint64_t word = load(scalar, *at);
        *at += mc_scalars[scalar].size;
        return mc_convert_out(result, &element, &word);
    }
    PyObject *list = PyList_New(shape[0]);
    for (Py_ssize_t i = 0; list && i < shape[0]; i++) {
        PyObject *item = give_list(result, scalar, at, ndim - 1, shape + 1);
        if (!item) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, item);
    }
    return list;
}

PyObject *mc_array_give(struct mc_result *result,
                        enum mc_scalar scalar,
                        uint64_t address,
                        unsigned ndim,
                        const Py_ssize_t *shape)
{
    int numpy = mc_numpy_import(result->numpy);
    if (numpy > 0) {
        return give_array(result, scalar, address, ndim, shape);
    }
    const char *at = (const char *) (uintptr_t) address;
    PyObject *list = numpy < 0 ? NULL : give_list(result, scalar, &at, ndim, shape);
    mc_result_release(result, address);
    return list;
}
