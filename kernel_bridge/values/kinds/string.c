/* String: a str, whose UTF-8 stays during the call. */
#include "kernel_bridge/values/value_kind.h"

#include <stdio.h>

#define LINE 256

/* The expression to write: of an element, for all of them. */
static void
write_line(const struct mc_conversion *conversion, const char *method, char *ret, size_t size)
{
    if (conversion->key) {
        snprintf(ret, size, "item.%s for each", method);
    } else if (conversion->element < 0) {
        snprintf(ret, size, "%s.%s", conversion->argument, method);
    } else {
        snprintf(ret, size, "[item.%s for item in %s]", method, conversion->argument);
    }
}

static int refuse_surrogate(const struct mc_conversion *conversion, PyObject *value)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(value, i);
        if (Py_UNICODE_IS_SURROGATE(character)) {
            char digits[16];
            char line[LINE];
            write_line(conversion, "encode('utf-8', 'replace').decode()", line, sizeof line);
            snprintf(digits, sizeof digits, "%04x", (unsigned) character);
            return mc_refuse(conversion,
                             PyExc_ValueError,
                             "the surrogate '\\u%s' at index %zd has no UTF-8; write %s",
                             digits,
                             i,
                             line);
        }
    }
    return mc_refuse(conversion, PyExc_ValueError, "it has no UTF-8");
}

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    if (!PyUnicode_Check(value)) {
        if (PyBytes_Check(value) || PyByteArray_Check(value)) {
            char line[LINE];
            write_line(conversion, "decode()", line, sizeof line);
            return mc_refuse(conversion,
                             PyExc_TypeError,
                             "Mojo wants String, got %s; write %s",
                             Py_TYPE(value)->tp_name,
                             line);
        }
        return mc_refuse_type(conversion, type, value);
    }
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(value, &length);
    if (!text) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            return -1;
        }
        PyErr_Clear();
        return refuse_surrogate(conversion, value);
    }
    ret[0] = (uint64_t) (uintptr_t) text;
    ret[1] = (uint64_t) length;
    return mc_hold_object(conversion->held, Py_NewRef(value));
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) type;
    const char *text = words[1] ? (const char *) (uintptr_t) words[0] : "";
    PyObject *string = PyUnicode_DecodeUTF8(text, (Py_ssize_t) words[1], NULL);
    mc_result_release(result, words[0]);
    if (!string && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        result->unfit = true;
    }
    return string;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    return Py_NewRef(&PyUnicode_Type);
}

const struct mc_value_kind mc_value_string = {.take = take, .give = give, .annotate = annotate};
