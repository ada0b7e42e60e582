#include "kernel_bridge/values/array_fit.h"

#include "kernel_bridge/values/bfloat16.h"

#include <math.h>
#include <string.h>

/* Holds every number of 64 bits, and every float that NumPy has here. */
typedef long double number;

enum verdict { EXACT, ROUNDED, UNFIT };

/* ---- an element ---- */

static uint64_t word_of(const unsigned char *bytes, Py_ssize_t size)
{
    uint64_t word = 0;
    memcpy(&word, bytes, (size_t) size);
    return word;
}

static number signed_of(const unsigned char *bytes, Py_ssize_t size)
{
    unsigned unused = 64 - 8 * (unsigned) size;
    return (number) ((int64_t) (word_of(bytes, size) << unused) >> unused);
}

static number float_of(const unsigned char *bytes, Py_ssize_t size)
{
    float narrow;
    double wide;
    number widest;
    switch (size) {
    case 2:
        return PyFloat_Unpack2((const char *) bytes, PY_LITTLE_ENDIAN);
    case 4:
        memcpy(&narrow, bytes, sizeof narrow);
        return narrow;
    case 8:
        memcpy(&wide, bytes, sizeof wide);
        return wide;
    default:
        memcpy(&widest, bytes, sizeof widest);
        return widest;
    }
}

static bool is_readable(const struct mc_array *array)
{
    bool size = array->size == 1 || array->size == 2 || array->size == 4 || array->size == 8;
    return strchr("biuMm", array->kind) ? size
           : array->kind == 'B'
               ? array->size == 2
               : array->kind == 'f' &&
                     ((size && array->size > 1) || array->size == (Py_ssize_t) sizeof(number));
}

static number read_bit(const struct mc_chunk *chunk, Py_ssize_t index)
{
    Py_ssize_t bit = chunk->bit + index;
    return (unsigned char) chunk->data[bit / 8] >> (bit % 8) & 1;
}

static number
read_element(const struct mc_array *array, const struct mc_chunk *chunk, Py_ssize_t index)
{
    unsigned char bytes[sizeof(number)] = {0};
    const char *at = chunk->data + index * chunk->stride;
    if (array->bits) {
        return read_bit(chunk, index);
    }
    for (Py_ssize_t i = 0; i < array->size; i++) {
        bytes[i] = (unsigned char) at[array->swapped ? array->size - 1 - i : i];
    }
    switch (array->kind) {
    case 'f':
        return float_of(bytes, array->size);
    case 'B':
        return mc_bfloat16_unpack(word_of(bytes, array->size));
    case 'u':
        return (number) word_of(bytes, array->size);
    case 'b':
        return *bytes != 0;
    default:
        return signed_of(bytes, array->size);
    }
}

/* ---- as another type ---- */

static bool is_whole_in_range(number value, bool is_signed, unsigned bits)
{
    number end = ldexpl(1, (int) (is_signed ? bits - 1 : bits));
    return value == truncl(value) && value < end && value >= (is_signed ? -end : 0);
}

static number nearest(const struct mc_scalar_info *to, number value)
{
    char half[2];
    uint64_t bits;
    if (to->size == 8) {
        return (double) value;
    }
    if (to->size == 4) {
        return (float) value;
    }
    if (to->kind == 'B') {
        mc_bfloat16_pack((double) value, &bits);
        return mc_bfloat16_unpack(bits);
    }
    if (PyFloat_Pack2((double) value, half, PY_LITTLE_ENDIAN) < 0) {
        PyErr_Clear();
        return INFINITY;
    }
    return PyFloat_Unpack2(half, PY_LITTLE_ENDIAN);
}

static enum verdict judge_float(char from, const struct mc_scalar_info *to, number value)
{
    number found = nearest(to, value);
    if (found == value || isnan(value)) {
        return EXACT;
    }
    return !strchr("fB", from) || isinf(found) ? UNFIT : ROUNDED;
}

static enum verdict judge(char from, enum mc_scalar scalar, number value)
{
    const struct mc_scalar_info *to = &mc_scalars[scalar];
    switch (to->kind) {
    case 'b':
        return value == 0 || value == 1 ? EXACT : UNFIT;
    case 'i':
    case 'u':
        return is_whole_in_range(value, to->kind == 'i', 8U * to->size) ? EXACT : UNFIT;
    default:
        return judge_float(from, to, value);
    }
}

static void count(struct mc_array_fit *fit, enum verdict verdict, Py_ssize_t index)
{
    if (verdict == ROUNDED) {
        fit->rounded++;
    } else if (verdict == UNFIT && fit->unfit++ == 0) {
        fit->first = index;
    }
}

void mc_array_fit(const struct mc_array *array, enum mc_scalar scalar, struct mc_array_fit *ret)
{
    bool time = array->kind == 'M' || array->kind == 'm';
    struct mc_runs runs = {.array = array};
    struct mc_chunk run;
    Py_ssize_t index = 0;
    *ret = (struct mc_array_fit) {.known = is_readable(array)};
    while (ret->known && mc_runs_next(&runs, &run)) {
        for (Py_ssize_t j = 0; j < run.count; j++, index++) {
            number value = read_element(array, &run, j);
            if (time && value == ldexpl(-1, 63)) {
                ret->missing++;
            } else {
                count(ret, judge(array->kind, scalar, value), index);
            }
        }
    }
}
