#include "kernel_bridge/values/values.h"

#include "kernel_bridge/values/library.h"

static const struct mc_value_kind *const kinds[MC_TYPE_COUNT] = {
    [MC_TYPE_NONE] = &mc_value_none,
    [MC_TYPE_STRING] = &mc_value_string,
    [MC_TYPE_SPAN] = &mc_value_span,
    [MC_TYPE_NDSPAN] = &mc_value_ndspan,
    [MC_TYPE_NDARRAY] = &mc_value_ndarray,
    [MC_TYPE_TEXTS] = &mc_value_texts,
    [MC_TYPE_LIST] = &mc_value_list,
    [MC_TYPE_OPTIONAL] = &mc_value_optional,
    [MC_TYPE_TUPLE] = &mc_value_tuple,
    [MC_TYPE_DICT] = &mc_value_dict,
    [MC_TYPE_RECORD] = &mc_value_record,
    [MC_TYPE_RECORDS] = &mc_value_records,
    [MC_TYPE_ANY] = &mc_value_any,
};

const struct mc_value_kind *mc_value_kind_of(const struct mc_type *type)
{
    if (type->kind != MC_TYPE_SCALAR) {
        return kinds[type->kind];
    }
    switch (mc_scalars[type->scalar].kind) {
    case 'b':
        return &mc_value_bool;
    case 'f':
    case 'B':
        return &mc_value_float;
    default:
        return &mc_value_int;
    }
}

int mc_convert_in(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words)
{
    const struct mc_value_kind *kind = mc_value_kind_of(type);
    int done = kind->take ? kind->take(conversion, type, value, ret_words)
                          : mc_refuse_type(conversion, type, value);
    if (done < 0 && PyErr_ExceptionMatches(PyExc_TypeError)) {
        mc_library_check_tracer(conversion, value);
    }
    return done;
}

PyObject *
mc_convert_out(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    return mc_value_kind_of(type)->give(result, type, words);
}

PyObject *
mc_convert_out_items(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
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

enum mc_closeness mc_convert_closeness(const struct mc_type *type, PyObject *value)
{
    const struct mc_value_kind *kind = mc_value_kind_of(type);
    return kind->closeness ? kind->closeness(type, value) : MC_CLOSE_EXACT;
}

PyObject *mc_annotation(const struct mc_type *type, bool returned)
{
    return mc_value_kind_of(type)->annotate(type, returned);
}

PyObject *mc_result_unfit(struct mc_result *result, const char *why)
{
    result->unfit = true;
    PyErr_SetString(PyExc_ValueError, why);
    return NULL;
}
