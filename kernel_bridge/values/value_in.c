#include "base/mem.h"
#include "kernel_bridge/values/arrays.h"
#include "kernel_bridge/values/numpy.h"
#include "kernel_bridge/values/values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what is held ---- */

int mc_hold(struct mc_held *held, void *what, mc_let_go *let_go)
{
    if (held->count == MC_HELD_MAX) {
        let_go(what);
        PyErr_SetString(PyExc_SystemError, "too many things to hold for one call");
        return -1;
    }
    held->items[held->count].what = what;
    held->items[held->count++].let_go = let_go;
    return 0;
}

static void let_object_go(void *what)
{
    Py_DECREF((PyObject *) what);
}

int mc_hold_object(struct mc_held *held, PyObject *object)
{
    return object ? mc_hold(held, object, let_object_go) : -1;
}

void mc_held_let_go_from(struct mc_held *held, size_t first)
{
    while (held->count > first) {
        held->count--;
        held->items[held->count].let_go(held->items[held->count].what);
    }
}

/* ---- what is refused ---- */

const char *mc_convert_type_text(const struct mc_type *type, struct mc_type_text *buffer)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_type_write(type, &text);
    snprintf(buffer->text, sizeof buffer->text, "%s", text.data ? text.data : "?");
    return buffer->text;
}

static const char needs_numpy[] = " (NumPy is not here: pip install numpy)";

static bool advises_numpy(PyObject *text)
{
    const char *utf8 = PyUnicode_AsUTF8(text);
    if (!utf8) {
        PyErr_Clear();
    }
    return utf8 && strstr(utf8, "numpy.");
}

int mc_convert_refuse(const struct mc_conversion *conversion,
                      PyObject *exception,
                      const char *format,
                      ...)
{
    char element[40] = "";
    va_list args;
    if (conversion->element >= 0) {
        snprintf(element, sizeof element, "element %zd: ", conversion->element);
    }
    va_start(args, format);
    PyObject *text = PyUnicode_FromFormatV(format, args);
    va_end(args);
    if (text) {
        PyErr_Format(exception,
                     "argument '%s' of %s: %s%U%s",
                     conversion->argument,
                     conversion->function,
                     element,
                     text,
                     advises_numpy(text) && !mc_numpy_is_installed() ? needs_numpy : "");
        Py_DECREF(text);
    }
    return -1;
}

static int
refuse_type(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    struct mc_type_text text;
    return mc_convert_refuse(conversion,
                             PyExc_TypeError,
                             "Mojo wants %s, got %s",
                             mc_convert_type_text(type, &text),
                             value == Py_None ? "None" : Py_TYPE(value)->tp_name);
}

/* The same, where a function of Python's converts the value. */
static int refuse_unconverted(const struct mc_conversion *conversion,
                              const struct mc_type *type,
                              PyObject *value,
                              const char *function)
{
    struct mc_type_text text;
    if (conversion->element >= 0) {
        return refuse_type(conversion, type, value);
    }
    return mc_convert_refuse(conversion,
                             PyExc_TypeError,
                             "Mojo wants %s, got %s; write %s(%s)",
                             mc_convert_type_text(type, &text),
                             Py_TYPE(value)->tp_name,
                             function,
                             conversion->argument);
}

/* An int for a message; a large one is only described. */
static PyObject *describe_int(PyObject *number)
{
    PyObject *bits = PyObject_CallMethod(number, "bit_length", NULL);
    long count = bits ? PyLong_AsLong(bits) : -1;
    Py_XDECREF(bits);
    if (count < 0) {
        return NULL;
    }
    return count > 128 ? PyUnicode_FromFormat("an int of %ld bits", count) : PyObject_Repr(number);
}

/* ---- ints ---- */

static bool is_signed(enum mc_scalar scalar)
{
    return mc_scalars[scalar].kind == 'i';
}

static int
refuse_range(const struct mc_conversion *conversion, const struct mc_type *type, PyObject *number)
{
    unsigned bits = 8U * mc_scalars[type->scalar].size;
    unsigned long long max =
        is_signed(type->scalar) ? (1ULL << (bits - 1)) - 1 : ~0ULL >> (64 - bits);
    char low[32] = "0";
    PyObject *text = describe_int(number);
    if (!text) {
        return -1;
    }
    if (is_signed(type->scalar)) {
        snprintf(low, sizeof low, "-%llu", max + 1);
    }
    mc_convert_refuse(conversion,
                      PyExc_OverflowError,
                      "%U does not fit into %s (%s to %llu)",
                      text,
                      mc_scalars[type->scalar].name,
                      low,
                      max);
    Py_DECREF(text);
    return -1;
}

static bool fits_signed(int64_t number, unsigned size)
{
    unsigned unused = 64 - 8 * size;
    return (int64_t) ((uint64_t) number << unused) >> unused == number;
}

/* `number` is a Python int. */
static int take_int(struct mc_conversion *conversion,
                    const struct mc_type *type,
                    PyObject *number,
                    uint64_t *ret)
{
    unsigned size = mc_scalars[type->scalar].size;
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (value == -1 && !overflow && PyErr_Occurred()) {
        return -1;
    }
    if (is_signed(type->scalar)) {
        *ret = (uint64_t) value;
        return overflow || !fits_signed(value, size) ? refuse_range(conversion, type, number) : 0;
    }
    unsigned long long positive = (unsigned long long) value;
    if (overflow > 0) {
        positive = PyLong_AsUnsignedLongLong(number);
        if (positive == (unsigned long long) -1 && PyErr_Occurred()) {
            PyErr_Clear();
            return refuse_range(conversion, type, number);
        }
    }
    *ret = positive;
    return overflow < 0 || (!overflow && value < 0) || (size < 8 && positive >> 8 * size)
               ? refuse_range(conversion, type, number)
               : 0;
}

/* It has an __index__ until NumPy 2.3, which warns. */
static bool is_numpy_bool(const struct mc_conversion *conversion, PyObject *value)
{
    return mc_numpy_look(conversion->numpy) && Py_IS_TYPE(value, conversion->numpy->bool_type);
}

/* The int that a value is without being one, a new reference. NULL with a TypeError of ours, or
 * with what the value itself raised. */
static PyObject *
index_of(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (number && number->nb_index && !is_numpy_bool(conversion, value)) {
        PyObject *index = PyNumber_Index(value);
        if (index || !PyErr_ExceptionMatches(PyExc_TypeError)) {
            return index;
        }
        PyErr_Clear(); /* NumPy's arrays have the method, and raise */
    }
    if (number && (number->nb_int || number->nb_float)) {
        refuse_unconverted(conversion, type, value, "int");
    } else {
        refuse_type(conversion, type, value);
    }
    return NULL;
}

static int convert_int(struct mc_conversion *conversion,
                       const struct mc_type *type,
                       PyObject *value,
                       uint64_t *ret)
{
    if (PyLong_Check(value)) {
        return take_int(conversion, type, value, ret);
    }
    PyObject *index = index_of(conversion, type, value);
    int done = index ? take_int(conversion, type, index, ret) : -1;
    Py_XDECREF(index);
    return done;
}

/* ---- floats ---- */

/* The int as a double, where it is one exactly: 1, or 0, or -1 with an exception. */
static int exact_double(PyObject *number, double *ret)
{
    *ret = PyLong_AsDouble(number);
    if (*ret == -1.0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    if (fabs(*ret) < 0x1p53) {
        return 1;
    }
    PyObject *back = PyLong_FromDouble(*ret);
    int same = back ? PyObject_RichCompareBool(number, back, Py_EQ) : -1;
    Py_XDECREF(back);
    return same;
}

static int double_of_int(struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *number,
                         double *ret)
{
    int exact = exact_double(number, ret);
    if (exact < 0) {
        return -1;
    }
    if (exact && (type->scalar == MC_FLOAT64 || (double) (float) *ret == *ret)) {
        return 0;
    }
    PyObject *text = describe_int(number);
    if (text) {
        mc_convert_refuse(conversion,
                          PyExc_OverflowError,
                          "%U is no %s exactly; write float(%s) to round it",
                          text,
                          mc_scalars[type->scalar].name,
                          conversion->argument);
        Py_DECREF(text);
    }
    return -1;
}

static int double_of_other(struct mc_conversion *conversion,
                           const struct mc_type *type,
                           PyObject *value,
                           double *ret)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (number && number->nb_index &&
        !is_numpy_bool(conversion, value)) { /* NumPy's ints have __float__ as well, which rounds */
        PyObject *index = PyNumber_Index(value);
        if (index) {
            int done = double_of_int(conversion, type, index, ret);
            Py_DECREF(index);
            return done;
        }
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
            return -1;
        }
        PyErr_Clear();
    }
    if (!number || !number->nb_float) {
        return refuse_type(conversion, type, value);
    }
    *ret = PyFloat_AsDouble(value);
    if (*ret == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Clear();
            return refuse_type(conversion, type, value);
        }
        return -1;
    }
    return 0;
}

static int convert_float(struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *value,
                         uint64_t *ret)
{
    double number;
    int done = 0;
    if (PyFloat_Check(value)) {
        number = PyFloat_AS_DOUBLE(value);
    } else if (PyLong_Check(value)) {
        done = double_of_int(conversion, type, value, &number);
    } else {
        done = double_of_other(conversion, type, value, &number);
    }
    if (done < 0) {
        return -1;
    }
    if (type->scalar == MC_FLOAT64) {
        memcpy(ret, &number, sizeof number);
        return 0;
    }
    float narrow = (float) number;
    uint32_t bits;
    if (isinf(narrow) && !isinf(number)) {
        return mc_convert_refuse(
            conversion, PyExc_OverflowError, "%R does not fit into Float32", value);
    }
    memcpy(&bits, &narrow, sizeof bits);
    *ret = bits;
    return 0;
}

/* ---- the other scalars ---- */

static int convert_bool(struct mc_conversion *conversion,
                        const struct mc_type *type,
                        PyObject *value,
                        uint64_t *ret)
{
    if (PyBool_Check(value)) {
        *ret = value == Py_True;
        return 0;
    }
    if (is_numpy_bool(conversion, value)) {
        int truth = PyObject_IsTrue(value);
        *ret = truth > 0;
        return truth < 0 ? -1 : 0;
    }
    if (value == Py_None || PyUnicode_Check(value)) { /* bool() of these is rarely what is meant */
        return refuse_type(conversion, type, value);
    }
    return refuse_unconverted(conversion, type, value, "bool");
}

static int convert_scalar(struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          uint64_t *ret)
{
    switch (mc_scalars[type->scalar].kind) {
    case 'b':
        return convert_bool(conversion, type, value, ret);
    case 'f':
        return convert_float(conversion, type, value, ret);
    default:
        return convert_int(conversion, type, value, ret);
    }
}

/* ---- String ---- */

static int refuse_surrogate(const struct mc_conversion *conversion, PyObject *value)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(value, i);
        if (Py_UNICODE_IS_SURROGATE(character)) {
            char digits[16];
            snprintf(digits, sizeof digits, "%04x", (unsigned) character);
            return mc_convert_refuse(conversion,
                                     PyExc_ValueError,
                                     "the surrogate '\\u%s' at index %zd has no UTF-8; write "
                                     "%s.encode('utf-8', 'replace').decode()",
                                     digits,
                                     i,
                                     conversion->argument);
        }
    }
    return mc_convert_refuse(conversion, PyExc_ValueError, "it has no UTF-8");
}

static int convert_string(struct mc_conversion *conversion,
                          const struct mc_type *type,
                          PyObject *value,
                          uint64_t *ret)
{
    if (!PyUnicode_Check(value)) {
        if (PyBytes_Check(value) || PyByteArray_Check(value)) {
            return mc_convert_refuse(conversion,
                                     PyExc_TypeError,
                                     "Mojo wants String, got %s; write %s.decode()",
                                     Py_TYPE(value)->tp_name,
                                     conversion->argument);
        }
        return refuse_type(conversion, type, value);
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

/* ---- List, Span ---- */

static void store(void *elements, size_t index, unsigned size, uint64_t word)
{
    memcpy((char *) elements + index * size, &word, size); /* little-endian, as Mojo's targets */
}

static int convert_items(struct mc_conversion *conversion,
                         const struct mc_type *type,
                         PyObject *items,
                         uint64_t *ret)
{
    const struct mc_type scalar = {.kind = MC_TYPE_SCALAR, .scalar = type->scalar, .words = 1};
    unsigned size = mc_scalars[type->scalar].size;
    Py_ssize_t count = PyTuple_GET_SIZE(items);
    char *elements = PyMem_Malloc((size_t) count * size + 1);
    if (!elements) {
        PyErr_NoMemory();
        return -1;
    }
    if (mc_hold(conversion->held, elements, PyMem_Free) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        uint64_t word;
        conversion->element = i;
        if (convert_scalar(conversion, &scalar, PyTuple_GET_ITEM(items, i), &word) < 0) {
            return -1;
        }
        store(elements, (size_t) i, size, word);
    }
    ret[0] = count ? (uint64_t) (uintptr_t) elements : 0;
    ret[1] = (uint64_t) count;
    return 0;
}

static int convert_list(struct mc_conversion *conversion,
                        const struct mc_type *type,
                        PyObject *value,
                        uint64_t *ret)
{
    /* Of its own: an item's __index__ may change the list. */
    PyObject *items = PyList_Check(value) ? PyList_AsTuple(value) : Py_NewRef(value);
    int done = items ? convert_items(conversion, type, items, ret) : -1;
    conversion->element = -1;
    Py_XDECREF(items);
    return done;
}

static int convert_elements(struct mc_conversion *conversion,
                            const struct mc_type *type,
                            PyObject *value,
                            uint64_t *ret)
{
    bool list = PyList_Check(value) || PyTuple_Check(value);
    if (list && type->kind == MC_TYPE_LIST) {
        return convert_list(conversion, type, value, ret);
    }
    if (list) {
        return mc_array_refuse_list(conversion, type, value);
    }
    int found = mc_array_convert(conversion, type, value, ret);
    if (found) {
        return found < 0 ? -1 : 0;
    }
    return refuse_type(conversion, type, value);
}

/* ---- all of them ---- */

int mc_convert_in(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  PyObject *value,
                  uint64_t *ret_words)
{
    switch (type->kind) {
    case MC_TYPE_SCALAR:
        return convert_scalar(conversion, type, value, ret_words);
    case MC_TYPE_STRING:
        return convert_string(conversion, type, value, ret_words);
    case MC_TYPE_SPAN:
    case MC_TYPE_LIST:
        return convert_elements(conversion, type, value, ret_words);
    case MC_TYPE_OPTIONAL:
        ret_words[0] = value != Py_None;
        if (value == Py_None) {
            memset(ret_words + 1, 0, type->items->words * sizeof *ret_words);
            return 0;
        }
        return mc_convert_in(conversion, type->items, value, ret_words + 1);
    default: /* no argument has them: mc_signature_parse */
        return refuse_type(conversion, type, value);
    }
}
