/* The types that cross the border between Mojo and its callers. What is known of each kind of them
 * is in kind.h, their text in signature.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(C name, Mojo name, bytes of an element, kind as NumPy has it, b i u f, and B) */
#define MC_SCALARS(X)               \
    X(BOOL, "Bool", 1, 'b')         \
    X(INT, "Int", 8, 'i')           \
    X(INT8, "Int8", 1, 'i')         \
    X(INT16, "Int16", 2, 'i')       \
    X(INT32, "Int32", 4, 'i')       \
    X(INT64, "Int64", 8, 'i')       \
    X(UINT, "UInt", 8, 'u')         \
    X(UINT8, "UInt8", 1, 'u')       \
    X(UINT16, "UInt16", 2, 'u')     \
    X(UINT32, "UInt32", 4, 'u')     \
    X(UINT64, "UInt64", 8, 'u')     \
    X(BFLOAT16, "BFloat16", 2, 'B') \
    X(FLOAT16, "Float16", 2, 'f')   \
    X(FLOAT32, "Float32", 4, 'f')   \
    X(FLOAT64, "Float64", 8, 'f')

enum mc_scalar {
#define MC_SCALAR_ENUM(name, text, size, kind) MC_##name,
    MC_SCALARS(MC_SCALAR_ENUM)
#undef MC_SCALAR_ENUM
        MC_SCALAR_COUNT
};

struct mc_scalar_info {
    const char *name; /* Mojo's */
    uint8_t size;     /* of an array's element, in bytes */
    char kind;        /* 'b', 'i', 'u', 'f'; 'B': of bfloat16 */
};
extern const struct mc_scalar_info mc_scalars[MC_SCALAR_COUNT];

/* Dimensions that a view can have. */
#define MC_RANK_MAX 4

enum mc_type_kind {
    MC_TYPE_NONE,
    MC_TYPE_SCALAR,
    MC_TYPE_STRING,
    MC_TYPE_SPAN,    /* Span, MutSpan */
    MC_TYPE_NDSPAN,  /* NDSpan, MutNDSpan */
    MC_TYPE_NDARRAY, /* of a result alone */
    MC_TYPE_TEXTS,   /* List[String] */
    MC_TYPE_LIST,
    MC_TYPE_OPTIONAL, /* items[0]; never of None, Optional or Tuple */
    MC_TYPE_TUPLE,    /* of a result alone; never of None or Tuple */
    MC_TYPE_DICT,     /* items: of a key, of a value */
    MC_TYPE_RECORD,   /* a struct; items: its fields */
    MC_TYPE_RECORDS,  /* List of a struct; items[0] */
    MC_TYPE_ANY,      /* of a result alone: a word that tells the type, and its words */
    MC_TYPE_COUNT
};

/* What a struct of Mojo's is called where it crosses the border; its fields' types are the items of
 * the type that owns it. */
struct mc_record {
    char *origin; /* the module that defines it, named by its content: tells equal names apart */
    char *name;
    char **fields;     /* names, as many as the type has items */
    void *counterpart; /* what it is to the caller; borrowed, or NULL */
};

#define MC_RECORD_FIELDS 64 /* at most */

struct mc_type {
    enum mc_type_kind kind;
    enum mc_scalar scalar;    /* of SCALAR; the elements' of SPAN, LIST, NDSPAN, NDARRAY */
    bool writable;            /* of SPAN, NDSPAN */
    uint8_t rank;             /* dimensions of NDSPAN, NDARRAY, 1 to MC_RANK_MAX; else 0 */
    uint16_t words;           /* it takes in `in` or `out` */
    uint8_t count;            /* of items */
    struct mc_type *items;    /* of OPTIONAL, TUPLE, DICT, RECORD, RECORDS */
    struct mc_record *record; /* of RECORD: what it is called */
};

/* Frees what it holds. */
void mc_type_fini(struct mc_type *type);

/* A record without fields, for a type; NULL when out of memory. */
struct mc_record *
mc_record_new(const char *origin, size_t origin_length, const char *name, size_t name_length);

/* Whether a RECORD has nothing but numbers, text and such records: then it can be in a block. */
bool mc_record_is_flat(const struct mc_type *type);

/* The first word of an Any: what it is. 0 is nothing (None). In a DICT a String is MC_SCALAR_COUNT.
 */
#define MC_ANY_TAG(kind, scalar)     ((uint64_t) (kind) | (uint64_t) (scalar) << 8)
#define MC_ANY_DICT(key, value)      (MC_ANY_TAG(MC_TYPE_DICT, value) | (uint64_t) (key) << 16)
#define MC_ANY_NDARRAY(rank, scalar) (MC_ANY_TAG(MC_TYPE_NDARRAY, scalar) | (uint64_t) (rank) << 24)
#define MC_ANY_WORDS                 6              /* the tag, and those of the largest */
#define MC_ANY_UNKNOWN               UINT64_C(0xff) /* a type that cannot cross */
