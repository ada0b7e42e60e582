#include "kernel_bridge/values/library.h"

#include "base/mem.h"

#include <string.h>

#define ASTYPE  "{x}.astype({t})"
#define ARRAY   "numpy.array({x}, dtype={t})"
#define FLATTEN "{x}.reshape(-1)"
#define ONE     "{x}.reshape(1)"
#define ASARRAY "numpy.asarray({x})"

#define TIDY "numpy.array({x})"

static const struct mc_library libraries[] = {
    {.module = "numpy",
     .cast = ASTYPE,
     .drop = "{x}[~numpy.isnat({x})]",
     .tidy = TIDY,
     .flat = FLATTEN,
     .one = ONE},
    {.module = "pandas",
     .cast = ASTYPE,
     .drop = "{x}.dropna()",
     .fill = "{x}.fillna(value)",
     .tidy = TIDY,
     .flat = "{x}.to_numpy().reshape(-1)",
     .one = ONE,
     .own_arrow = true},
    {.module = "polars",
     .cast = ARRAY,
     .drop = "{x}.drop_nulls()",
     .fill = "{x}.fill_null(value)",
     .tidy = "{x}.rechunk()",
     .flat = ASARRAY ".reshape(-1)",
     .one = ASARRAY ".reshape(1)",
     .frozen = true},
    {.module = "pyarrow",
     .cast = ARRAY,
     .drop = "{x}.drop_null()",
     .fill = "{x}.fill_null(value)",
     .tidy = "{x}.combine_chunks()",
     .flat = ASARRAY ".reshape(-1)",
     .one = ASARRAY ".reshape(1)"},
    {.module = "torch", .cast = ARRAY, .tidy = "{x}.contiguous()", .flat = FLATTEN, .one = ONE},
    {.module = "jax", .cast = ASTYPE, .tidy = TIDY, .flat = FLATTEN, .one = ONE, .frozen = true},
    {.module = "jaxlib", .cast = ASTYPE, .tidy = TIDY, .flat = FLATTEN, .one = ONE, .frozen = true},
    {.module = "dask", .cast = ASTYPE, .tidy = TIDY, .flat = FLATTEN, .one = ONE, .frozen = true},
    {.module = "xarray",
     .cast = ASTYPE,
     .drop = "{x}.to_numpy()[~numpy.isnat({x}.to_numpy())]",
     .tidy = TIDY,
     .flat = "{x}.to_numpy().reshape(-1)",
     .one = "{x}.to_numpy().reshape(1)",
     .own_arrow = true},
};

static const struct mc_library other = {.module = "",
                                        .cast = ARRAY,
                                        .tidy = TIDY,
                                        .flat = ASARRAY ".reshape(-1)",
                                        .one = ASARRAY ".reshape(1)"};

/* ---- which ---- */

/* A new reference to the name of the type's module, or NULL without an exception. */
static PyObject *module_of(PyObject *type)
{
    PyObject *module = PyObject_GetAttrString(type, "__module__");
    if (module && !PyUnicode_Check(module)) {
        Py_CLEAR(module);
    }
    PyErr_Clear();
    return module;
}

static bool is_in(PyObject *module, const char *library)
{
    const char *name = module ? PyUnicode_AsUTF8(module) : NULL;
    size_t length = strlen(library);
    PyErr_Clear();
    return name && strncmp(name, library, length) == 0 && strchr(".", name[length]);
}

static bool is_of(PyObject *type, const char *library)
{
    PyObject *module = module_of(type);
    bool found = is_in(module, library);
    Py_XDECREF(module);
    return found;
}

static const struct mc_library *library_of(PyObject *type)
{
    const struct mc_library *found = NULL;
    PyObject *module = module_of(type);
    for (size_t i = 0; !found && i < MC_LENGTH(libraries); i++) {
        found = is_in(module, libraries[i].module) ? &libraries[i] : NULL;
    }
    Py_XDECREF(module);
    return found;
}

const struct mc_library *mc_library_of(PyObject *value)
{
    PyObject *bases = Py_TYPE(value)->tp_mro;
    const struct mc_library *found = NULL;
    for (Py_ssize_t i = 0; bases && !found && i < PyTuple_GET_SIZE(bases); i++) {
        found = library_of(PyTuple_GET_ITEM(bases, i));
    }
    return found ? found : &other;
}

bool mc_library_is(const struct mc_library *library, const char *module)
{
    return strcmp(library->module, module) == 0;
}

bool mc_library_has_class(PyObject *value, const char *module, const char *name)
{
    PyObject *bases = Py_TYPE(value)->tp_mro;
    for (Py_ssize_t i = 0; bases && i < PyTuple_GET_SIZE(bases); i++) {
        const char *full = ((PyTypeObject *) PyTuple_GET_ITEM(bases, i))->tp_name;
        const char *dot = strrchr(full, '.');
        if (strcmp(dot ? dot + 1 : full, name) == 0 && is_of(PyTuple_GET_ITEM(bases, i), module)) {
            return true;
        }
    }
    return false;
}

/* ---- what it says ---- */

/* The method of a tensor that makes this type of it; NULL: there is none. */
static const char *torch_method(enum mc_scalar scalar)
{
    static const char *const methods[MC_SCALAR_COUNT] = {
        [MC_BOOL] = "bool",
        [MC_INT] = "long",
        [MC_INT8] = "char",
        [MC_INT16] = "short",
        [MC_INT32] = "int",
        [MC_INT64] = "long",
        [MC_UINT8] = "byte",
        [MC_BFLOAT16] = "bfloat16",
        [MC_FLOAT16] = "half",
        [MC_FLOAT32] = "float",
        [MC_FLOAT64] = "double",
    };
    return methods[scalar];
}

void mc_library_write(const struct mc_conversion *conversion,
                      const char *line,
                      enum mc_scalar scalar,
                      struct mc_buf *ret)
{
    for (; *line; line++) {
        if (strncmp(line, "{x}", 3) == 0) {
            mc_buf_adds(ret, conversion->argument);
            line += 2;
        } else if (strncmp(line, "{t}", 3) == 0) {
            mc_buf_addf(ret,
                        "%s.%s",
                        scalar == MC_BFLOAT16 ? "ml_dtypes" : "numpy",
                        mc_numpy_name(scalar).text);
            line += 2;
        } else {
            mc_buf_addc(ret, *line);
        }
    }
}

void mc_library_write_cast(const struct mc_conversion *conversion,
                           const struct mc_library *library,
                           enum mc_scalar scalar,
                           struct mc_buf *ret)
{
    if (mc_library_is(library, "torch") && torch_method(scalar)) {
        mc_buf_addf(ret, "%s.%s()", conversion->argument, torch_method(scalar));
    } else {
        mc_library_write(conversion, library->cast, scalar, ret);
    }
}

/* ---- tensors ---- */

static bool is_true(PyObject *value, const char *name)
{
    PyObject *attribute = PyObject_GetAttrString(value, name);
    if (attribute && PyCallable_Check(attribute)) {
        Py_SETREF(attribute, PyObject_CallNoArgs(attribute));
    }
    int truth = attribute ? PyObject_IsTrue(attribute) : 0;
    Py_XDECREF(attribute);
    PyErr_Clear();
    return truth > 0;
}

/* Whether the text of an attribute is this; what cannot be asked is. */
static bool reads(PyObject *value, const char *name, const char *text)
{
    PyObject *attribute = PyObject_GetAttrString(value, name);
    PyObject *string = attribute ? PyObject_Str(attribute) : NULL;
    bool same = !string || PyUnicode_CompareWithASCIIString(string, text) == 0;
    Py_XDECREF(string);
    Py_XDECREF(attribute);
    PyErr_Clear();
    return same;
}

static int
check_tensor(const struct mc_conversion *conversion, PyObject *value, const char *copying)
{
    const struct {
        bool is;
        const char *why;
        const char *remedy;
        bool shares; /* memory with the tensor */
    } all[] = {
        {is_true(value, "requires_grad"),
         "it records gradients, which Mojo gives none",
         ".detach()",
         true},
        {!reads(value, "device", "cpu"),
         "its memory is on another device than the processor",
         ".cpu()",
         false},
        {is_true(value, "is_quantized"), "its elements are quantized", ".dequantize()", false},
        {!reads(value, "layout", "torch.strided"), "it is sparse", ".to_dense()", false},
        {is_true(value, "is_conj"),
         "its elements are still to be conjugated",
         ".resolve_conj()",
         false},
        {is_true(value, "is_neg"), "its elements are still to be negated", ".resolve_neg()", false},
    };
    mc_autobuf remedies = MC_BUF_INIT;
    const char *why = NULL;
    const char *advice = "write";
    if (is_true(value, "is_meta")) {
        return mc_refuse(
            conversion, PyExc_ValueError, "it has no values: its device is torch's 'meta'");
    }
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        if (all[i].is) {
            why = why ? why : all[i].why;
            advice = all[i].shares ? advice : copying;
            mc_buf_adds(&remedies, all[i].remedy);
        }
    }
    return why ? mc_refuse(conversion,
                           PyExc_ValueError,
                           "%s; %s %s%s",
                           why,
                           advice,
                           conversion->argument,
                           remedies.data)
               : 0;
}

int mc_library_check_tracer(const struct mc_conversion *conversion, PyObject *value)
{
    return mc_library_has_class(value, "jax", "Tracer")
               ? mc_refuse(conversion,
                           PyExc_TypeError,
                           "a tracer of JAX, which has no values yet; let jax.pure_callback call "
                           "the function")
               : 0;
}

static int check_jax(const struct mc_conversion *conversion, PyObject *value)
{
    if (mc_library_check_tracer(conversion, value) < 0) {
        return -1;
    }
    return is_true(value, "is_deleted")
               ? mc_refuse(conversion,
                           PyExc_ValueError,
                           "JAX has deleted it, or it was donated to a function of jax.jit "
                           "(donate_argnums); pass it before that, or donate jax.numpy.copy(%s)",
                           conversion->argument)
               : 0;
}

int mc_library_check(const struct mc_conversion *conversion,
                     const struct mc_library *library,
                     PyObject *value,
                     const char *copying)
{
    if (mc_library_is(library, "torch")) {
        return check_tensor(conversion, value, copying);
    }
    if (mc_library_is(library, "jax") || mc_library_is(library, "jaxlib")) {
        return check_jax(conversion, value);
    }
    return 0;
}
