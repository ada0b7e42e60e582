/* The types that cross the border between Mojo and its callers, and the signatures made of them,
 * in one text form:
 *
 *   signature = ["masked "] "(" [type {", " type}] ")" ["raises "] "-> " type
 *   type      = scalar | "String" | "None"
 *             | ("Span" | "MutSpan" | "List") "[" scalar "]"
 *             | "Optional" "[" type "]" | "Tuple" "[" type {", " type} "]" | "Any"
 *   scalar    = "Bool" | "Int" | "UInt" | "Int8" … "UInt64" | "Float32" | "Float64"
 *
 * as in `(Int, MutSpan[Float64]) raises -> Tuple[Int, String]`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(C name, Mojo name, bytes of an element, kind as NumPy has it: b i u f) */
#define MC_SCALARS(X)             \
    X(BOOL, "Bool", 1, 'b')       \
    X(INT, "Int", 8, 'i')         \
    X(INT8, "Int8", 1, 'i')       \
    X(INT16, "Int16", 2, 'i')     \
    X(INT32, "Int32", 4, 'i')     \
    X(INT64, "Int64", 8, 'i')     \
    X(UINT, "UInt", 8, 'u')       \
    X(UINT8, "UInt8", 1, 'u')     \
    X(UINT16, "UInt16", 2, 'u')   \
    X(UINT32, "UInt32", 4, 'u')   \
    X(UINT64, "UInt64", 8, 'u')   \
    X(FLOAT32, "Float32", 4, 'f') \
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
    char kind;        /* 'b', 'i', 'u', 'f' */
};
extern const struct mc_scalar_info mc_scalars[MC_SCALAR_COUNT];

enum mc_type_kind {
    MC_TYPE_NONE,
    MC_TYPE_SCALAR,
    MC_TYPE_STRING,
    MC_TYPE_SPAN, /* Span, MutSpan */
    MC_TYPE_LIST,
    MC_TYPE_OPTIONAL, /* items[0]; never of None, Optional or Tuple */
    MC_TYPE_TUPLE,    /* of a result alone; never of None or Tuple */
    MC_TYPE_ANY,      /* of a result alone: a word that tells the type, and its words */
};

struct mc_type {
    enum mc_type_kind kind;
    enum mc_scalar scalar; /* of SCALAR; the elements' of SPAN, LIST */
    bool writable;         /* of SPAN */
    uint16_t words;        /* it takes in `in` or `out` */
    uint8_t count;         /* of items */
    struct mc_type *items; /* of OPTIONAL, TUPLE */
};

struct mc_signature {
    struct mc_type *args;
    size_t n_args;
    struct mc_type result;
    bool masked;
    bool raises;
    size_t in_words; /* the mask included */
};

#define MC_SIGNATURE_INIT ((struct mc_signature) {0})
#define mc_autosignature  __attribute__((cleanup(mc_signature_fini))) struct mc_signature

/* INVALID_REQUEST where the text is no signature, or one with more arguments or words than thunk.h
 * allows; *ret is empty then. */
int mc_signature_parse(const char *text, struct mc_signature *ret, mc_err *err) MC_MUST_USE;
void mc_signature_fini(struct mc_signature *signature);

/* A type by itself, as above; mc_type_fini frees what it holds. */
int mc_type_parse(const char *text, struct mc_type *ret, mc_err *err) MC_MUST_USE;
void mc_type_fini(struct mc_type *type);

/* Adds the type's text. */
void mc_type_write(const struct mc_type *type, struct mc_buf *ret);

/* The first word of an Any: what it is. 0 is nothing (None). */
#define MC_ANY_TAG(kind, scalar) ((uint64_t) (kind) | (uint64_t) (scalar) << 8)
#define MC_ANY_UNKNOWN           UINT64_C(0xff) /* a type that cannot cross */

/* The type of an Any whose first word is `tag`, which needs no fini: None, a scalar, String or a
 * List. -1 where it is unknown. */
int mc_type_of_any(uint64_t tag, struct mc_type *ret);

/* Whether a result of this type comes with memory to be released; an Any may. */
bool mc_type_owns_memory(const struct mc_type *type);
