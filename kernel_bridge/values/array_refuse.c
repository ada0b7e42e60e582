#include "kernel_bridge/values/array_refuse.h"

#include "kernel_bridge/values/array_fit.h"

#include <string.h>

const char *mc_array_advice(const struct mc_type *type)
{
    return type->writable ? "pass a copy and go on with that: y =" : "write";
}

/* ---- missing values ---- */

int mc_array_refuse_missing(const struct mc_conversion *conversion,
                            const struct mc_type *type,
                            const struct mc_array *array,
                            Py_ssize_t missing)
{
    const struct mc_library *library = array->library;
    bool objects = array->kind == 'O' && !library->fill;
    const char *drop = objects ? "{x}[{x} != None]" : library->drop;
    mc_autobuf lines = MC_BUF_INIT;
    if (drop) {
        mc_buf_adds(&lines, "; write ");
        mc_library_write(conversion, drop, type->scalar, &lines);
        mc_buf_adds(&lines, " to leave them out");
    }
    if (library->fill) {
        mc_buf_adds(&lines, ", or ");
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

int mc_array_refuse_shape(const struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array)
{
    struct mc_type_text text;
    mc_autobuf line = MC_BUF_INIT;
    const char *wanted = mc_type_text(type, &text);
    mc_library_write(
        conversion, array->ndim ? array->library->flat : array->library->one, type->scalar, &line);
    if (array->ndim == 0) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "an array without a dimension, Mojo wants %s; write %s",
                         wanted,
                         line.data);
    }
    if (type->writable && !(array->flat && !array->readonly)) {
        return mc_refuse(
            conversion,
            PyExc_TypeError,
            "%d dimensions that do not lie in one run, and Mojo writes to a "
            "Span[mut=True]; write y = numpy.array(%s).reshape(-1), pass y, then write "
            "%s[:] = y.reshape(%s.shape)",
            array->ndim,
            conversion->argument,
            conversion->argument,
            conversion->argument);
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%d dimensions, Mojo wants %s; write %s",
                     array->ndim,
                     wanted,
                     line.data);
}

/* ---- the elements ---- */

/* Mojo's type of the array's elements, or NULL. */
static const char *own_type(const struct mc_array *array)
{
    char kind = array->kind == 'M' || array->kind == 'm' ? 'i' : array->kind;
    for (int i = MC_SCALAR_COUNT - 1; i >= 0; i--) {
        if (mc_scalars[i].kind == kind && mc_scalars[i].size == array->size) {
            return mc_scalars[i].name;
        }
    }
    return NULL;
}

static int refuse_unfit(const struct mc_conversion *conversion,
                        const char *wanted,
                        const struct mc_array *array,
                        const struct mc_array_fit *fit)
{
    const char *own = own_type(array);
    mc_autobuf remedy = MC_BUF_INIT;
    if (own) {
        mc_buf_addf(&remedy, "; take a Span[%s] in Mojo", own);
    }
    return mc_refuse(
        conversion,
        PyExc_TypeError,
        "%s elements, Mojo wants %s, and %zd of them would be cut off (the first at index "
        "%zd)%s",
        array->dtype,
        wanted,
        fit->unfit,
        fit->first,
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
        return refuse_unfit(conversion, wanted, array, &fit);
    }
    mc_library_write_cast(conversion, array->library, type->scalar, &cast);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "%s elements%s, Mojo wants %s; %s %s%s",
                     array->dtype,
                     array->swapped ? " in foreign byte order" : "",
                     wanted,
                     mc_array_advice(type),
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
                     "%s, and Mojo writes to a Span[mut=True]; %s numpy.array(%s)",
                     why,
                     mc_array_advice(type),
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
    return mc_refuse(
        conversion,
        PyExc_ValueError,
        "%s, and Mojo writes to a Span[mut=True]; write y = %s, pass y, then write %s[:] = y",
        why,
        copy.data,
        conversion->argument);
}
