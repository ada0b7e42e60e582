#include "kernel_bridge/values/array_copy.h"

#include "kernel_bridge/values/copy_warning.h"

#include <string.h>

/* A copy of this many bytes takes some microseconds. */
#define WORTH_TELLING 65536

/* ---- why ---- */

const char *mc_array_obstacle(const struct mc_array *array)
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
    if (first->count > 1 && first->stride != array->size) {
        return "its elements are not contiguous";
    }
    if (first->count > 0 && (uintptr_t) first->data % (uintptr_t) array->size) {
        return "its elements are not aligned in memory";
    }
    return array->kind == 'b' && !mc_bools_are_plain(first->data, first->count)
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

int mc_array_copy(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  const struct mc_array *array,
                  uint64_t *ret_words)
{
    Py_ssize_t count = mc_array_count(array);
    size_t bytes = (size_t) (count * array->size);
    char *memory = PyMem_Malloc(bytes + 1);
    if (!memory) {
        PyErr_NoMemory();
        return -1;
    }
    char *to = memory;
    for (size_t i = 0; i <= array->n_more; i++) {
        const struct mc_chunk *chunk = mc_array_chunk(array, i);
        if (chunk->count > 0) {
            copy_chunk(array, chunk, to);
            to += chunk->count * array->size;
        }
    }
    ret_words[0] = (uint64_t) (uintptr_t) memory;
    ret_words[1] = (uint64_t) count;
    if (mc_hold(conversion->held, memory, PyMem_Free) < 0) {
        return -1;
    }
    return mc_array_tell(conversion, type, array, bytes, mc_array_obstacle(array));
}
