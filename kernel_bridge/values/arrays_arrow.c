/* Arrays through the Arrow C data interface: https://arrow.apache.org/docs/format/CDataInterface */
#include "kernel_bridge/values/arrays.h"

#include <stdio.h>
#include <string.h>

struct arrow_schema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct arrow_schema **children;
    struct arrow_schema *dictionary;
    void (*release)(struct arrow_schema *);
    void *private_data;
};

struct arrow_array {
    int64_t length;
    int64_t null_count; /* -1: not counted */
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct arrow_array **children;
    struct arrow_array *dictionary;
    void (*release)(struct arrow_array *);
    void *private_data;
};

struct arrow_stream {
    int (*get_schema)(struct arrow_stream *, struct arrow_schema *);
    int (*get_next)(struct arrow_stream *, struct arrow_array *);
    const char *(*get_last_error)(struct arrow_stream *);
    void (*release)(struct arrow_stream *);
    void *private_data;
};

static bool read_format(struct mc_array *array, const struct arrow_schema *schema)
{
    static const char letters[] = "cCsSiIlLefg";
    static const char kinds[] = "iuiuiuiufff";
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
    const char *format = schema->format;
    const char *found = *format && !format[1] ? strchr(letters, *format) : NULL;
    if (!found || schema->dictionary) {
        return false;
    }
    mc_array_set_type(array, kinds[found - letters], sizes[found - letters]);
    return true;
}

static int64_t count_nulls(const struct arrow_array *arrow)
{
    const uint8_t *bits = arrow->n_buffers > 0 ? arrow->buffers[0] : NULL;
    int64_t nulls = 0;
    if (!bits || arrow->null_count == 0) {
        return 0;
    }
    if (arrow->null_count > 0) {
        return arrow->null_count;
    }
    for (int64_t i = arrow->offset; i < arrow->offset + arrow->length; i++) {
        nulls += !(bits[i / 8] >> (i % 8) & 1);
    }
    return nulls;
}

static int refuse_format(const struct mc_conversion *conversion, const struct arrow_schema *schema)
{
    const char *what = "of a type that Mojo has none for";
    if (strcmp(schema->format, "b") == 0) {
        what = "booleans of one bit each, which Mojo has as bytes";
    } else if (strncmp(schema->format, "+s", 2) == 0) {
        return mc_refuse(conversion, PyExc_TypeError, "a table; pass one of its columns");
    } else if (schema->dictionary) {
        what = "encoded by a dictionary";
    }
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "its elements are %s (Arrow's format '%.20s'); write numpy.array(%s)",
                     what,
                     schema->format,
                     conversion->argument);
}

/* The array is held already. */
static int read_array(const struct mc_conversion *conversion,
                      const struct arrow_schema *schema,
                      const struct arrow_array *arrow,
                      struct mc_array *ret)
{
    if (!read_format(ret, schema)) {
        return refuse_format(conversion, schema);
    }
    int64_t nulls = count_nulls(arrow);
    if (nulls) {
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "%lld of its elements are null, which Mojo's Span has no value "
                         "for; write %s.fill_null(0)",
                         (long long) nulls,
                         conversion->argument);
    }
    const char *data = arrow->n_buffers > 1 ? arrow->buffers[1] : NULL;
    ret->data = data ? data + arrow->offset * ret->size : NULL;
    ret->ndim = 1;
    ret->count = data ? (Py_ssize_t) arrow->length : 0;
    ret->stride = ret->size;
    ret->readonly = true;
    return 1;
}

/* ---- __arrow_c_array__ ---- */

static int of_array(struct mc_conversion *conversion, PyObject *method, struct mc_array *ret)
{
    PyObject *pair = PyObject_CallNoArgs(method);
    if (mc_hold_object(conversion->held, pair) < 0) {
        return -1;
    }
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        return 0;
    }
    struct arrow_schema *schema = PyCapsule_GetPointer(PyTuple_GET_ITEM(pair, 0), "arrow_schema");
    struct arrow_array *arrow =
        schema ? PyCapsule_GetPointer(PyTuple_GET_ITEM(pair, 1), "arrow_array") : NULL;
    return arrow ? read_array(conversion, schema, arrow, ret) : -1;
}

/* ---- __arrow_c_stream__ ---- */

/* What a stream gave us; ours to release. */
struct taken {
    struct arrow_schema schema;
    struct arrow_array array;
};

static void let_taken_go(void *what)
{
    struct taken *taken = what;
    if (taken->array.release) {
        taken->array.release(&taken->array);
    }
    if (taken->schema.release) {
        taken->schema.release(&taken->schema);
    }
    PyMem_Free(taken);
}

static int refuse_chunks(const struct mc_conversion *conversion)
{
    return mc_refuse(conversion,
                     PyExc_ValueError,
                     "its elements are in several chunks; write %s.rechunk() (polars) or "
                     "%s.combine_chunks() (pyarrow)",
                     conversion->argument,
                     conversion->argument);
}

/* The first chunk that has elements, where no other one has. An errno, or -1: more than one. */
static int take_only_chunk(struct arrow_stream *stream, struct taken *taken)
{
    int failed = stream->get_schema(stream, &taken->schema);
    while (!failed) {
        struct arrow_array next = {.release = NULL};
        failed = stream->get_next(stream, &next);
        if (failed || !next.release) {
            break;
        }
        if (taken->array.length > 0 && next.length > 0) {
            next.release(&next);
            return -1;
        }
        struct arrow_array *drop = taken->array.length > 0 ? &next : &taken->array;
        if (drop->release) {
            drop->release(drop);
        }
        if (drop != &next) {
            taken->array = next;
        }
    }
    return failed;
}

static int of_stream(struct mc_conversion *conversion, PyObject *method, struct mc_array *ret)
{
    PyObject *capsule = PyObject_CallNoArgs(method);
    if (mc_hold_object(conversion->held, capsule) < 0) {
        return -1;
    }
    struct arrow_stream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    struct taken *taken = stream ? PyMem_Calloc(1, sizeof *taken) : NULL;
    if (!taken) {
        return stream ? (PyErr_NoMemory(), -1) : -1;
    }
    if (mc_hold(conversion->held, taken, let_taken_go) < 0) {
        return -1;
    }
    int failed = take_only_chunk(stream, taken);
    if (failed > 0) {
        const char *why = stream->get_last_error(stream);
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "its Arrow stream failed: %.200s",
                         why ? why : "no reason");
    }
    return failed < 0 ? refuse_chunks(conversion)
                      : read_array(conversion, &taken->schema, &taken->array, ret);
}

int mc_array_of_arrow(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    static const struct {
        const char *name;
        int (*take)(struct mc_conversion *, PyObject *, struct mc_array *);
    } ways[] = {{"__arrow_c_array__", of_array}, {"__arrow_c_stream__", of_stream}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        bool failed;
        PyObject *method = mc_array_attribute(value, ways[i].name, &failed);
        if (method) {
            int found = ways[i].take(conversion, method, ret);
            Py_DECREF(method);
            return found;
        }
        if (failed) {
            return -1;
        }
    }
    return 0;
}
