/* Arrays that are NumPy's own, and what __array__ gives. */
#include "kernel_bridge/values/array.h"
#include "kernel_bridge/values/array_refuse.h"

#include <stdio.h>
#include <string.h>

/* ---- NumPy's own ---- */

/* What a method without arguments gives as a number; -1 with an exception. */
static Py_ssize_t ask(PyObject *value, const char *method)
{
    PyObject *number = PyObject_CallMethod(value, method, NULL);
    Py_ssize_t found = number ? PyNumber_AsSsize_t(number, PyExc_OverflowError) : -1;
    Py_XDECREF(number);
    return found;
}

static Py_ssize_t number_attribute(PyObject *value, const char *name)
{
    PyObject *number = PyObject_GetAttrString(value, name);
    Py_ssize_t found = number ? PyLong_AsSsize_t(number) : -1;
    Py_XDECREF(number);
    return found;
}

static int refuse_masked(struct mc_conversion *conversion, PyObject *value, bool writes)
{
    Py_ssize_t size = number_attribute(value, "size");
    Py_ssize_t seen = size < 0 ? -1 : ask(value, "count");
    if (seen < 0) {
        return -1;
    }
    return seen == size
               ? 0
               : mc_refuse(conversion,
                           PyExc_ValueError,
                           "%zd of its elements %s masked, which Mojo does not see; %s "
                           "%s.compressed() to leave them out, or %s.filled(value) to give them a "
                           "value",
                           size - seen,
                           size - seen == 1 ? "is" : "are",
                           mc_array_advice(writes),
                           conversion->argument,
                           conversion->argument);
}

/* The types of others that NumPy has no letter for: "bfloat16". Records have fields. */
static int name_type(struct mc_array *ret, PyObject *value)
{
    PyObject *dtype = PyObject_GetAttrString(value, "dtype");
    PyObject *fields = dtype ? PyObject_GetAttrString(dtype, "fields") : NULL;
    PyObject *name = fields ? PyObject_GetAttrString(dtype, "name") : NULL;
    const char *text = name && PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    if (text) {
        ret->fields = fields != Py_None;
        snprintf(ret->dtype, sizeof ret->dtype, "%.*s", (int) sizeof ret->dtype - 1, text);
    }
    Py_XDECREF(name);
    Py_XDECREF(fields);
    Py_XDECREF(dtype);
    return text ? 0 : -1;
}

static bool is_flat(const struct mc_ndarray *array)
{
    return array->flags & MC_NDARRAY_CONTIGUOUS;
}

int mc_array_of_ndarray(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    if (!mc_numpy_look(conversion->numpy) || !PyObject_TypeCheck(value, conversion->numpy->array)) {
        return 0;
    }
    if (mc_library_has_class(value, "numpy", "MaskedArray") &&
        refuse_masked(conversion, value, ret->writes) < 0) {
        return -1;
    }
    const struct mc_ndarray *array = (const struct mc_ndarray *) value;
    Py_ssize_t size = number_attribute(value, "itemsize"); /* at other places in NumPy 1 and 2 */
    if (size < 0) {
        return -1;
    }
    ret->first.data = array->data;
    ret->flat = is_flat(array);
    ret->readonly = !(array->flags & MC_NDARRAY_WRITABLE);
    ret->swapped = array->dtype->byteorder == (PY_LITTLE_ENDIAN ? '>' : '<');
    mc_array_set_type(ret, array->dtype->kind, size);
    mc_array_set_shape(ret, array->ndim, array->shape, array->strides);
    if (ret->kind == 'V' && name_type(ret, value) < 0) {
        return -1;
    }
    if (strcmp(ret->dtype, "bfloat16") == 0) {
        ret->kind = 'B';
    }
    return mc_hold_object(conversion->held, Py_NewRef(value)) < 0 ? -1 : 1;
}

/* ---- __array__ ---- */

/* What the method gives; without a copy, where that is asked for and it can be told so. */
static PyObject *call_method(PyObject *method, bool no_copy)
{
    PyObject *no_args = PyTuple_New(0);
    PyObject *options = no_args && no_copy ? Py_BuildValue("{sO}", "copy", Py_False) : NULL;
    PyObject *array = options ? PyObject_Call(method, no_args, options) : NULL;
    if (no_args && (!no_copy || (options && !array && PyErr_ExceptionMatches(PyExc_TypeError)))) {
        PyErr_Clear(); /* from before NumPy 2 */
        array = PyObject_CallNoArgs(method);
    }
    Py_XDECREF(options);
    Py_XDECREF(no_args);
    return array;
}

/* How many of its values pandas takes for missing; 0 for types of NumPy's, where NaN is a number.
 * -1 with an exception. */
static Py_ssize_t count_missing(PyObject *value)
{
    PyObject *dtype = PyObject_GetAttrString(value, "dtype");
    bool extension = dtype && PyObject_HasAttrString(dtype, "na_value");
    Py_XDECREF(dtype);
    PyErr_Clear(); /* a frame has none */
    PyObject *missing = extension ? PyObject_CallMethod(value, "isna", NULL) : NULL;
    Py_ssize_t count = missing ? ask(missing, "sum") : extension ? -1 : 0;
    Py_XDECREF(missing);
    return count;
}

/* One array of the memory each time is the value's own. What will be refused for another reason is
 * as good. */
static bool same_memory(const struct mc_array *one, const struct mc_array *other)
{
    return one->first.data == other->first.data || one->first.count == 0 || one->ndim == 0 ||
           !strchr("biuf", one->kind);
}

/* Whether the memory is not the value's own. -1 with an exception. */
static int is_made(struct mc_conversion *conversion, PyObject *method, const struct mc_array *first)
{
    struct mc_array second = {.library = first->library};
    PyObject *again = call_method(method, true);
    int found = again ? mc_array_of_ndarray(conversion, again, &second) : -1;
    Py_XDECREF(again);
    return found < 0 ? -1 : found == 0 || !same_memory(first, &second);
}

/* An exception that is no answer, as KeyboardInterrupt. */
static bool is_serious(void)
{
    return PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception);
}

static int refuse_method(const struct mc_conversion *conversion, PyObject *value)
{
    PyObject *type;
    PyObject *reason;
    PyObject *traceback;
    PyErr_Fetch(&type, &reason, &traceback);
    PyErr_NormalizeException(&type, &reason, &traceback);
    mc_refuse(conversion,
              PyExc_TypeError,
              "%s does not give its elements as an array: %S",
              Py_TYPE(value)->tp_name,
              reason ? reason : Py_None);
    Py_XDECREF(type);
    Py_XDECREF(reason);
    Py_XDECREF(traceback);
    return -1;
}

static int take_method(struct mc_conversion *conversion,
                       PyObject *value,
                       PyObject *method,
                       struct mc_array *ret)
{
    bool frozen = ret->library->frozen; /* whether it is a copy makes no difference */
    PyObject *array = call_method(method, !frozen);
    bool made = !array;
    if (!array && !frozen && !is_serious()) {
        PyErr_Clear();
        array = call_method(method, false);
    }
    if (!array) {
        return is_serious() ? -1 : refuse_method(conversion, value);
    }
    bool alone = Py_REFCNT(array) == 1;
    int found = mc_array_of_ndarray(conversion, array, ret);
    made = made || (found > 0 && alone && !((struct mc_ndarray *) array)->base);
    if (found > 0 && !made && ret->writes) {
        int copied = is_made(conversion, method, ret);
        made = copied > 0;
        found = copied < 0 ? -1 : found;
    }
    ret->made = made;
    Py_DECREF(array);
    return found;
}

int mc_array_of_method(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    bool failed;
    if (!mc_numpy_look(conversion->numpy)) {
        return 0;
    }
    PyObject *method = mc_array_attribute(value, "__array__", &failed);
    if (!method) {
        return failed ? -1 : 0;
    }
    const struct mc_library *library = ret->library;
    int found = take_method(conversion, value, method, ret);
    Py_DECREF(method);
    ret->library = library;
    if (found > 0 && mc_library_is(library, "pandas")) {
        ret->missing = count_missing(value);
        return ret->missing < 0 ? -1 : found;
    }
    return found;
}
