#include "abi/kind.h"
#include "base/mem.h"
#include "mojo/bind_reader.h"
#include "mojo/lex.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 8 /* of comptime names that stand for others, and of brackets */

/* ---- names ---- */

struct mc_cursor mc_bind_cursor(const struct mc_cell *cell, struct mc_span span)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    struct mc_cursor cursor = {.tokens = tokens, .at = 0, .end = 0};
    if (span.end > span.start) {
        cursor.at = (size_t) (mc_lex_at(tokens, span.start) - tokens->items);
        cursor.end = cursor.at;
        while (cursor.end < tokens->count && tokens->items[cursor.end].start < span.end) {
            cursor.end++;
        }
    }
    return cursor;
}

static bool is_named(const struct mc_cell *cell, struct mc_span name, const struct mc_token *token)
{
    return name.end - name.start == token->length &&
           memcmp(cell->source + name.start, cell->source + token->start, token->length) == 0;
}

/* ---- scalars ---- */

static bool
find_scalar(const struct mc_tokens *tokens, const struct mc_token *token, enum mc_scalar *ret)
{
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        if (mc_token_is(tokens, token, mc_scalars[i].name)) {
            *ret = (enum mc_scalar) i;
            return true;
        }
    }
    return false;
}

/* Behind `comptime NAME`. */
static struct mc_cursor alias_of(const struct mc_found *found)
{
    return (struct mc_cursor) {.tokens = &found->scope->cell->scan.tokens,
                               .at = found->item->first_token + 2,
                               .end = found->item->end_token};
}

/* Goes where a `comptime` name of the cell's is defined. Whether there was one: *ret_behind is
 * where to go on then. */
static bool enter_alias(struct mc_bind_reader *reader, struct mc_cursor *ret_behind)
{
    const struct mc_token *token = mc_cursor_peek(&reader->cursor, 0);
    struct mc_found found = mc_scope_find(
        reader->scopes, reader->scope, reader->cell->source + token->start, token->length);
    if (token->kind != MC_TOKEN_NAME || found.meaning != MC_MEANS_ALIAS) {
        return false;
    }
    *ret_behind = reader->cursor;
    ret_behind->at++;
    reader->cursor = alias_of(&found);
    mc_cursor_accept(&reader->cursor, "=");
    return true;
}

/* `DType.float64`, `.float64`: the scalar whose name it is in lower case. */
static int read_dtype(struct mc_bind_reader *reader, enum mc_scalar *ret)
{
    struct mc_cursor *cursor = &reader->cursor;
    mc_cursor_accept(cursor, "DType");
    if (!mc_cursor_accept(cursor, ".")) {
        return -1;
    }
    const struct mc_token *token = mc_cursor_peek(cursor, 0);
    const char *text = cursor->tokens->source + token->start;
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        const char *name = mc_scalars[i].name;
        if (strlen(name) == token->length && strncasecmp(name, text, token->length) == 0 &&
            text[0] >= 'a') {
            *ret = (enum mc_scalar) i;
            cursor->at++;
            return 0;
        }
    }
    return -1;
}

static int read_dtype_or_alias(struct mc_bind_reader *reader, enum mc_scalar *ret)
{
    struct mc_cursor behind;
    bool alias = enter_alias(reader, &behind);
    int outcome = read_dtype(reader, ret);
    reader->cursor = alias ? behind : reader->cursor;
    return outcome;
}

/* `2`, or a `comptime` name for it. */
static int read_rank(struct mc_bind_reader *reader, struct mc_type *ret)
{
    struct mc_cursor behind;
    bool alias = enter_alias(reader, &behind);
    const struct mc_token *token = mc_cursor_peek(&reader->cursor, 0);
    const char *text = reader->cursor.tokens->source + token->start;
    bool digit = token->kind == MC_TOKEN_NUMBER && token->length == 1;
    reader->cursor.at++;
    reader->cursor = alias ? behind : reader->cursor;
    return digit && mc_type_set_rank(ret, (unsigned long) (*text - '0')) ? 0 : -1;
}

/* The width of a SIMD: one, or the parameter that stands for it. */
static bool accept_width(struct mc_bind_reader *reader)
{
    const struct mc_arg *width = mc_bind_width(reader->cell, reader->def);
    const struct mc_token *token = mc_cursor_peek(&reader->cursor, 0);
    if (width && is_named(reader->cell, width->name, token)) {
        reader->cursor.at++;
        return true;
    }
    return mc_cursor_accept(&reader->cursor, "1");
}

/* `[DType.x]`, `[DType.x, 1]` */
static int read_simd(struct mc_bind_reader *reader, bool has_width, enum mc_scalar *ret)
{
    struct mc_cursor *cursor = &reader->cursor;
    if (!mc_cursor_accept(cursor, "[") || read_dtype_or_alias(reader, ret) < 0) {
        return -1;
    }
    if (has_width && (!mc_cursor_accept(cursor, ",") || !accept_width(reader))) {
        return -1;
    }
    return mc_cursor_accept(cursor, "]") ? 0 : -1;
}

static int read_dtype_alone(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_simd(reader, false, &ret->scalar);
}

static int read_dtype_and_width(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_simd(reader, true, &ret->scalar);
}

static int read_scalar(struct mc_bind_reader *reader, enum mc_scalar *ret)
{
    struct mc_type type;
    if (mc_bind_read_type(reader, &type) < 0) {
        return -1;
    }
    *ret = type.scalar;
    bool scalar = type.kind == MC_TYPE_SCALAR;
    mc_type_fini(&type);
    return scalar ? 0 : -1;
}

/* ---- origins ---- */

static bool is_origin_bound(const struct mc_cell *cell, struct mc_span type, bool *ret_mutable)
{
    static const char *const mutable[] = {"MutOrigin", "MutableOrigin", NULL};
    static const char *const others[] = {
        "Origin", "ImmutOrigin", "ImmOrigin", "ImmutableOrigin", NULL};
    struct mc_cursor cursor = mc_bind_cursor(cell, type);
    const struct mc_token *token = mc_cursor_peek(&cursor, 0);
    *ret_mutable = mc_token_in(cursor.tokens, token, mutable);
    if (mc_token_in(cursor.tokens, token, others) && mc_cursor_is(&cursor, 1, "[")) {
        cursor.at += 2; /* Origin[True], Origin[mut=True] */
        if (mc_cursor_accept(&cursor, "mut")) {
            mc_cursor_accept(&cursor, "=");
        }
        *ret_mutable = mc_cursor_is(&cursor, 0, "True");
    }
    return *ret_mutable || mc_token_in(cursor.tokens, token, others);
}

/* An origin that any memory can have: `_`, `...`, an …AnyOrigin, a parameter of the function. */
static int read_origin(struct mc_bind_reader *reader, bool *ret_mutable)
{
    static const char *const mutable[] = {"MutAnyOrigin", "MutableAnyOrigin", NULL};
    static const char *const read_only[] = {
        "_", "...", "ImmutAnyOrigin", "ImmAnyOrigin", "ImmutableAnyOrigin", NULL};
    struct mc_cursor *cursor = &reader->cursor;
    const struct mc_token *token = mc_cursor_peek(cursor, 0);
    cursor->at++;
    if (mc_token_in(cursor->tokens, token, mutable)) {
        *ret_mutable = true;
        return 0;
    }
    if (mc_token_in(cursor->tokens, token, read_only)) {
        return 0;
    }
    for (size_t i = 0; i < reader->def->n_params; i++) {
        bool is_mutable;
        const struct mc_arg *param = &reader->def->params[i];
        if (is_named(reader->cell, param->name, token) &&
            is_origin_bound(reader->cell, param->type, &is_mutable)) {
            *ret_mutable = *ret_mutable || is_mutable;
            return 0;
        }
    }
    return -1;
}

bool mc_bind_scalar(const struct mc_cell *cell, const struct mc_token *token, enum mc_scalar *ret)
{
    return !mc_bind_is_own(cell, token) && find_scalar(&cell->scan.tokens, token, ret);
}

bool mc_bind_is_free(const struct mc_cell *cell, const struct mc_arg *param)
{
    bool is_mutable;
    return param->inferred || param->default_value.end > param->default_value.start ||
           is_origin_bound(cell, param->type, &is_mutable);
}

/* ---- the rest ---- */

typedef int read_part(struct mc_bind_reader *reader, struct mc_type *ret);

/* `mut=True,` */
static int read_mutability(struct mc_cursor *cursor, struct mc_type *ret)
{
    if (mc_cursor_accept(cursor, "mut")) {
        ret->writable = mc_cursor_is(cursor, 1, "True");
        if (!mc_cursor_accept(cursor, "=") ||
            (!mc_cursor_accept(cursor, "True") && !mc_cursor_accept(cursor, "False")) ||
            !mc_cursor_accept(cursor, ",")) {
            return -1;
        }
    }
    return 0;
}

/* `[mut=True, T, origin]`, behind the name; what T is tells `element`, NULL of a string slice. */
static int read_view(struct mc_bind_reader *reader, struct mc_type *ret, read_part *element)
{
    struct mc_cursor *cursor = &reader->cursor;
    if (!mc_cursor_accept(cursor, "[")) {
        return element ? -1 : 0;
    }
    if (read_mutability(cursor, ret) < 0 ||
        (element && (element(reader, ret) < 0 || !mc_cursor_accept(cursor, ",")))) {
        return -1;
    }
    if (mc_cursor_accept(cursor, "origin") && !mc_cursor_accept(cursor, "=")) {
        return -1;
    }
    return read_origin(reader, &ret->writable) == 0 && mc_cursor_accept(cursor, "]") ? 0 : -1;
}

static int add_item(struct mc_type *type, struct mc_type *item)
{
    if (!mc_kind_allows(type, item) || type->count >= 16 || mc_type_add_item(type, item) < 0) {
        mc_type_fini(item);
        return -1;
    }
    return 0;
}

/* `[T, …]`, behind the name. */
static int read_items(struct mc_bind_reader *reader, struct mc_type *ret)
{
    struct mc_cursor *cursor = &reader->cursor;
    if (!mc_cursor_accept(cursor, "[")) {
        return -1;
    }
    do {
        struct mc_type item;
        if (mc_bind_read_type(reader, &item) < 0 || add_item(ret, &item) < 0) {
            return -1;
        }
    } while (mc_kind_of(ret)->inside != MC_INSIDE_TYPE && mc_cursor_accept(cursor, ","));
    return mc_kind_is_whole(ret) && mc_cursor_accept(cursor, "]") ? 0 : -1;
}

static int read_element(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_scalar(reader, &ret->scalar);
}

static int read_elements(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_view(reader, ret, read_element);
}

/* `DType.float64, 2` */
static int read_dtype_and_rank(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_dtype_or_alias(reader, &ret->scalar) == 0 && mc_cursor_accept(&reader->cursor, ",")
               ? read_rank(reader, ret)
               : -1;
}

static int read_ndspan(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return read_view(reader, ret, read_dtype_and_rank);
}

static int read_ndarray(struct mc_bind_reader *reader, struct mc_type *ret)
{
    return mc_cursor_accept(&reader->cursor, "[") && read_dtype_and_rank(reader, ret) == 0 &&
                   mc_cursor_accept(&reader->cursor, "]")
               ? 0
               : -1;
}

/* The kind of a List of this type, which is its only item where it is a struct. */
static int list_of(const struct mc_bind_reader *reader, struct mc_type *item, struct mc_type *ret)
{
    enum mc_type_kind kind = item->kind == MC_TYPE_SCALAR                     ? MC_TYPE_LIST
                             : item->kind == MC_TYPE_STRING && !reader->slice ? MC_TYPE_TEXTS
                                                                              : MC_TYPE_RECORDS;
    *ret = (struct mc_type) {.kind = kind, .scalar = item->scalar, .words = mc_kinds[kind]->words};
    if (kind == MC_TYPE_RECORDS) {
        return add_item(ret, item);
    }
    mc_type_fini(item);
    return 0;
}

static int read_list(struct mc_bind_reader *reader, struct mc_type *ret)
{
    struct mc_type item;
    if (!mc_cursor_accept(&reader->cursor, "[") || mc_bind_read_type(reader, &item) < 0 ||
        list_of(reader, &item, ret) < 0) {
        return -1;
    }
    return mc_cursor_accept(&reader->cursor, "]") ? 0 : -1;
}

static int read_slice(struct mc_bind_reader *reader, struct mc_type *ret)
{
    (void) ret;
    struct mc_type view = {0};
    if (reader->depth > 1 || read_view(reader, &view, NULL) < 0 || view.writable) {
        return -1; /* what it points to may be gone; only an argument by itself is put together */
    }
    reader->slice = true;
    return 0;
}

/* What the language calls the types, beside the names of scalars. */
static const struct name {
    const char *text;
    unsigned where;
    struct mc_type type; /* but for its words */
    int (*read_inside)(struct mc_bind_reader *reader,
                       struct mc_type *ret); /* NULL: nothing is inside */
} names[] = {
    {"Byte", MC_BIND_ANYWHERE, {.kind = MC_TYPE_SCALAR, .scalar = MC_UINT8}, NULL},
    {"Scalar", MC_BIND_ANYWHERE, {.kind = MC_TYPE_SCALAR}, read_dtype_alone},
    {"SIMD", MC_BIND_ANYWHERE, {.kind = MC_TYPE_SCALAR}, read_dtype_and_width},
    {"None", MC_BIND_ANYWHERE, {.kind = MC_TYPE_NONE}, NULL},
    {"NoneType", MC_BIND_ANYWHERE, {.kind = MC_TYPE_NONE}, NULL},
    {"String", MC_BIND_ANYWHERE, {.kind = MC_TYPE_STRING}, NULL},
    {"StaticString", MC_BIND_RESULT, {.kind = MC_TYPE_STRING}, NULL},
    {"StringSlice", MC_BIND_ARGUMENT, {.kind = MC_TYPE_STRING}, read_slice},
    {"StringSpan", MC_BIND_ARGUMENT, {.kind = MC_TYPE_STRING}, read_slice},
    {"Span", MC_BIND_ARGUMENT, {.kind = MC_TYPE_SPAN}, read_elements},
    {"MutSpan", MC_BIND_ARGUMENT, {.kind = MC_TYPE_SPAN, .writable = true}, read_elements},
    {"NDSpan", MC_BIND_ARGUMENT, {.kind = MC_TYPE_NDSPAN}, read_ndspan},
    {"MutNDSpan", MC_BIND_ARGUMENT, {.kind = MC_TYPE_NDSPAN, .writable = true}, read_ndspan},
    {"NDArray", MC_BIND_RESULT, {.kind = MC_TYPE_NDARRAY}, read_ndarray},
    {"List", MC_BIND_ANYWHERE, {.kind = MC_TYPE_LIST}, read_list},
    {"Optional", MC_BIND_ANYWHERE, {.kind = MC_TYPE_OPTIONAL}, read_items},
    {"Tuple", MC_BIND_RESULT, {.kind = MC_TYPE_TUPLE}, read_items},
    {"Dict", MC_BIND_ANYWHERE, {.kind = MC_TYPE_DICT}, read_items},
};

/* A type that begins with the name of the language at `token`, behind it. */
static int
read_named(struct mc_bind_reader *reader, const struct mc_token *token, struct mc_type *ret)
{
    const struct mc_tokens *tokens = reader->cursor.tokens;
    *ret = (struct mc_type) {.kind = MC_TYPE_SCALAR, .words = 1};
    if (find_scalar(tokens, token, &ret->scalar)) {
        return 0;
    }
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        const struct name *name = &names[i];
        if (mc_token_is(tokens, token, name->text) &&
            (name->where & reader->place) == reader->place) {
            *ret = name->type;
            ret->words = mc_kind_of(ret)->words;
            return name->read_inside ? name->read_inside(reader, ret) : 0;
        }
    }
    return -1;
}

/* ---- what sources define ---- */

void mc_bind_enter(struct mc_bind_reader *reader, const struct mc_scope *scope)
{
    reader->def = scope == reader->scope ? reader->def : &mc_bind_no_def;
    reader->scope = scope;
    reader->cell = scope->cell;
}

static int
read_alias(struct mc_bind_reader *outer, const struct mc_found *found, struct mc_type *ret)
{
    struct mc_bind_reader reader = *outer;
    mc_bind_enter(&reader, found->scope);
    reader.cursor = alias_of(found);
    if (!mc_cursor_accept(&reader.cursor, "=") || mc_bind_read_type(&reader, ret) < 0) {
        return -1;
    }
    outer->slice = reader.slice;
    const struct mc_token *rest = mc_cursor_peek(&reader.cursor, 0);
    bool whole = reader.cursor.at >= reader.cursor.end || rest->kind == MC_TOKEN_NEWLINE ||
                 mc_token_is(reader.cursor.tokens, rest, ";");
    if (!whole) {
        mc_type_fini(ret);
        return -1;
    }
    return 0;
}

int mc_bind_read_type(struct mc_bind_reader *reader, struct mc_type *ret)
{
    *ret = (struct mc_type) {0};
    const struct mc_token *token = mc_cursor_peek(&reader->cursor, 0);
    if (token->kind != MC_TOKEN_NAME || reader->depth >= MAX_DEPTH) {
        return -1;
    }
    reader->cursor.at++;
    reader->depth++;
    struct mc_found found = mc_scope_find(
        reader->scopes, reader->scope, reader->cell->source + token->start, token->length);
    int outcome = found.meaning == MC_MEANS_OTHER    ? -1
                  : found.meaning == MC_MEANS_ALIAS  ? read_alias(reader, &found, ret)
                  : found.meaning == MC_MEANS_STRUCT ? mc_bind_read_struct(reader, &found, ret)
                                                     : read_named(reader, token, ret);
    reader->depth--;
    if (outcome < 0) {
        mc_type_fini(ret);
    }
    return outcome;
}

int mc_bind_type(const struct mc_scopes *scopes,
                 const struct mc_def *def,
                 struct mc_span span,
                 struct mc_type *ret,
                 bool *ret_slice,
                 struct mc_buf *ret_why)
{
    struct mc_bind_reader reader = {.scopes = scopes,
                                    .scope = scopes->items,
                                    .cell = scopes->items->cell,
                                    .def = def,
                                    .cursor = mc_bind_cursor(scopes->items->cell, span),
                                    .place = ret_slice ? MC_BIND_ARGUMENT : MC_BIND_RESULT,
                                    .why = ret_why};
    if (mc_bind_read_type(&reader, ret) < 0) {
        return -1;
    }
    if (reader.cursor.at < reader.cursor.end) {
        mc_type_fini(ret);
        return -1;
    }
    if (ret_slice) {
        *ret_slice = reader.slice;
    }
    return 0;
}
