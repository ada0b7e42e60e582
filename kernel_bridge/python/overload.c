#include "kernel_bridge/python/overload.h"

#include "base/mem.h"
#include "kernel_bridge/values/record.h"

#include <string.h>

/* ---- entries ---- */

/* A borrowed text of an entry, or NULL with an exception. */
static const char *text_of(PyObject *entry, const char *name)
{
    PyObject *item = PyDict_Check(entry) ? PyDict_GetItemString(entry, name) : NULL;
    if (!item || !PyUnicode_Check(item)) {
        PyErr_Format(PyExc_ValueError, "an entry without a text '%s'", name);
        return NULL;
    }
    return PyUnicode_AsUTF8(item);
}

static int read_kind(const char *text, enum mc_parameter_kind *ret)
{
    static const char *const kinds[] = {
        [MC_PARAMETER_ANY] = "any",
        [MC_PARAMETER_POSITIONAL] = "positional",
        [MC_PARAMETER_KEYWORD] = "keyword",
    };
    for (size_t i = 0; i < MC_LENGTH(kinds); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *ret = (enum mc_parameter_kind) i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "an argument of the kind '%s'", text);
    return -1;
}

static int read_default(struct mc_overload *overload,
                        struct mc_parameter *parameter,
                        const struct mc_type *type,
                        PyObject *argument,
                        struct mc_conversion *conversion)
{
    PyObject *value = PyDict_GetItemString(argument, "default");
    parameter->has_default = value != NULL;
    parameter->optional = value || PyDict_GetItemString(argument, "default_text");
    if (!value && parameter->optional && !overload->abi.masked) {
        PyErr_Format(PyExc_ValueError, "argument '%s' has a default, and no mask", parameter->text);
        return -1;
    }
    conversion->argument = parameter->text;
    parameter->default_words = PyMem_Calloc(type->words + 1U, sizeof(uint64_t));
    if (!parameter->default_words) {
        PyErr_NoMemory();
        return -1;
    }
    return value ? mc_convert_in(conversion, type, value, parameter->default_words) : 0;
}

static int read_parameter(struct mc_overload *overload,
                          size_t index,
                          PyObject *argument,
                          struct mc_conversion *conversion)
{
    struct mc_parameter *parameter = &overload->parameters[index];
    const char *name = text_of(argument, "name");
    const char *kind = name ? text_of(argument, "kind") : NULL;
    if (!kind || read_kind(kind, &parameter->kind) < 0) {
        return -1;
    }
    parameter->name = PyUnicode_InternFromString(name);
    parameter->text = parameter->name ? PyUnicode_AsUTF8(parameter->name) : NULL;
    if (!parameter->text) {
        return -1;
    }
    if (parameter->kind != MC_PARAMETER_KEYWORD) {
        if (overload->n_positional != index) {
            PyErr_Format(PyExc_ValueError, "argument '%s' behind one that needs its name", name);
            return -1;
        }
        overload->n_positional++;
    }
    return read_default(overload, parameter, &overload->abi.args[index], argument, conversion);
}

static int
read_parameters(struct mc_overload *overload, PyObject *entry, struct mc_conversion *conversion)
{
    PyObject *arguments = PyDict_GetItemString(entry, "arguments");
    if (!arguments || !PyList_Check(arguments) ||
        (size_t) PyList_GET_SIZE(arguments) != overload->abi.n_args) {
        PyErr_SetString(PyExc_ValueError, "an entry whose 'arguments' are not those of its 'abi'");
        return -1;
    }
    overload->parameters = PyMem_Calloc(overload->abi.n_args + 1, sizeof *overload->parameters);
    if (!overload->parameters) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < overload->abi.n_args; i++) {
        if (read_parameter(overload, i, PyList_GET_ITEM(arguments, (Py_ssize_t) i), conversion) <
            0) {
            return -1;
        }
    }
    return 0;
}

/* Of the structs that it takes and gives. */
static int attach_classes(struct mc_overload *overload, PyObject *entry)
{
    PyObject *classes = PyDict_GetItemString(entry, "classes");
    for (size_t i = 0; i < overload->abi.n_args; i++) {
        if (mc_record_attach(&overload->abi.args[i], classes, &overload->defaults) < 0) {
            return -1;
        }
    }
    return mc_record_attach(&overload->abi.result, classes, &overload->defaults);
}

static int
read_entry(struct mc_overload *overload, PyObject *entry, struct mc_conversion *conversion)
{
    mc_err err;
    const char *abi = text_of(entry, "abi");
    const char *symbol = abi ? text_of(entry, "symbol") : NULL;
    const char *text = symbol ? text_of(entry, "signature") : NULL;
    if (!text) {
        return -1;
    }
    if (mc_signature_parse(abi, &overload->abi, &err) < 0) {
        PyErr_SetString(PyExc_ValueError, err.message);
        return -1;
    }
    overload->text = PyUnicode_FromString(text);
    overload->symbol = strdup(symbol);
    if (!overload->text || !overload->symbol) {
        PyErr_NoMemory();
        return -1;
    }
    return attach_classes(overload, entry) < 0 ? -1 : read_parameters(overload, entry, conversion);
}

int mc_overload_init(struct mc_overload *ret,
                     PyObject *entry,
                     const char *function,
                     struct mc_numpy *numpy)
{
    struct mc_conversion conversion = {
        .numpy = numpy, .held = &ret->defaults, .function = function, .element = -1};
    memset(ret, 0, sizeof *ret);
    if (read_entry(ret, entry, &conversion) < 0) {
        mc_overload_fini(ret);
        return -1;
    }
    return 0;
}

void mc_overload_fini(struct mc_overload *overload)
{
    for (size_t i = 0; overload->parameters && i < overload->abi.n_args; i++) {
        Py_XDECREF(overload->parameters[i].name);
        PyMem_Free(overload->parameters[i].default_words);
    }
    PyMem_Free(overload->parameters);
    mc_held_fini(&overload->defaults);
    mc_signature_fini(&overload->abi);
    Py_XDECREF(overload->text);
    free(overload->symbol);
    memset(overload, 0, sizeof *overload);
}
