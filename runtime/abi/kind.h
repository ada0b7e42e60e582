/* What is known of each kind of types on Mojo's side. A kind is an entry of the table in kind.c and
 * a file in kinds/; its side in Python is in kernel_bridge/values. */
#pragma once

#include "abi/type.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements behind words: an address and how many there are. `size` is of an element. They are one
 * run of memory, but for those of an NDSpan, which has a word of length and one of distance a
 * dimension. */
struct mc_memory {
    uint64_t *address;
    uint64_t count;
    size_t size;
    bool writable;   /* of a MutSpan, a MutNDSpan */
    unsigned rank;   /* of an NDSpan; 0: one run */
    uint64_t *shape; /* these two: of each dimension, the latter in elements */
    uint64_t *strides;
};

/* Anything but 0 ends the walk. */
typedef int mc_memory_each(const struct mc_memory *memory, void *data);

/* A word of arguments or of a result in the text of a thunk: "3", or "i + 1". */
struct mc_word_place {
    const char *base; /* NULL: none */
    size_t at;
};

/* What stands in brackets behind the kind's name. */
enum mc_inside {
    MC_INSIDE_NOTHING,
    MC_INSIDE_SCALAR,
    MC_INSIDE_DTYPE_AND_RANK,
    MC_INSIDE_TYPE,  /* one */
    MC_INSIDE_TYPES, /* any number of them */
    MC_INSIDE_KEY_AND_VALUE,
    MC_INSIDE_ELEMENT, /* one, which is in a block as well */
    MC_INSIDE_FIELDS,  /* what the struct is called, then its fields */
};

/* What a type of the kind may be, beside a result. */
enum mc_may_be {
    MC_AS_ARGUMENT = 1,
    MC_AS_ONE_ITEM = 2,    /* of an Optional */
    MC_AS_ONE_OF_MANY = 4, /* of a Tuple */
    MC_AS_ANYTHING = 7,
    MC_AS_VALUE = 8, /* of a Dict */
    MC_AS_KEY = 16,
    MC_AS_ELEMENT = 32, /* of a List that is a block */
    MC_AS_FIELD = 64,   /* of a struct */
};

struct mc_kind {
    const char *name;          /* in signatures; NULL: of a scalar, each of which has its own */
    const char *writable_name; /* the same, of what Mojo may write to; NULL: it does not */
    enum mc_inside inside;
    uint16_t words;     /* beside those of types in brackets; of a block all */
    uint8_t rank_words; /* more of them a dimension */
    uint8_t may_be;     /* enum mc_may_be */
    bool owns_memory;   /* a result comes with memory to be released; an Any may */

    /* What Python can tell apart: types of two overloads with the same number look alike. */
    int (*look)(const struct mc_type *type);

    /* Walks what the words of a value point to: not what is empty, and not what an Optional or an
     * Any does not have. Returns 0, or what the callback returned. */
    int (*walk)(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data);

    /* A line of imports that the type's text in Mojo goes by. NULL: it needs none. */
    const char *import;

    /* Adds the type as Mojo has it. NULL: as the signature has it. */
    void (*write_type)(const struct mc_type *type, struct mc_buf *ret);

    /* Adds the expression of an argument whose words begin at `at` of `a`. NULL: it is none. */
    void (*write_argument)(const struct mc_type *type, size_t at, struct mc_buf *ret);

    /* Adds lines that put `value` into `r`. NULL: there is nothing to put. */
    void (*write_result)(const struct mc_type *type,
                         const char *value,
                         struct mc_word_place at,
                         const char *indent,
                         struct mc_buf *ret);

    /* Adds a definition that write_result uses, and one that write_argument uses. NULL: they use
     * none. */
    void (*write_helper)(const struct mc_type *type, struct mc_buf *ret);
    void (*write_argument_helper)(const struct mc_type *type, struct mc_buf *ret);

    /* Adds lines that put `x`, an argument that stays, into `r` from `i + 1` on. NULL: no Any is of
     * the kind. */
    void (*write_any)(const struct mc_type *type, struct mc_buf *ret);
};

/* By enum mc_type_kind. That of scalars is none of any value: mc_kind_of has the scalar's. */
extern const struct mc_kind *const mc_kinds[MC_TYPE_COUNT];

const struct mc_kind *mc_kind_of(const struct mc_type *type);

/* Whether the one may be the next in the brackets of the other, and whether those are full enough.
 */
bool mc_kind_allows(const struct mc_type *outer, const struct mc_type *item);
bool mc_kind_is_whole(const struct mc_type *type);

/* Adds what mc_kind_allows; -1 where there is no memory. */
int mc_type_add_item(struct mc_type *type, const struct mc_type *item) MC_MUST_USE;

/* Sets the rank, and with it the words; false where there is no such one. */
bool mc_type_set_rank(struct mc_type *type, unsigned long rank);

/* Adds a field to a RECORD; its type goes over into the record's where that may be. -1: it may not,
 * or there are too many, or there is no memory; *field is the caller's then. */
int mc_type_add_field(struct mc_type *type,
                      const char *name,
                      size_t length,
                      const struct mc_type *field) MC_MUST_USE;

/* Adds the type's text, as signatures have it (signature.h), and as it is said to people. */
void mc_type_write(const struct mc_type *type, struct mc_buf *ret);
void mc_type_write_said(const struct mc_type *type, struct mc_buf *ret);

/* Whether a result of this type comes with memory to be released; an Any may. */
bool mc_type_owns_memory(const struct mc_type *type);

/* Whether Mojo may write to memory of an argument of this type. */
bool mc_type_is_writable(const struct mc_type *type);

/* The type of an Any: None, a scalar, String, a List or a Dict. It stays where it is, and needs no
 * fini. */
struct mc_any {
    struct mc_type type;
    struct mc_type items[2];
};

/* By its first word. -1 where that is unknown. */
int mc_type_of_any(uint64_t tag, struct mc_any *ret);

/* What the entries' functions are called by: does nothing where there is none. */
int mc_type_look(const struct mc_type *type); /* 0: like any other of the kind */
int mc_memory_walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data);
void mc_type_write_mojo(const struct mc_type *type, struct mc_buf *ret);
void mc_type_write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret);
void mc_type_write_result(const struct mc_type *type,
                          const char *value,
                          struct mc_word_place at,
                          const char *indent,
                          struct mc_buf *ret);

/* ---- for the entries' functions ---- */

/* The name that thunks have for a struct: it is a name in every module. */
void mc_record_write_alias(const struct mc_record *record, struct mc_buf *ret);

/* The memory that two words tell. */
int mc_kind_visit(uint64_t *words, size_t size, bool writable, mc_memory_each *each, void *data);

/* The product of so many lengths; UINT64_MAX where that is no number of elements. */
uint64_t mc_kind_elements(const uint64_t *shape, unsigned rank);

/* "DType.float64", "DType.float64, 2" */
void mc_kind_write_dtype(const struct mc_type *type, struct mc_buf *ret);
void mc_kind_write_dtype_and_rank(const struct mc_type *type, struct mc_buf *ret);

/* For kinds whose words are those of each of their items. */
int mc_kind_walk_items(const struct mc_type *type,
                       uint64_t *words,
                       mc_memory_each *each,
                       void *data);

/* For kinds that are a block. */
int mc_kind_walk_block(const struct mc_type *type,
                       uint64_t *words,
                       mc_memory_each *each,
                       void *data);

/* "3", or "i + 4" */
void mc_kind_write_place(struct mc_word_place place, struct mc_buf *ret);

/* "r[unsafe_offset=3] = ", behind the indent */
void mc_kind_write_target(struct mc_word_place place, const char *indent, struct mc_buf *ret);

extern const struct mc_kind mc_kind_none;
extern const struct mc_kind mc_kind_bool;
extern const struct mc_kind mc_kind_int;
extern const struct mc_kind mc_kind_float;
extern const struct mc_kind mc_kind_string;
extern const struct mc_kind mc_kind_span;
extern const struct mc_kind mc_kind_ndspan;
extern const struct mc_kind mc_kind_ndarray;
extern const struct mc_kind mc_kind_texts;
extern const struct mc_kind mc_kind_list;
extern const struct mc_kind mc_kind_optional;
extern const struct mc_kind mc_kind_tuple;
extern const struct mc_kind mc_kind_dict;
extern const struct mc_kind mc_kind_record;
extern const struct mc_kind mc_kind_records;
extern const struct mc_kind mc_kind_any;
