/* Arguments to parameters, with CPython's words for what does not match. */
#include "base/buf.h"
#include "kernel_bridge/python/overload.h"

#include <string.h>

static int find_parameter(const struct mc_overload *overload, PyObject *name)
{
    for (size_t i = 0; i < overload->abi.n_args; i++) {
        if (overload->parameters[i].name == name) {
            return (int) i;
        }
    }
    for (size_t i = 0; i < overload->abi.n_args; i++) { /* a name that was made, not written */
        if (PyUnicode_Compare(overload->parameters[i].name, name) == 0) {
            return (int) i;
        }
    }
    return -1;
}

/* Names in quotes: "'a'", "'a' and 'b'", "'a', 'b', and 'c'". */
static void write_names(const struct mc_overload *overload,
                        const size_t *indices,
                        size_t count,
                        struct mc_buf *ret)
{
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : i < count - 1 ? ", " : count > 2 ? ", and " : " and ";
        mc_buf_addf(ret, "%s'%s'", between, overload->parameters[indices[i]].text);
    }
}

/* ---- positional ---- */

static size_t required_positional(const struct mc_overload *overload)
{
    size_t required = 0;
    while (required < overload->n_positional && !overload->parameters[required].optional) {
        required++;
    }
    return required;
}

static int refuse_too_many(const struct mc_overload *overload,
                           const char *function,
                           size_t given,
                           size_t given_by_name)
{
    size_t most = overload->n_positional;
    size_t least = required_positional(overload);
    char range[48] = "";
    char beside[80] = "";
    if (least < most) {
        snprintf(range, sizeof range, "from %zu to ", least);
    }
    if (given_by_name) {
        snprintf(beside,
                 sizeof beside,
                 " positional argument%s (and %zu keyword-only argument%s)",
                 given == 1 ? "" : "s",
                 given_by_name,
                 given_by_name == 1 ? "" : "s");
    }
    PyErr_Format(PyExc_TypeError,
                 "%s() takes %s%zu positional argument%s but %zu%s %s given",
                 function,
                 range,
                 most,
                 most == 1 && least == most ? "" : "s",
                 given,
                 beside,
                 given == 1 && !given_by_name ? "was" : "were");
    return -1;
}

static size_t count_keyword_only(const struct mc_overload *overload, PyObject *const *slots)
{
    size_t count = 0;
    for (size_t i = overload->n_positional; i < overload->abi.n_args; i++) {
        count += slots[i] != NULL;
    }
    return count;
}

/* ---- by name ---- */

/* Adds the names of positional-only parameters that were passed by name. */
static void
write_positional_only(const struct mc_overload *overload, PyObject *names, struct mc_buf *ret)
{
    for (size_t i = 0; i < overload->n_positional; i++) {
        const struct mc_parameter *parameter = &overload->parameters[i];
        if (parameter->kind == MC_PARAMETER_POSITIONAL &&
            PySequence_Contains(names, parameter->name) > 0) {
            mc_buf_addf(ret, "%s%s", ret->length ? ", " : "", parameter->text);
        }
    }
}

static int refuse_name(const struct mc_overload *overload,
                       const char *function,
                       PyObject *names,
                       PyObject *name)
{
    mc_autobuf text = MC_BUF_INIT;
    write_positional_only(overload, names, &text);
    if (text.length) {
        PyErr_Format(PyExc_TypeError,
                     "%s() got some positional-only arguments passed as keyword arguments: '%s'",
                     function,
                     text.data);
    } else {
        PyErr_Format(
            PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, name);
    }
    return -1;
}

static int bind_name(const struct mc_overload *overload,
                     const char *function,
                     PyObject *names,
                     PyObject *name,
                     PyObject *value,
                     PyObject **slots)
{
    int index = find_parameter(overload, name);
    if (index < 0 || overload->parameters[index].kind == MC_PARAMETER_POSITIONAL) {
        return refuse_name(overload, function, names, name);
    }
    if (slots[index]) {
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'", function, name);
        return -1;
    }
    slots[index] = value;
    return 0;
}

/* ---- what is missing ---- */

static int refuse_missing(const struct mc_overload *overload,
                          const char *function,
                          const size_t *missing,
                          size_t count,
                          const char *kind)
{
    mc_autobuf names = MC_BUF_INIT;
    write_names(overload, missing, count, &names);
    PyErr_Format(PyExc_TypeError,
                 "%s() missing %zu required %s argument%s: %s",
                 function,
                 count,
                 kind,
                 count == 1 ? "" : "s",
                 names.data ? names.data : "");
    return -1;
}

static int check_missing(const struct mc_overload *overload,
                         const char *function,
                         PyObject *const *slots,
                         bool keyword_only)
{
    size_t missing[MC_THUNK_MAX_ARGS];
    size_t count = 0;
    size_t first = keyword_only ? overload->n_positional : 0;
    size_t end = keyword_only ? overload->abi.n_args : overload->n_positional;
    for (size_t i = first; i < end; i++) {
        if (!slots[i] && !overload->parameters[i].optional) {
            missing[count++] = i;
        }
    }
    return count ? refuse_missing(overload,
                                  function,
                                  missing,
                                  count,
                                  keyword_only ? "keyword-only" : "positional")
                 : 0;
}

/* As CPython does, and in its words where it does not go. */
static int bind(const struct mc_overload *overload,
                const char *function,
                const struct mc_arguments *given,
                PyObject **ret_slots)
{
    size_t count = given->count;
    size_t positional = count < overload->n_positional ? count : overload->n_positional;
    memset(ret_slots, 0, overload->abi.n_args * sizeof *ret_slots);
    memcpy(ret_slots, given->args, positional * sizeof *ret_slots);
    Py_ssize_t named = given->names ? PyTuple_GET_SIZE(given->names) : 0;
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(given->names, i);
        PyObject *value = given->args[count + (size_t) i];
        if (bind_name(overload, function, given->names, name, value, ret_slots) < 0) {
            return -1;
        }
    }
    if (count > overload->n_positional) {
        return refuse_too_many(overload, function, count, count_keyword_only(overload, ret_slots));
    }
    if (check_missing(overload, function, ret_slots, false) < 0) {
        return -1;
    }
    return check_missing(overload, function, ret_slots, true);
}

/* ---- the words of a call ---- */

int mc_overload_convert(const struct mc_overload *overload,
                        struct mc_conversion *conversion,
                        PyObject *const *slots,
                        uint64_t *ret_in)
{
    const struct mc_signature *abi = &overload->abi;
    uint64_t *word = ret_in;
    uint64_t mask = 0;
    if (abi->masked) {
        word++;
    }
    for (size_t i = 0; i < abi->n_args; i++) {
        const struct mc_parameter *parameter = &overload->parameters[i];
        const struct mc_type *type = &abi->args[i];
        if (slots[i]) {
            conversion->argument = parameter->text;
            if (mc_convert_in_fast(conversion, type, slots[i], word) < 0) {
                return -1;
            }
        } else { /* zeros, where Mojo has the default */
            memcpy(word, parameter->default_words, type->words * sizeof *word);
        }
        mask |= (uint64_t) (slots[i] || parameter->has_default) << i;
        word += type->words;
    }
    if (abi->masked) {
        *ret_in = mask;
    }
    return 0;
}

int mc_overload_words(const struct mc_overload *overload,
                      struct mc_conversion *conversion,
                      const struct mc_arguments *given,
                      PyObject **ret_slots,
                      uint64_t *ret_in)
{
    if (bind(overload, conversion->function, given, ret_slots) < 0) {
        return -1;
    }
    return mc_overload_convert(overload, conversion, ret_slots, ret_in);
}
