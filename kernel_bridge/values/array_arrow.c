/* Arrays through the Arrow C data interface: https://arrow.apache.org/docs/format/CDataInterface */
#include "kernel_bridge/values/array.h"

#include <errno.h>
#include <stdlib.h>
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

static const char list_of[] = "+w:"; /* and their length */

/* Lists of one length each are a dimension more. */
static const struct arrow_schema *read_lists(struct mc_array *array,
                                             const struct arrow_schema *schema)
{
    array->ndim = 1;
    while (strncmp(schema->format, list_of, strlen(list_of)) == 0 && schema->n_children == 1 &&
           array->ndim < MC_RANK_MAX) {
        array->shape[array->ndim++] =
            (Py_ssize_t) strtoll(schema->format + strlen(list_of), NULL, 10);
        schema = schema->children[0];
    }
    array->lists = array->ndim > 1;
    return schema;
}

static bool read_format(struct mc_array *array, const struct arrow_schema *schema)
{
    static const char letters[] = "cCsSiIlLefgb";
    static const char kinds[] = "iuiuiuiufffb";
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 1};
    schema = read_lists(array, schema);
    const char *format = schema->format;
    const char *found = *format && !format[1] ? strchr(letters, *format) : NULL;
    if (!found || schema->dictionary) {
        return false;
    }
    mc_array_set_type(array, kinds[found - letters], sizes[found - letters]);
    array->bits = *found == 'b';
    return true;
}

/* ---- what is no number ---- */

/* Arrow's formats by how they begin, and what pyarrow and polars do with them. */
static const struct {
    const char *format;
    const char *what;
    const char *pyarrow;
    const char *polars;
} others[] = {
    {"d:",
     "decimals",
     "; write {x}.cast('float64') to round them",
     "; write {x}.cast(float) to round them"},
    {"tdD", "dates", "; write {x}.cast('int32')", "; write {x}.to_physical()"},
    {"td", "dates", "; write {x}.cast('int64')", "; write {x}.to_physical()"},
    {"tts", "times", "; write {x}.cast('int32')", "; write {x}.to_physical()"},
    {"ttm", "times", "; write {x}.cast('int32')", "; write {x}.to_physical()"},
    {"tt", "times", "; write {x}.cast('int64')", "; write {x}.to_physical()"},
    {"ts", "times", "; write {x}.cast('int64')", "; write {x}.to_physical()"},
    {"tD", "durations", "; write {x}.cast('int64')", "; write {x}.to_physical()"},
    {"n", "nothing but missing values", "", ""},
    {"+s", "records of several fields", "; pass one of the fields", "; pass one of the fields"},
    {"+", "lists or other elements of several parts", "", ""},
    {"", "texts or bytes", "", ""},
};

static bool is_table(PyObject *value)
{
    return PyObject_HasAttrString(value, "columns") ||
           PyObject_HasAttrString(value, "column_names");
}

static int refuse_format(const struct mc_conversion *conversion,
                         const struct arrow_schema *schema,
                         PyObject *value,
                         const struct mc_library *library)
{
    size_t i = 0;
    mc_autobuf remedy = MC_BUF_INIT;
    if (is_table(value)) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         PyObject_HasAttrString(value, "to_numpy")
                             ? "a table; pass one of its columns, or %s.to_numpy() for an NDSpan"
                             : "a table; pass one of its columns",
                         conversion->argument);
    }
    if (schema->dictionary) {
        return mc_refuse(conversion,
                         PyExc_TypeError,
                         "its elements are categories, numbered in a dictionary, which Mojo has no "
                         "type for");
    }
    while (strncmp(schema->format, others[i].format, strlen(others[i].format)) != 0) {
        i++;
    }
    mc_library_write(conversion,
                     mc_library_is(library, "polars") ? others[i].polars : others[i].pyarrow,
                     MC_INT,
                     &remedy);
    return mc_refuse(conversion,
                     PyExc_TypeError,
                     "its elements are %s, which Mojo has no type for%s",
                     others[i].what,
                     remedy.data ? remedy.data : "");
}

/* ---- chunks ---- */

/* Of `length` elements from `first` on. */
static int64_t count_nulls(const struct arrow_array *arrow, int64_t first, int64_t length)
{
    const uint8_t *bits = arrow->n_buffers > 0 ? arrow->buffers[0] : NULL;
    int64_t nulls = 0;
    if (!bits || arrow->null_count == 0) {
        return 0;
    }
    for (int64_t i = first; i < first + length; i++) {
        nulls += !(bits[i / 8] >> (i % 8) & 1);
    }
    return nulls;
}

/* Also counts what is missing. */
static void
read_chunk(struct mc_array *array, const struct arrow_array *arrow, struct mc_chunk *ret)
{
    int64_t count = arrow->length;
    int64_t first = arrow->offset;
    int64_t length = count;
    int64_t nulls = count_nulls(arrow, first, length);
    for (int i = 1; i < array->ndim && arrow->n_children == 1; i++) {
        arrow = arrow->children[0];
        first = first * array->shape[i] + arrow->offset;
        length *= array->shape[i];
        nulls = nulls ? nulls : count_nulls(arrow, first, length);
    }
    array->missing += (Py_ssize_t) nulls;
    const char *data = arrow->n_buffers > 1 ? arrow->buffers[1] : NULL;
    *ret = (struct mc_chunk) {.data = data, .stride = array->strides[0]};
    ret->count = data ? (Py_ssize_t) count : 0;
    if (array->bits) {
        ret->bit = (Py_ssize_t) first;
    } else if (data) {
        ret->data += first * array->size;
    }
}

static void read_type(struct mc_array *ret)
{
    Py_ssize_t shape[MC_RANK_MAX];
    memcpy(shape, ret->shape, sizeof shape);
    shape[0] = 0;
    mc_array_set_shape(ret, ret->ndim, shape, NULL); /* of bits: each is one */
    ret->flat = true;
    ret->readonly = true;
}

/* ---- __arrow_c_array__ ---- */

/* What Arrow's interface gave, and whose it is. */
struct source {
    PyObject *value;
    PyObject *method;
};

static int
of_array(struct mc_conversion *conversion, const struct source *source, struct mc_array *ret)
{
    PyObject *pair = PyObject_CallNoArgs(source->method);
    if (mc_hold_object(conversion->held, pair) < 0) {
        return -1;
    }
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        return 0;
    }
    struct arrow_schema *schema = PyCapsule_GetPointer(PyTuple_GET_ITEM(pair, 0), "arrow_schema");
    struct arrow_array *arrow =
        schema ? PyCapsule_GetPointer(PyTuple_GET_ITEM(pair, 1), "arrow_array") : NULL;
    if (!arrow) {
        return -1;
    }
    if (!read_format(ret, schema)) {
        return refuse_format(conversion, schema, source->value, ret->library);
    }
    read_type(ret);
    read_chunk(ret, arrow, &ret->first);
    return 1;
}

/* ---- __arrow_c_stream__ ---- */

/* What a stream gave us; ours to release. */
struct taken {
    struct arrow_schema schema;
    struct arrow_array *arrays; /* none of them empty */
    struct mc_chunk *chunks;
    size_t count;
};

static void let_taken_go(void *what)
{
    struct taken *taken = what;
    for (size_t i = 0; i < taken->count; i++) {
        taken->arrays[i].release(&taken->arrays[i]);
    }
    if (taken->schema.release) {
        taken->schema.release(&taken->schema);
    }
    PyMem_Free(taken->arrays);
    PyMem_Free(taken->chunks);
    PyMem_Free(taken);
}

/* Takes the array; an errno. */
static int keep(struct taken *taken, struct arrow_array *next)
{
    size_t count = taken->count + 1;
    bool grows = (count & (count - 1)) == 0; /* to the next power of two */
    struct arrow_array *arrays =
        grows ? PyMem_Realloc(taken->arrays, 2 * count * sizeof *arrays) : taken->arrays;
    if (next->length == 0 || !arrays) {
        taken->arrays = arrays ? arrays : taken->arrays;
        int failed = arrays ? 0 : ENOMEM;
        next->release(next);
        return failed;
    }
    taken->arrays = arrays;
    taken->arrays[taken->count++] = *next;
    return 0;
}

static int take_all(struct arrow_stream *stream, struct taken *taken)
{
    int failed = stream->get_schema(stream, &taken->schema);
    while (!failed) {
        struct arrow_array next = {.release = NULL};
        failed = stream->get_next(stream, &next);
        if (failed || !next.release) {
            break;
        }
        failed = keep(taken, &next);
    }
    return failed;
}

static int read_taken(struct mc_conversion *conversion,
                      struct taken *taken,
                      PyObject *value,
                      struct mc_array *ret)
{
    if (!read_format(ret, &taken->schema)) {
        return refuse_format(conversion, &taken->schema, value, ret->library);
    }
    read_type(ret);
    taken->chunks = PyMem_Calloc(taken->count + 1, sizeof *taken->chunks);
    if (!taken->chunks) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < taken->count; i++) {
        read_chunk(ret, &taken->arrays[i], &taken->chunks[i]);
    }
    ret->first = taken->chunks[0];
    ret->first.stride = ret->strides[0];
    ret->more = taken->chunks + 1;
    ret->n_more = taken->count ? taken->count - 1 : 0;
    return 1;
}

static int
of_stream(struct mc_conversion *conversion, const struct source *source, struct mc_array *ret)
{
    PyObject *capsule = PyObject_CallNoArgs(source->method);
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
    int failed = take_all(stream, taken);
    if (failed) {
        const char *why = stream->get_last_error(stream);
        return mc_refuse(conversion,
                         PyExc_ValueError,
                         "its Arrow stream failed: %.200s",
                         why ? why : "no reason");
    }
    return read_taken(conversion, taken, source->value, ret);
}

int mc_array_of_arrow(struct mc_conversion *conversion, PyObject *value, struct mc_array *ret)
{
    static const struct {
        const char *name;
        int (*take)(struct mc_conversion *, const struct source *, struct mc_array *);
    } ways[] = {{"__arrow_c_array__", of_array}, {"__arrow_c_stream__", of_stream}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        bool failed;
        PyObject *method = mc_array_attribute(value, ways[i].name, &failed);
        if (method) {
            int found = ways[i].take(conversion, &(struct source) {value, method}, ret);
            Py_DECREF(method);
            return found;
        }
        if (failed) {
            return -1;
        }
    }
    return 0;
}
