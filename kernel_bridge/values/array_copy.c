#include "kernel_bridge/values/array_copy.h"

#include "kernel_bridge/values/copy_warning.h"

#include <string.h>

/* A copy of this many bytes takes some microseconds. */
#define WORTH_TELLING 65536

/* ---- why ---- */

/* Of elements whose distances a view can have. */
static bool are_at_whole_steps(const struct mc_array *array)
{
    for (int i = 0; i < array->ndim; i++) {
        if (array->shape[i] > 1 && array->strides[i] % array->size != 0) {
            return false;
        }
    }
    return true;
}

static bool are_plain(const struct mc_array *array)
{
    struct mc_runs runs = {.array = array};
    struct mc_chunk run;
    bool plain = true;
    while (plain && mc_runs_next(&runs, &run)) {
        plain = mc_bools_are_plain(run.data, run.count, run.stride);
    }
    return plain;
}

const char *mc_array_obstacle(const struct mc_type *type, const struct mc_array *array)
{
    const struct mc_chunk *first = &array->first;
    if (array->n_more) {
        return "its elements are in several chunks";
    }
    if (array->bits) {
        return "its elements are booleans of one bit each";
    }
    if (array->swapped) {
        return "its elements are in foreign byte order";
    }
    if (!type->rank && first->count > 1 && first->stride != array->size) {
        return "its elements are not contiguous";
    }
    if (type->rank && !are_at_whole_steps(array)) {
        return "its elements are not at whole steps of their size";
    }
    if (first->count > 0 && (uintptr_t) first->data % (uintptr_t) array->size) {
        return "its elements are not aligned in memory";
    }
    return array->kind == 'b' && !are_plain(array)
               ? "its elements are booleans of other bytes than 0 and 1"
               : NULL;
}

/* ---- the copy ---- */

#define COPY(type, swap)                                             \
    for (Py_ssize_t i = 0; i < chunk->count; i++) {                  \
        type word;                                                   \
        memcpy(&word, chunk->data + i * chunk->stride, sizeof word); \
        word = swap;                                                 \
        memcpy(to + (size_t) i * sizeof word, &word, sizeof word);   \
    }

static void copy_swapped(Py_ssize_t size, const struct mc_chunk *chunk, char *to)
{
    switch (size) {
    case 2:
        COPY(uint16_t, __builtin_bswap16(word));
        break;
    case 4:
        COPY(uint32_t, __builtin_bswap32(word));
        break;
    default:
        COPY(uint64_t, __builtin_bswap64(word));
    }
}

static void copy_as_it_is(Py_ssize_t size, const struct mc_chunk *chunk, char *to)
{
    switch (size) {
    case 1:
        COPY(uint8_t, word);
        break;
    case 2:
        COPY(uint16_t, word);
        break;
    case 4:
        COPY(uint32_t, word);
        break;
    default:
        COPY(uint64_t, word);
    }
}

static void copy_bools(const struct mc_array *array, const struct mc_chunk *chunk, char *to)
{
    for (Py_ssize_t i = 0; i < chunk->count; i++) {
        Py_ssize_t bit = chunk->bit + i;
        to[i] = array->bits ? (char) ((unsigned char) chunk->data[bit / 8] >> (bit % 8) & 1)
                            : (char) (chunk->data[i * chunk->stride] != 0);
    }
}

static void copy_chunk(const struct mc_array *array, const struct mc_chunk *chunk, char *to)
{
    if (array->kind == 'b') {
        copy_bools(array, chunk, to);
    } else if (array->swapped) {
        copy_swapped(array->size, chunk, to);
    } else if (chunk->stride == array->size) {
        memcpy(to, chunk->data, (size_t) (chunk->count * array->size));
    } else {
        copy_as_it_is(array->size, chunk, to);
    }
}

int mc_array_tell(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  const struct mc_array *array,
                  size_t bytes,
                  const char *why)
{
    mc_autobuf line = MC_BUF_INIT;
    /* a List is a copy in any case */
    bool tells = type->kind != MC_TYPE_LIST && (array->n_more || bytes >= WORTH_TELLING);
    mc_library_write(conversion, array->library->tidy, MC_INT, &line);
    return mc_copies_note(conversion, bytes, tells ? why : NULL, line.data);
}

const char *mc_array_copy(struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array)
{
    struct mc_runs runs = {.array = array};
    struct mc_chunk run;
    size_t bytes = (size_t) (mc_array_count(array) * array->size);
    char *memory = PyMem_Malloc(bytes + 1);
    if (!memory) {
        PyErr_NoMemory();
        return NULL;
    }
    for (char *to = memory; mc_runs_next(&runs, &run); to += run.count * array->size) {
        copy_chunk(array, &run, to);
    }
    if (mc_hold(conversion->held, memory, PyMem_Free) < 0) {
        return NULL;
    }
    const char *why = mc_array_obstacle(type, array);
    return mc_array_tell(conversion, type, array, bytes, why) < 0 ? NULL : memory;
}
