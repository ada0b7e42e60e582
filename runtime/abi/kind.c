#include "abi/kind.h"

#include <ctype.h>
#include <stdlib.h>

const struct mc_kind *const mc_kinds[MC_TYPE_COUNT] = {
    [MC_TYPE_NONE] = &mc_kind_none,
    [MC_TYPE_SCALAR] = &mc_kind_int,
    [MC_TYPE_STRING] = &mc_kind_string,
    [MC_TYPE_SPAN] = &mc_kind_span,
    [MC_TYPE_NDSPAN] = &mc_kind_ndspan,
    [MC_TYPE_NDARRAY] = &mc_kind_ndarray,
    [MC_TYPE_TEXTS] = &mc_kind_texts,
    [MC_TYPE_LIST] = &mc_kind_list,
    [MC_TYPE_OPTIONAL] = &mc_kind_optional,
    [MC_TYPE_TUPLE] = &mc_kind_tuple,
    [MC_TYPE_DICT] = &mc_kind_dict,
    [MC_TYPE_ANY] = &mc_kind_any,
};

const struct mc_kind *mc_kind_of(const struct mc_type *type)
{
    if (type->kind != MC_TYPE_SCALAR) {
        return mc_kinds[type->kind];
    }
    switch (mc_scalars[type->scalar].kind) {
    case 'b':
        return &mc_kind_bool;
    case 'f':
    case 'B':
        return &mc_kind_float;
    default:
        return &mc_kind_int;
    }
}

bool mc_kind_allows(const struct mc_type *outer, const struct mc_type *item)
{
    static const unsigned of_dict[] = {MC_AS_KEY, MC_AS_VALUE, 0};
    enum mc_inside inside = mc_kind_of(outer)->inside;
    unsigned wanted = inside == MC_INSIDE_KEY_AND_VALUE ? of_dict[outer->count]
                      : inside == MC_INSIDE_TYPES       ? MC_AS_ONE_OF_MANY
                                                        : MC_AS_ONE_ITEM;
    return mc_kind_of(item)->may_be & wanted;
}

bool mc_kind_is_whole(const struct mc_type *type)
{
    return mc_kind_of(type)->inside != MC_INSIDE_KEY_AND_VALUE || type->count == 2;
}

int mc_type_add_item(struct mc_type *type, const struct mc_type *item)
{
    bool apart = mc_kind_of(type)->inside == MC_INSIDE_KEY_AND_VALUE; /* in the block */
    struct mc_type *items = realloc(type->items, (type->count + 1U) * sizeof *items);
    if (!items) {
        return -1;
    }
    type->items = items;
    type->items[type->count++] = *item;
    type->words = (uint16_t) (type->words + (apart ? 0 : item->words));
    return 0;
}

bool mc_type_set_rank(struct mc_type *type, unsigned long rank)
{
    const struct mc_kind *kind = mc_kind_of(type);
    if (rank < 1 || rank > MC_RANK_MAX) {
        return false;
    }
    type->rank = (uint8_t) rank;
    type->words = (uint16_t) (kind->words + rank * kind->rank_words);
    return true;
}

void mc_type_write(const struct mc_type *type, struct mc_buf *ret)
{
    const struct mc_kind *kind = mc_kind_of(type);
    if (type->kind == MC_TYPE_SCALAR) {
        mc_buf_adds(ret, mc_scalars[type->scalar].name);
        return;
    }
    mc_buf_adds(ret, type->writable ? kind->writable_name : kind->name);
    if (kind->inside == MC_INSIDE_SCALAR) {
        mc_buf_addf(ret, "[%s]", mc_scalars[type->scalar].name);
    } else if (kind->inside == MC_INSIDE_DTYPE_AND_RANK) {
        mc_buf_adds(ret, "[");
        mc_kind_write_dtype_and_rank(type, ret);
        mc_buf_adds(ret, "]");
    }
    for (size_t i = 0; i < type->count; i++) {
        mc_buf_adds(ret, i ? ", " : "[");
        mc_type_write(&type->items[i], ret);
    }
    mc_buf_adds(ret, type->count ? "]" : "");
}

bool mc_type_owns_memory(const struct mc_type *type)
{
    bool owns = mc_kind_of(type)->owns_memory;
    for (size_t i = 0; i < type->count; i++) {
        owns = owns || mc_type_owns_memory(&type->items[i]);
    }
    return owns;
}

bool mc_type_is_writable(const struct mc_type *type)
{
    bool writable = type->writable;
    for (size_t i = 0; i < type->count; i++) {
        writable = writable || mc_type_is_writable(&type->items[i]);
    }
    return writable;
}

/* Of a Dict's key or value. */
static struct mc_type item_of_any(unsigned code)
{
    return code == MC_SCALAR_COUNT
               ? (struct mc_type) {.kind = MC_TYPE_STRING, .words = mc_kind_string.words}
               : (struct mc_type) {
                     .kind = MC_TYPE_SCALAR, .scalar = (enum mc_scalar) code, .words = 1};
}

int mc_type_of_any(uint64_t tag, struct mc_any *ret)
{
    unsigned number = tag & 0xff;
    unsigned scalar = tag >> 8 & 0xff;
    unsigned key = tag >> 16 & 0xff;
    unsigned rank = tag >> 24 & 0xff;
    *ret = (struct mc_any) {
        .type = {.kind = (enum mc_type_kind) number, .scalar = (enum mc_scalar) scalar}};
    bool known = number == MC_TYPE_NONE || number == MC_TYPE_NDARRAY ||
                 (number < MC_TYPE_COUNT && mc_kinds[number]->write_any);
    if (!known) {
        return -1;
    }
    ret->type.words = mc_kinds[number]->words;
    if (number == MC_TYPE_DICT) {
        ret->items[0] = item_of_any(key);
        ret->items[1] = item_of_any(scalar);
        ret->type.scalar = (enum mc_scalar) 0;
        ret->type.items = ret->items;
        ret->type.count = 2;
        return key > MC_SCALAR_COUNT || scalar > MC_SCALAR_COUNT ? -1 : 0;
    }
    if (number == MC_TYPE_NDARRAY && !mc_type_set_rank(&ret->type, rank)) {
        return -1;
    }
    bool has_scalar = number == MC_TYPE_SCALAR || number == MC_TYPE_NDARRAY ||
                      mc_kinds[number]->inside == MC_INSIDE_SCALAR;
    return has_scalar && scalar >= MC_SCALAR_COUNT ? -1 : 0;
}

/* ---- by the entries ---- */

int mc_type_look(const struct mc_type *type)
{
    const struct mc_kind *kind = mc_kind_of(type);
    return kind->look ? kind->look(type) : 0;
}

int mc_memory_walk(const struct mc_type *type, uint64_t *words, mc_memory_each *each, void *data)
{
    const struct mc_kind *kind = mc_kind_of(type);
    return kind->walk ? kind->walk(type, words, each, data) : 0;
}

void mc_type_write_mojo(const struct mc_type *type, struct mc_buf *ret)
{
    const struct mc_kind *kind = mc_kind_of(type);
    (kind->write_type ? kind->write_type : mc_type_write)(type, ret);
}

void mc_type_write_argument(const struct mc_type *type, size_t at, struct mc_buf *ret)
{
    const struct mc_kind *kind = mc_kind_of(type);
    if (kind->write_argument) {
        kind->write_argument(type, at, ret);
    }
}

void mc_type_write_result(const struct mc_type *type,
                          const char *value,
                          struct mc_word_place at,
                          const char *indent,
                          struct mc_buf *ret)
{
    const struct mc_kind *kind = mc_kind_of(type);
    if (kind->write_result) {
        kind->write_result(type, value, at, indent, ret);
    }
}

/* ---- for the entries ---- */

void mc_kind_write_place(struct mc_word_place place, struct mc_buf *ret)
{
    if (place.base) {
        mc_buf_addf(ret, "%s + ", place.base);
    }
    mc_buf_addf(ret, "%zu", place.at);
}

void mc_kind_write_target(struct mc_word_place place, const char *indent, struct mc_buf *ret)
{
    mc_buf_addf(ret, "%sr[unsafe_offset=", indent);
    mc_kind_write_place(place, ret);
    mc_buf_adds(ret, "] = ");
}

int mc_kind_visit(uint64_t *words, size_t size, bool writable, mc_memory_each *each, void *data)
{
    struct mc_memory memory = {
        .address = words, .count = words[1], .size = size, .writable = writable};
    return memory.count > 0 ? each(&memory, data) : 0;
}

uint64_t mc_kind_elements(const uint64_t *shape, unsigned rank)
{
    uint64_t count = 1;
    bool none = false;
    bool failed = false;
    for (unsigned i = 0; i < rank; i++) {
        none = none || shape[i] == 0;
        failed = failed || shape[i] > INT64_MAX || __builtin_mul_overflow(count, shape[i], &count);
    }
    return none ? 0 : failed ? UINT64_MAX : count;
}

void mc_kind_write_dtype(const struct mc_type *type, struct mc_buf *ret)
{
    mc_buf_adds(ret, "DType.");
    for (const char *at = mc_scalars[type->scalar].name; *at; at++) {
        mc_buf_addc(ret, (char) tolower((unsigned char) *at));
    }
}

void mc_kind_write_dtype_and_rank(const struct mc_type *type, struct mc_buf *ret)
{
    mc_kind_write_dtype(type, ret);
    mc_buf_addf(ret, ", %u", type->rank);
}

int mc_kind_walk_block(const struct mc_type *type,
                       uint64_t *words,
                       mc_memory_each *each,
                       void *data)
{
    (void) type;
    return mc_kind_visit(words, 1, false, each, data);
}
