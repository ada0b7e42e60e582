#include "abi/kind.h"

#include "abi/thunk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
    [MC_TYPE_RECORD] = &mc_kind_record,
    [MC_TYPE_RECORDS] = &mc_kind_records,
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

/* What the next one in the brackets has to be able to be; 0: there is no next one. */
static unsigned wanted_inside(const struct mc_type *outer)
{
    static const unsigned of_dict[] = {MC_AS_KEY, MC_AS_VALUE, 0};
    switch (mc_kind_of(outer)->inside) {
    case MC_INSIDE_KEY_AND_VALUE:
        return of_dict[outer->count];
    case MC_INSIDE_TYPES:
        return MC_AS_ONE_OF_MANY;
    case MC_INSIDE_ELEMENT:
        return MC_AS_ELEMENT;
    case MC_INSIDE_FIELDS:
        return MC_AS_FIELD;
    default:
        return MC_AS_ONE_ITEM;
    }
}

bool mc_kind_allows(const struct mc_type *outer, const struct mc_type *item)
{
    unsigned wanted = wanted_inside(outer);
    bool in_block = wanted & (MC_AS_VALUE | MC_AS_ELEMENT);
    return (mc_kind_of(item)->may_be & wanted) &&
           !(in_block && item->kind == MC_TYPE_RECORD && !mc_record_is_flat(item));
}

bool mc_kind_is_whole(const struct mc_type *type)
{
    return type->kind == MC_TYPE_RECORD
               ? type->count > 0
               : mc_kind_of(type)->inside != MC_INSIDE_KEY_AND_VALUE || type->count == 2;
}

/* Whether the words of what is in its brackets stand in a block. */
static bool is_block(const struct mc_type *type)
{
    enum mc_inside inside = mc_kind_of(type)->inside;
    return inside == MC_INSIDE_KEY_AND_VALUE || inside == MC_INSIDE_ELEMENT;
}

int mc_type_add_item(struct mc_type *type, const struct mc_type *item)
{
    unsigned words = type->words + (is_block(type) ? 0U : item->words);
    struct mc_type *items = words > MC_THUNK_OUT_WORDS
                                ? NULL
                                : realloc(type->items, (type->count + 1U) * sizeof *items);
    if (!items) {
        return -1;
    }
    type->items = items;
    type->items[type->count++] = *item;
    type->words = (uint16_t) words;
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

int mc_type_add_field(struct mc_type *type,
                      const char *name,
                      size_t length,
                      const struct mc_type *field)
{
    size_t number = type->count;
    if (number == MC_RECORD_FIELDS || !mc_kind_allows(type, field)) {
        return -1;
    }
    char *text = strndup(name, length);
    if (!text || mc_type_add_item(type, field) < 0) {
        free(text);
        return -1;
    }
    type->record->fields[number] = text;
    return 0;
}

static void write_record(const struct mc_type *type, struct mc_buf *ret)
{
    const struct mc_record *record = type->record;
    mc_buf_addf(ret, "%s[%s.%s", mc_kind_record.name, record->origin, record->name);
    for (size_t i = 0; i < type->count; i++) {
        mc_buf_addf(ret, ", %s: ", record->fields[i]);
        mc_type_write(&type->items[i], ret);
    }
    mc_buf_adds(ret, "]");
}

static void write_name(const struct mc_type *type, struct mc_buf *ret)
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
}

static void write_items(const struct mc_type *type,
                        void (*write)(const struct mc_type *type, struct mc_buf *ret),
                        struct mc_buf *ret)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_buf_adds(ret, i ? ", " : "[");
        write(&type->items[i], ret);
    }
    mc_buf_adds(ret, type->count ? "]" : "");
}

void mc_type_write(const struct mc_type *type, struct mc_buf *ret)
{
    if (type->kind == MC_TYPE_RECORD) {
        write_record(type, ret);
        return;
    }
    write_name(type, ret);
    write_items(type, mc_type_write, ret);
}

void mc_type_write_said(const struct mc_type *type, struct mc_buf *ret)
{
    if (type->kind == MC_TYPE_RECORD) {
        mc_buf_adds(ret, type->record->name);
        return;
    }
    if (type->kind == MC_TYPE_RECORDS) {
        mc_buf_adds(ret, mc_kind_list.name);
    } else {
        write_name(type, ret);
    }
    write_items(type, mc_type_write_said, ret);
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

void mc_record_write_alias(const struct mc_record *record, struct mc_buf *ret)
{
    mc_buf_addf(ret, "%s_%s", record->origin, record->name);
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

int mc_kind_walk_items(const struct mc_type *type,
                       uint64_t *words,
                       mc_memory_each *each,
                       void *data)
{
    int outcome = 0;
    for (size_t i = 0; i < type->count && outcome == 0; i++) {
        outcome = mc_memory_walk(&type->items[i], words, each, data);
        words += type->items[i].words;
    }
    return outcome;
}

int mc_kind_walk_block(const struct mc_type *type,
                       uint64_t *words,
                       mc_memory_each *each,
                       void *data)
{
    (void) type;
    return mc_kind_visit(words, 1, false, each, data);
}
