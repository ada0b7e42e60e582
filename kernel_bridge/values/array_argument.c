#include "kernel_bridge/values/array_argument.h"

#include "base/mem.h"
#include "kernel_bridge/values/array_copy.h"
#include "kernel_bridge/values/array_fit.h"
#include "kernel_bridge/values/array_refuse.h"

/* ---- which protocol ---- */

typedef int
find_in_protocol(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret);

/* A column of pandas that is one of Arrow's inside shows its memory that way alone. */
static int of_arrow_inside(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    bool failed;
    PyObject *dtype = mc_array_attribute(value, "dtype", &failed);
    bool arrow = dtype && PyObject_HasAttrString(dtype, "pyarrow_dtype");
    Py_XDECREF(dtype);
    if (!arrow) {
        return failed ? -1 : 0;
    }
    PyObject *inside = PyObject_HasAttrString(value, "__arrow_array__")
                           ? Py_NewRef(value)
                           : PyObject_GetAttrString(value, "array");
    PyObject *array = inside ? PyObject_CallMethod(inside, "__arrow_array__", NULL) : NULL;
    Py_XDECREF(inside);
    return mc_hold_object(conversion->held, array) < 0 ? -1
                                                       : mc_array_of_arrow(conversion, array, ret);
}

static int find_in(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    static find_in_protocol *const protocols[] = {
        mc_array_of_ndarray,
        mc_array_of_buffer,
        mc_array_of_arrow,
        mc_array_of_interface,
        mc_array_of_dlpack,
        mc_array_of_method,
    };
    bool own = ret->library->own_arrow;
    int found = own ? of_arrow_inside(conversion, value, ret) : 0;
    for (size_t i = 0; !found && i < MC_LENGTH(protocols); i++) {
        if (!own || protocols[i] != mc_array_of_arrow) {
            found = protocols[i](conversion, value, ret);
        }
    }
    return found;
}

int mc_array_find(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  struct mc_array *ret)
{
    *ret = (struct mc_array) {.library = mc_library_of(value), .writes = type->writable};
    if (PyType_Check(value)) { /* has the methods of its instances */
        return 0;
    }
    if (mc_library_check(conversion, ret->library, value, mc_array_advice(type->writable)) < 0) {
        return -1;
    }
    int found = find_in(conversion, value, ret);
    /* An Index finds its keys by what they were; NumPy's view of it can be written to. */
    ret->readonly =
        ret->readonly || ret->library->frozen ||
        (mc_library_is(ret->library, "pandas") && mc_library_has_class(value, "pandas", "Index"));
    return found;
}

/* ---- whether it fits ---- */

static int check(const struct mc_conversion *conversion,
                 const struct mc_type *type,
                 const struct mc_array *array)
{
    const struct mc_scalar_info *wanted = &mc_scalars[type->scalar];
    if (array->missing) {
        return mc_array_refuse_missing(conversion, type, array, array->missing);
    }
    if (array->ndim != (type->rank ? type->rank : 1)) {
        return mc_array_refuse_shape(conversion, type, array);
    }
    if (array->kind != wanted->kind || array->size != wanted->size) {
        return mc_array_refuse_elements(conversion, type, array);
    }
    return 0;
}

static int check_writable(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array,
                          const char *obstacle)
{
    if (array->readonly || array->made || array->n_more || array->bits) {
        return mc_array_refuse_readonly(
            conversion,
            type,
            array->made ? "it gives its elements as an array only by a copy" : "it is read-only");
    }
    return obstacle ? mc_array_refuse_layout(conversion, type, array, obstacle) : 0;
}

/* Of elements at `data`, where they are at the array's own distances or `packed`, in C's order. */
static void write_words(const struct mc_type *type,
                        const struct mc_array *array,
                        const char *data,
                        bool packed,
                        uint64_t *ret)
{
    Py_ssize_t next = 1;
    ret[0] = mc_array_count(array) ? (uint64_t) (uintptr_t) data : 0;
    ret[1] = (uint64_t) mc_array_length(array);
    for (unsigned i = type->rank; i-- > 0;) {
        Py_ssize_t length = i == 0 ? mc_array_length(array) : array->shape[i];
        ret[1 + i] = (uint64_t) length;
        ret[1 + type->rank + i] =
            (uint64_t) (packed ? next : array->strides[i] / (Py_ssize_t) array->size);
        next *= length;
    }
}

int mc_array_take(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  const struct mc_array *array,
                  uint64_t *ret_words)
{
    const char *data = array->first.data;
    if (check(conversion, type, array) < 0) {
        return -1;
    }
    const char *obstacle = mc_array_obstacle(type, array);
    if (type->writable && check_writable(conversion, type, array, obstacle) < 0) {
        return -1;
    }
    if (obstacle && !(data = mc_array_copy(conversion, type, array))) {
        return -1;
    }
    write_words(type, array, data, obstacle != NULL, ret_words);
    return array->made && !obstacle ? mc_array_tell(conversion,
                                                    type,
                                                    array,
                                                    (size_t) (mc_array_count(array) * array->size),
                                                    "it gives its elements only by a copy")
                                    : 0;
}

PyObject *mc_array_annotation(const struct mc_type *type)
{
    return PyUnicode_FromFormat("NDArray[%s]", mc_numpy_name(type->scalar).text);
}
