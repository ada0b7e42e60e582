/* Record: an instance of the struct's class, or what has its fields; an instance comes out. */
#include "kernel_bridge/values/record.h"

#include "base/buf.h"
#include "kernel_bridge/values/values.h"

#include <stdio.h>
#include <string.h>

/* ---- the class ---- */

/* The counterpart of a record: (class, names of its fields). */
static PyObject *class_of(const struct mc_type *type)
{
    return PyTuple_GET_ITEM((PyObject *) type->record->counterpart, 0);
}

static PyObject *names_of(const struct mc_type *type)
{
    return PyTuple_GET_ITEM((PyObject *) type->record->counterpart, 1);
}

static PyObject *make_names(const struct mc_type *type)
{
    PyObject *names = PyTuple_New(type->count);
    for (size_t i = 0; names && i < type->count; i++) {
        PyObject *name = PyUnicode_InternFromString(type->record->fields[i]);
        if (!name) {
            Py_CLEAR(names);
            break;
        }
        PyTuple_SET_ITEM(names, (Py_ssize_t) i, name);
    }
    return names;
}

static int attach_one(const struct mc_type *type, PyObject *classes, struct mc_held *held)
{
    struct mc_record *record = type->record;
    mc_autobuf key = MC_BUF_INIT;
    mc_buf_addf(&key, "%s.%s", record->origin, record->name);
    PyObject *found = classes && PyDict_Check(classes) && key.data
                          ? PyDict_GetItemString(classes, key.data)
                          : NULL;
    if (!found || !PyType_Check(found)) {
        PyErr_Format(PyExc_ValueError, "no class for the struct %s", record->name);
        return -1;
    }
    PyObject *names = make_names(type);
    PyObject *both = names ? PyTuple_Pack(2, found, names) : NULL;
    Py_XDECREF(names);
    record->counterpart = both;
    return mc_hold_object(held, both);
}

int mc_record_attach(struct mc_type *type, PyObject *classes, struct mc_held *held)
{
    for (size_t i = 0; i < type->count; i++) {
        if (mc_record_attach(&type->items[i], classes, held) < 0) {
            return -1;
        }
    }
    return type->kind == MC_TYPE_RECORD ? attach_one(type, classes, held) : 0;
}

/* ---- what goes in ---- */

/* A dataclass of the struct's name: as that of another session, or of a cell that has been changed.
 */
static bool is_namesake(const struct mc_type *type, PyObject *value)
{
    const char *dot = strrchr(Py_TYPE(value)->tp_name, '.');
    const char *name = dot ? dot + 1 : Py_TYPE(value)->tp_name;
    return strcmp(name, type->record->name) == 0 &&
           PyObject_HasAttrString((PyObject *) Py_TYPE(value), "__dataclass_fields__");
}

/* A named tuple of the struct's fields. */
static bool is_named_tuple(const struct mc_type *type, PyObject *value)
{
    PyObject *fields = PyTuple_Check(value) ? PyObject_GetAttrString(value, "_fields") : NULL;
    bool same = fields && PyObject_RichCompareBool(fields, names_of(type), Py_EQ) > 0;
    Py_XDECREF(fields);
    PyErr_Clear();
    return same;
}

static int
refuse(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    const char *name = type->record->name;
    const char *argument = conversion->argument;
    if (PyDict_Check(value)) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "Mojo wants %s, got dict; write %s(**%s)",
                         name,
                         name,
                         argument);
    }
    if (PyTuple_Check(value) || PyList_Check(value)) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "Mojo wants %s, got %s; write %s(*%s)",
                         name,
                         Py_TYPE(value)->tp_name,
                         name,
                         argument);
    }
    return mc_refuse_type(conversion, type, value);
}

static int refuse_without(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          const char *field)
{
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got a %s without '%s'",
                     type->record->name,
                     Py_TYPE(value)->tp_name,
                     field);
}

/* What messages call the argument while one of its fields is on its way: "line.start.x", or
 * "points[3].x". */
#define PATH_SIZE 240

static size_t begin_path(const struct mc_conversion *conversion, char *ret)
{
    int n = conversion->element < 0
                ? snprintf(ret, PATH_SIZE, "%s.", conversion->argument)
                : snprintf(ret, PATH_SIZE, "%s[%zd].", conversion->argument, conversion->element);
    return n < PATH_SIZE ? (size_t) n : PATH_SIZE - 1;
}

/* Text is held by its own kind, and a struct has the words of its fields. */
static bool has_no_memory(const struct mc_type *type)
{
    return type->kind == MC_TYPE_SCALAR || type->kind == MC_TYPE_STRING ||
           type->kind == MC_TYPE_RECORD;
}

static int take_field(struct mc_conversion *conversion,
                      const struct mc_type *type,
                      size_t i,
                      PyObject *value,
                      uint64_t *ret)
{
    PyObject *field = PyObject_GetAttr(value, PyTuple_GET_ITEM(names_of(type), (Py_ssize_t) i));
    if (!field) {
        return refuse_without(conversion, type, value, type->record->fields[i]);
    }
    /* An attribute may make a new object each time, and words may point into it. */
    int done = mc_convert_in_fast(conversion, &type->items[i], field, ret);
    if (done < 0 || has_no_memory(&type->items[i])) {
        Py_DECREF(field);
        return done;
    }
    return mc_hold_object(conversion->held, field);
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    char path[PATH_SIZE];
    struct mc_conversion inner = *conversion;
    int same = PyObject_IsInstance(value, class_of(type));
    if (same < 0 || (!same && !is_namesake(type, value) && !is_named_tuple(type, value))) {
        return same < 0 ? -1 : refuse(conversion, type, value);
    }
    size_t length = begin_path(conversion, path);
    inner.argument = path;
    inner.element = -1;
    for (size_t i = 0; i < type->count; i++) {
        snprintf(path + length, PATH_SIZE - length, "%s", type->record->fields[i]);
        if (take_field(&inner, type, i, value, ret) < 0) {
            return -1;
        }
        ret += type->items[i].words;
    }
    return 0;
}

/* ---- what comes out ---- */

PyObject *mc_record_make(const struct mc_type *type, PyObject *fields)
{
    PyObject *made = fields ? PyObject_CallObject(class_of(type), fields) : NULL;
    Py_XDECREF(fields);
    return made;
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    return mc_record_make(type, mc_convert_out_items(result, type, words));
}

static enum mc_closeness closeness(const struct mc_type *type, PyObject *value)
{
    if (PyObject_IsInstance(value, class_of(type)) > 0) {
        return MC_CLOSE_EXACT;
    }
    PyErr_Clear();
    return is_namesake(type, value) ? MC_CLOSE_KIND : MC_CLOSE_CONVERTED;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) returned;
    return Py_NewRef(class_of(type));
}

const struct mc_value_kind mc_value_record = {take, give, closeness, annotate};
