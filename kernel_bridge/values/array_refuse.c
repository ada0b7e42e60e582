#include "kernel_bridge/values/array_refuse.h"

#include "abi/kind.h"
#include "kernel_bridge/values/array_fit.h"

#include <string.h>

/* What Mojo writes to. */
static const char *written(const struct mc_type *type)
{
    return type->rank ? "an NDSpan[mut=True]" : "a Span[mut=True]";
}

/* "an NDSpan[DType.float64, 2, _]", or with mut=True. */
static void write_view(const struct mc_type *type, int rank, struct mc_buf *ret)
{
    struct mc_type view = {.kind = MC_TYPE_NDSPAN, .scalar = type->scalar, .rank = (uint8_t) rank};
    mc_buf_adds(ret, type->writable ? "an NDSpan[mut=True, " : "an NDSpan[");
    mc_kind_write_dtype_and_rank(&view, ret);
    mc_buf_adds(ret, ", _]");
}

const char *mc_array_advice(bool writes)
{
    return writes ? "pass a copy and go on with that: y =" : "write";
}

/* ---- missing values ---- */

int mc_array_refuse_missing(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            const struct mc_array *array,
                            Py_ssize_t missing)
{
    const struct mc_library *library = array->library;
    bool objects = array->kind == 'O' && !library->fill;
    const char *drop = array->ndim > 1 ? NULL : objects ? "{x}[{x} != None]" : library->drop;
    mc_autobuf lines = MC_BUF_INIT;
    if (drop) {
        mc_buf_addf(&lines, "; %s ", mc_array_advice(type->writable));
        mc_library_write(conversion, drop, type->scalar, &lines);
        mc_buf_adds(&lines, " to leave them out");
    }
    if (library->fill && !array->lists) {
        mc_buf_adds(&lines, drop ? ", or " : "; write ");
        mc_library_write(conversion, library->fill, type->scalar, &lines);
        mc_buf_adds(&lines, " to give them a value");
    }
    return mc_refuse(conversion,
                     PyExc_ValueError,
                     "%zd of its elements %s missing, which Mojo has no value for%s",
                     missing,
                     missing == 1 ? "is" : "are",
                     lines.data ? lines.data : "");
}

/* ---- the shape ---- */

/* A copy that lies in one run, and can be written back: a tensor takes none of NumPy's. */
static const char *copy_of(const struct mc_array *array)
{
    return mc_library_is(array->library, "torch") ? array->library->tidy : "numpy.array({x})";
}

/* More dimensions than a Span has: an NDSpan has them. */
static int refuse_dimensions(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             const struct mc_array *array,
                             const char *flat)
{
    struct mc_type_text text;
    const char *x = conversion->argument;
    mc_autobuf lines = MC_BUF_INIT;
    bool gaps = type->writable && !(array->flat && !array->readonly);
    if (array->ndim <= MC_RANK_MAX) {
        mc_buf_adds(&lines, "take ");
        write_view(type, array->ndim, &lines);
        mc_buf_adds(&lines, array->lists ? " in Mojo" : " in Mojo, or ");
    }
    if (gaps && !array->lists) {
        mc_buf_adds(&lines, "write y = ");
        mc_library_write(conversion, copy_of(array), type->scalar, &lines);
        mc_buf_addf(&lines, ".reshape(-1), pass y, then write %s[:] = y.reshape(%s.shape)", x, x);
    } else if (!array->lists) {
        mc_buf_addf(&lines, "write %s", flat);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%d dimensions%s, Mojo wants %s; %s",
                     array->ndim,
                     gaps ? " that do not lie in one run" : "",
                     mc_type_text(type, &text),
                     lines.data);
}

/* The argument as an array that has reshape, in front of it. */
static void write_array(const struct mc_conversion *conversion,
                        const struct mc_array *array,
                        struct mc_buf *ret)
{
    mc_autobuf flat = MC_BUF_INIT;
    mc_library_write(conversion, array->library->flat, MC_INT, &flat);
    const char *end = flat.data ? strstr(flat.data, ".reshape(") : NULL;
    mc_buf_add(ret, flat.data ? flat.data : "", end ? (size_t) (end - flat.data) : 0);
}

/* Another number of them than the view has. */
static int refuse_rank(const struct mc_conversion *conversion,
                       const struct mc_type *type,
                       const struct mc_array *array)
{
    struct mc_type_text text;
    mc_autobuf lines = MC_BUF_INIT;
    mc_autobuf x = MC_BUF_INIT;
    write_array(conversion, array, &x);
    if (array->ndim > MC_RANK_MAX) {
        mc_buf_addf(
            &lines, "a view has at most %d: pass one of its parts, as %s[0]", MC_RANK_MAX, x.data);
    } else if (array->ndim > type->rank) {
        mc_buf_adds(&lines, "take ");
        write_view(type, array->ndim, &lines);
        mc_buf_addf(&lines, " in Mojo, or pass one of its parts, as %s[0]", x.data);
    } else if (array->ndim == 1 && type->rank == 2) {
        mc_buf_addf(&lines,
                    "for a matrix of one column write %s.reshape(-1, 1), for one row write "
                    "%s.reshape(1, -1)",
                    x.data,
                    x.data);
    } else {
        mc_buf_addf(&lines, "write %s.reshape(", x.data);
        for (int i = array->ndim; i < type->rank; i++) {
            mc_buf_adds(&lines, i > array->ndim ? ", 1" : "1");
        }
        mc_buf_addf(&lines, array->ndim ? ", *%s.shape)" : ")", x.data);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%d dimension%s, Mojo wants %s; %s",
                     array->ndim,
                     array->ndim == 1 ? "" : "s",
                     mc_type_text(type, &text),
                     lines.data);
}

int mc_array_refuse_sequence(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             PyObject *value)
{
    struct mc_type_text text;
    mc_autobuf line = MC_BUF_INIT;
    mc_library_write_cast(conversion, mc_library_of(value), type->scalar, &line);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "Mojo wants %s, got %s; %s %s",
                     mc_type_text(type, &text),
                     Py_TYPE(value)->tp_name,
                     mc_array_advice(type->writable),
                     line.data);
}

int mc_array_refuse_shape(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array)
{
    struct mc_type_text text;
    mc_autobuf line = MC_BUF_INIT;
    const char *wanted = mc_type_text(type, &text);
    if (type->rank) {
        return refuse_rank(conversion, type, array);
    }
    mc_library_write(
        conversion, array->ndim ? array->library->flat : array->library->one, type->scalar, &line);
    if (array->ndim == 0) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "an array without a dimension, Mojo wants %s; write %s",
                         wanted,
                         line.data);
    }
    return refuse_dimensions(conversion, type, array, line.data);
}

/* ---- the elements ---- */

/* Mojo's type of the array's elements, where it has one. */
static bool own_type(const struct mc_array *array, enum mc_scalar *ret)
{
    char kind = array->kind == 'M' || array->kind == 'm' ? 'i' : array->kind;
    for (int i = MC_SCALAR_COUNT - 1; i >= 0; i--) {
        if (mc_scalars[i].kind == kind && mc_scalars[i].size == array->size) {
            *ret = (enum mc_scalar) i;
            return true;
        }
    }
    return false;
}

/* "7", or "(2, 1)" of several dimensions. */
static void write_index(const struct mc_array *array, Py_ssize_t index, struct mc_buf *ret)
{
    Py_ssize_t places[MC_RANK_MAX] = {0};
    for (int i = array->ndim - 1; i > 0; i--) {
        places[i] = index % array->shape[i];
        index /= array->shape[i];
    }
    mc_buf_addf(ret, array->ndim > 1 ? "(%zd" : "%zd", index);
    for (int i = 1; i < array->ndim; i++) {
        mc_buf_addf(ret, ", %zd", places[i]);
    }
    mc_buf_adds(ret, array->ndim > 1 ? ")" : "");
}

static int refuse_unfit(const struct mc_conversion *conversion,
                        const struct mc_type *type,
                        const struct mc_array *array,
                        const struct mc_array_fit *fit)
{
    enum mc_scalar own;
    mc_autobuf remedy = MC_BUF_INIT;
    mc_autobuf index = MC_BUF_INIT;
    bool known = own_type(array, &own);
    write_index(array, fit->first, &index);
    if (known && type->rank) {
        mc_buf_adds(&remedy, "; take ");
        write_view(&(struct mc_type) {.scalar = own}, type->rank, &remedy);
        mc_buf_adds(&remedy, " in Mojo");
    } else if (known) {
        mc_buf_addf(&remedy, "; take a Span[%s] in Mojo", mc_scalars[own].name);
    }
    return mc_refuse(
        conversion,
        PyExc_TypeError,
        "%s elements, Mojo wants %s, and %zd of them would be cut off (the first at index "
        "%s)%s",
        array->dtype,
        mc_scalars[type->scalar].name,
        fit->unfit,
        index.data,
        remedy.data ? remedy.data : "");
}

static int refuse_others(const struct mc_conversion *conversion,
                         const char *wanted,
                         const struct mc_array *array)
{
    if (array->kind == 'c') {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "%s elements, Mojo wants %s; pass %s.real and %s.imag, each as a span",
                         array->dtype,
                         wanted,
                         conversion->argument,
                         conversion->argument);
    }
    if (array->fields) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "records of several fields, Mojo wants %s; pass one of the fields",
                         wanted);
    }
    return mc_refuse(
        conversion, PyExc_TypeError, "%s elements, Mojo wants %s", array->dtype, wanted);
}

/* A number of a kind that NumPy has no letter for, as those of ml_dtypes, and a type that has each
 * of them. */
static bool is_small(const struct mc_array *array, const struct mc_scalar_info *wanted)
{
    bool number = array->kind == 'V' && array->size <= 2;
    return number &&
           ((wanted->kind == 'f' && wanted->size >= 4 && strstr(array->dtype, "float")) ||
            (wanted->kind == 'i' && wanted->size > array->size &&
             (strncmp(array->dtype, "int", 3) == 0 || strncmp(array->dtype, "uint", 4) == 0)));
}

int mc_array_refuse_elements(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             const struct mc_array *array)
{
    const char *wanted = mc_scalars[type->scalar].name;
    struct mc_array_fit fit;
    mc_autobuf cast = MC_BUF_INIT;
    mc_array_fit(array, type->scalar, &fit);
    if (!fit.known && !is_small(array, &mc_scalars[type->scalar])) {
        return refuse_others(conversion, wanted, array);
    }
    if (fit.missing) {
        return mc_array_refuse_missing(conversion, type, array, fit.missing);
    }
    if (fit.unfit) {
        return refuse_unfit(conversion, type, array, &fit);
    }
    mc_library_write_cast(conversion, array->library, type->scalar, &cast);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%s elements%s, Mojo wants %s; %s %s%s",
                     array->dtype,
                     array->swapped ? " in foreign byte order" : "",
                     wanted,
                     mc_array_advice(type->writable),
                     cast.data,
                     fit.rounded ? " to round them" : "");
}

/* ---- what Mojo writes to ---- */

int mc_array_refuse_readonly(const struct mc_conversion *conversion,
                             const struct mc_type *type,
                             const char *why)
{
    return mc_refuse(conversion,
                     PyExc_ValueError,
                     "%s, and Mojo writes to %s; %s numpy.array(%s)",
                     why,
                     written(type),
                     mc_array_advice(type->writable),
                     conversion->argument);
}

int mc_array_refuse_layout(const struct mc_conversion *conversion,
                           const struct mc_type *type,
                           const struct mc_array *array,
                           const char *why)
{
    mc_autobuf copy = MC_BUF_INIT;
    bool torch = mc_library_is(array->library, "torch");
    mc_library_write(conversion,
                     torch                ? array->library->tidy
                     : array->kind == 'b' ? "numpy.array({x}) != 0"
                                          : "numpy.array({x}, dtype={t})",
                     type->scalar,
                     &copy);
    return mc_refuse(conversion,
                     PyExc_ValueError,
                     "%s, and Mojo writes to %s; write y = %s, pass y, then write %s[:] = y",
                     why,
                     written(type),
                     copy.data,
                     conversion->argument);
}
