#include "kernel_bridge/values/array.h"

#include "base/mem.h"

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
                  {'B', "bfloat16"},
                  {'O', "object"},
                  {'M', "datetime64"},
                  {'m', "timedelta64"},
                  {'S', "bytes"},
                  {'U', "str"},
                  {'T', "str"}};
    array->kind = kind;
    array->size = size;
    snprintf(array->dtype, sizeof array->dtype, "structured");
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        if (names[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s%zd", names[i].name, 8 * size);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(others); i++) {
        if (others[i].kind == kind) {
            snprintf(array->dtype, sizeof array->dtype, "%s", others[i].name);
        }
    }
}

/* ---- dimensions ---- */

void mc_array_set_shape(struct mc_array *array,
                        int ndim,
                        const Py_ssize_t *shape,
                        const Py_ssize_t *strides)
{
    Py_ssize_t step = array->size;
    array->ndim = ndim;
    for (int i = (ndim < MC_RANK_MAX ? ndim : MC_RANK_MAX) - 1; i >= 0; i--) {
        array->shape[i] = shape[i];
        array->strides[i] = strides ? strides[i] : step;
        step *= shape[i];
    }
    array->first.count = ndim > 0 ? shape[0] : 0;
    array->first.stride = ndim > 0 ? array->strides[0] : 0;
}

Py_ssize_t mc_array_length(const struct mc_array *array)
{
    Py_ssize_t length = array->first.count;
    for (size_t i = 0; i < array->n_more; i++) {
        length += array->more[i].count;
    }
    return length;
}

Py_ssize_t mc_array_count(const struct mc_array *array)
{
    Py_ssize_t count = mc_array_length(array);
    for (int i = 1; i < array->ndim && i < MC_RANK_MAX; i++) {
        count *= array->shape[i];
    }
    return count;
}

/* The number of steps along a dimension. */
static Py_ssize_t steps(const struct mc_runs *runs, int i)
{
    return i == 0 ? mc_array_chunk(runs->array, runs->chunk)->count : runs->array->shape[i];
}

/* To the next run of the chunk, or the first of the next chunk. */
static void advance(struct mc_runs *runs)
{
    for (int i = runs->array->ndim - 2; i >= 0; i--) {
        if (++runs->at[i] < steps(runs, i)) {
            return;
        }
        runs->at[i] = 0;
    }
    runs->chunk++;
}

bool mc_runs_next(struct mc_runs *runs, struct mc_chunk *ret)
{
    const struct mc_array *array = runs->array;
    int last = array->ndim - 1;
    while (runs->chunk <= array->n_more && mc_array_chunk(array, runs->chunk)->count == 0) {
        runs->chunk++;
    }
    if (last >= MC_RANK_MAX || runs->chunk > array->n_more || mc_array_count(array) == 0) {
        return false;
    }
    *ret = *mc_array_chunk(array, runs->chunk);
    if (last > 0) {
        Py_ssize_t offset = runs->at[0] * ret->stride;
        for (int i = 1; i < last; i++) {
            offset += runs->at[i] * array->strides[i];
        }
        ret->data += array->bits ? 0 : offset;
        ret->bit += array->bits ? offset : 0;
        ret->count = array->shape[last];
        ret->stride = array->strides[last];
    }
    advance(runs);
    return true;
}
