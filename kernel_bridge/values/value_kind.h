/* What is known of each kind of types on Python's side. A kind is an entry of the table in values.c
 * and a file in kinds/; its side in Mojo is in runtime/abi. */
#pragma once

#include "abi/thunk.h"
#include "abi/type.h"
#include "kernel_bridge/values/refuse.h"

#include <stdbool.h>
#include <stdint.h>

/* How close a value that can be converted is to the type: for the choice of an overload. */
enum mc_closeness {
    MC_CLOSE_NOT = 0,
    MC_CLOSE_CONVERTED = 1, /* an int for a Float64 */
    MC_CLOSE_KIND = 2,      /* an int for an Int8 */
    MC_CLOSE_EXACT = 3,
};

/* A result on its way to Python. */
struct mc_result {
    struct mc_numpy *numpy;
    mc_release_thunk *release; /* of its memory; NULL: the memory is somebody else's, and copied */
    bool unfit;                /* out: it is no value of Python; the exception says why */
};

static inline void mc_result_release(const struct mc_result *result, uint64_t address)
{
    if (address && result->release) {
        result->release((void *) (uintptr_t) address);
    }
}

/* Raises ValueError; returns NULL. */
PyObject *mc_result_unfit(struct mc_result *result, const char *why);

struct mc_value_kind {
    /* As mc_convert_in. NULL: no argument is of the kind. */
    int (*take)(struct mc_conversion *conversion,
                const struct mc_type *type,
                PyObject *value,
                uint64_t *ret_words);

    /* As mc_convert_out. */
    PyObject *(*give)(struct mc_result *result, const struct mc_type *type, const uint64_t *words);

    /* As mc_convert_closeness. NULL: what can be converted is exact. */
    enum mc_closeness (*closeness)(const struct mc_type *type, PyObject *value);

    /* As mc_annotation. */
    PyObject *(*annotate)(const struct mc_type *type, bool returned);
};

extern const struct mc_value_kind mc_value_none;
extern const struct mc_value_kind mc_value_bool;
extern const struct mc_value_kind mc_value_int;
extern const struct mc_value_kind mc_value_float;
extern const struct mc_value_kind mc_value_string;
extern const struct mc_value_kind mc_value_span;
extern const struct mc_value_kind mc_value_ndspan;
extern const struct mc_value_kind mc_value_ndarray;
extern const struct mc_value_kind mc_value_texts;
extern const struct mc_value_kind mc_value_list;
extern const struct mc_value_kind mc_value_optional;
extern const struct mc_value_kind mc_value_tuple;
extern const struct mc_value_kind mc_value_dict;
extern const struct mc_value_kind mc_value_record;
extern const struct mc_value_kind mc_value_records;
extern const struct mc_value_kind mc_value_any;
