#include "base/mem.h"
#include "mojo/lift.h"
#include "mojo/lift_parts.h"
#include "mojo/scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- refusing ---- */

bool mc_lift_refuse(struct mc_lifter *lifter, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!lifter->reason && vasprintf(&lifter->reason, format, arguments) < 0) {
        lifter->reason = NULL;
    }
    va_end(arguments);
    return false;
}

bool mc_lift_refuse_token(const struct mc_lift_body *body, size_t i, const char *why)
{
    const struct mc_token *token = mc_lift_at(body, i);
    int length = (int) (token->length < 40 ? token->length : 40);
    return mc_lift_refuse(body->lifter,
                          "line %u: '%.*s' %s",
                          token->line,
                          length,
                          body->lifter->tokens->source + token->start,
                          why);
}

/* ---- types and names ---- */

void mc_lift_write_type(enum mc_scalar scalar, const char *width, struct mc_buf *ret)
{
    mc_buf_adds(ret, "SIMD[DType.");
    for (const char *c = mc_scalars[scalar].name; *c; c++) {
        mc_buf_addc(ret, (char) tolower((unsigned char) *c));
    }
    mc_buf_addf(ret, ", %s]", width);
}

void mc_lift_note_type(struct mc_lift_body *body, enum mc_scalar scalar)
{
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    unsigned bits = 8U * info->size;
    body->types |= 1U << scalar;
    if (info->kind == 'i' || info->kind == 'u') {
        body->has_whole = true;
        body->bits = bits < body->bits ? bits : body->bits;
    }
}

bool mc_lift_add_name(struct mc_lift_body *body, struct mc_span name)
{
    if (body->n_names == MAX_NAMES) {
        return mc_lift_refuse(body->lifter, "it has more than %d variables", MAX_NAMES);
    }
    body->names[body->n_names++] = name;
    return true;
}

bool mc_lift_has_name(const struct mc_lift_body *body, const struct mc_token *token)
{
    const char *source = body->lifter->tokens->source;
    for (size_t i = 0; i < body->n_names; i++) {
        struct mc_span name = body->names[i];
        if (name.end - name.start == token->length &&
            memcmp(source + name.start, source + token->start, token->length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct mc_lift_body *body, const struct mc_item *item, size_t i)
{
    const struct mc_token *token = mc_lift_at(body, i);
    const char *source = body->lifter->tokens->source;
    return item->name.end - item->name.start == token->length &&
           memcmp(source + item->name.start, source + token->start, token->length) == 0;
}

/* The only definition of the cell's by that name. */
static const struct mc_item *
find_item(const struct mc_lift_body *body, size_t i, enum mc_item_kind kind)
{
    const struct mc_scan *scan = &body->lifter->cell->scan;
    const struct mc_item *found = NULL;
    for (size_t k = 0; k < scan->count; k++) {
        if (is_named(body, &scan->items[k], i)) {
            if (found || scan->items[k].kind != kind) {
                return NULL;
            }
            found = &scan->items[k];
        }
    }
    return found;
}

/* ---- expressions ---- */

void mc_lift_emit(struct mc_lift_body *body, size_t i)
{
    const struct mc_token *token = mc_lift_at(body, i);
    mc_buf_add(&body->text, body->lifter->tokens->source + token->start, token->length);
}

static void emit_gap(struct mc_lift_body *body, size_t i, size_t first)
{
    const struct mc_token *before = mc_lift_at(body, i - 1);
    bool gap = i > first && mc_lift_at(body, i)->start > before->start + before->length;
    mc_buf_adds(&body->text, gap ? " " : "");
}

/* The place among the definitions, where the function is lifted or can be. */
static bool helper(struct mc_lift_body *body, size_t i, size_t *ret_number)
{
    struct mc_lifter *lifter = body->lifter;
    const struct mc_item *item = find_item(body, i, MC_ITEM_DEF);
    if (!item || !item->def) {
        return mc_lift_refuse_token(
            body, i, "is not known to do the same to each element by itself");
    }
    for (size_t k = 0; k < lifter->n_defs; k++) {
        if (lifter->defs[k] == item) {
            *ret_number = k;
            return true;
        }
    }
    *ret_number = lifter->n_defs;
    return mc_lift_def(lifter, item);
}

void mc_lift_write_def_name(const struct mc_cell *cell,
                            const struct mc_item *item,
                            size_t number,
                            struct mc_buf *ret)
{
    mc_buf_addf(ret, "mc_lift_%zu_%zu", (size_t) (item - cell->scan.items), number);
}

static bool call(struct mc_lift_body *body, size_t i)
{
    const struct mc_lifter *lifter = body->lifter;
    enum mc_scalar scalar;
    size_t number = 0;
    if (mc_bind_scalar(lifter->cell, mc_lift_at(body, i), &scalar)) {
        if (scalar == MC_BOOL) {
            return mc_lift_refuse_token(body, i, "makes one Bool of all elements");
        }
        mc_lift_note_type(body, scalar);
        mc_lift_write_type(scalar, WIDTH, &body->text);
        return true;
    }
    if (mc_lift_is_function(lifter->cell, lifter->below, mc_lift_at(body, i))) {
        mc_lift_emit(body, i);
        if (body->n_functions == MAX_NAMES) {
            return mc_lift_refuse(body->lifter, "it calls too many functions");
        }
        body->functions[body->n_functions++] = i;
        return true;
    }
    if (!helper(body, i, &number)) {
        return false;
    }
    mc_lift_write_def_name(lifter->cell, lifter->defs[0], number, &body->text);
    mc_buf_adds(&body->text, "[" WIDTH "]");
    return true;
}

/* `cast[DType.x]`, behind the dot. */
static bool cast(struct mc_lift_body *body, size_t *i)
{
    static const char *const pattern[] = {"cast", "[", "DType", ".", NULL, "]", "("};
    enum mc_scalar scalar;
    for (size_t k = 0; k < MC_LENGTH(pattern); k++) {
        if (pattern[k] && !mc_lift_is(body, *i + k, pattern[k])) {
            return mc_lift_refuse_token(body, *i, "is used in a way that is not known");
        }
    }
    const struct mc_token *dtype = mc_lift_at(body, *i + 4);
    for (scalar = 0; scalar < MC_SCALAR_COUNT; scalar++) {
        const char *name = mc_scalars[scalar].name;
        if (strlen(name) == dtype->length &&
            strncasecmp(name, body->lifter->tokens->source + dtype->start, dtype->length) == 0) {
            mc_lift_note_type(body, scalar);
            break;
        }
    }
    if (scalar == MC_SCALAR_COUNT || scalar == MC_BOOL) {
        return mc_lift_refuse_token(body, *i + 4, "is not a number's type");
    }
    for (size_t k = 0; k < MC_LENGTH(pattern) - 1; k++) {
        mc_lift_emit(body, *i + k);
    }
    *i += MC_LENGTH(pattern) - 2;
    return true;
}

static bool member(struct mc_lift_body *body, size_t *i)
{
    if (mc_lift_is(body, *i, "cast")) {
        return cast(body, i);
    }
    if (!mc_lift_is_method(body->lifter->tokens, mc_lift_at(body, *i)) ||
        !mc_lift_is(body, *i + 1, "(")) {
        return mc_lift_refuse_token(
            body, *i, "is not known to do the same to each element by itself");
    }
    mc_lift_emit(body, *i);
    return true;
}

static bool is_comptime(const struct mc_lift_body *body, size_t i)
{
    return find_item(body, i, MC_ITEM_COMPTIME) != NULL;
}

static bool name(struct mc_lift_body *body, size_t *i)
{
    static const char *const words[] = {"and",
                                        "or",
                                        "not",
                                        "if",
                                        "else",
                                        "in",
                                        "is",
                                        "for",
                                        "while",
                                        "lambda",
                                        "None",
                                        "True",
                                        "False",
                                        NULL};
    const struct mc_lifter *lifter = body->lifter;
    if (mc_lift_is(body, *i - 1, ".")) {
        return member(body, i);
    }
    if (mc_token_in(lifter->tokens, mc_lift_at(body, *i), words)) {
        return mc_lift_refuse_token(body, *i, "is not straight-line arithmetic");
    }
    if (mc_lift_is(body, *i + 1, "(")) {
        return call(body, *i);
    }
    if (mc_lift_has_name(body, mc_lift_at(body, *i)) || is_comptime(body, *i) ||
        mc_lift_is_constant(lifter->cell, lifter->below, mc_lift_at(body, *i))) {
        mc_lift_emit(body, *i);
        return true;
    }
    return mc_lift_refuse_token(body, *i, "is not one of its arguments or variables");
}

/* Notes what whole numbers do otherwise: what is divided by 0 faults in a scalar, and a shift by
 * as many bits as there are is anything. */
bool mc_lift_note_operator(struct mc_lift_body *body, size_t i)
{
    static const char *const division[] = {"/", "//", "%", "/=", "//=", "%=", NULL};
    static const char *const power[] = {"**", "**=", NULL};
    static const char *const shift[] = {"<<", ">>", "<<=", ">>=", NULL};
    const struct mc_tokens *tokens = body->lifter->tokens;
    const struct mc_token *next = mc_lift_at(body, i + 1);
    bool literal = next->kind == MC_TOKEN_NUMBER;
    if (mc_token_in(tokens, mc_lift_at(body, i), division) ||
        (mc_token_in(tokens, mc_lift_at(body, i), power) && !literal)) {
        body->division = body->division ? body->division : i;
    }
    if (mc_token_in(tokens, mc_lift_at(body, i), shift)) {
        unsigned bits = literal && next->length <= 2
                            ? (unsigned) strtoul(tokens->source + next->start, NULL, 10)
                            : EVERYTHING_N;
        body->shifts_at = bits >= body->shift ? i : body->shifts_at;
        body->shift = bits > body->shift ? bits : body->shift;
    }
    return true;
}

static bool operator(struct mc_lift_body *body, size_t i)
{
    static const char *const known[] = {"+",
                                        "-",
                                        "*",
                                        "/",
                                        "//",
                                        "%",
                                        "**",
                                        "&",
                                        "|",
                                        "^",
                                        "<<",
                                        ">>",
                                        "~",
                                        "(",
                                        ")",
                                        ",",
                                        ".",
                                        NULL};
    static const char *const compares[] = {"<", ">", "<=", ">=", "==", "!=", NULL};
    const struct mc_tokens *tokens = body->lifter->tokens;
    if (mc_token_in(tokens, mc_lift_at(body, i), compares)) {
        return mc_lift_refuse_token(
            body, i, "compares: write a.lt(b), le, gt, ge, eq or ne and .select(x, y)");
    }
    if (!mc_token_in(tokens, mc_lift_at(body, i), known)) {
        return mc_lift_refuse_token(body, i, "is not straight-line arithmetic");
    }
    mc_lift_emit(body, i);
    return mc_lift_note_operator(body, i);
}

bool mc_lift_expression(struct mc_lift_body *body, size_t first, size_t end)
{
    if (first >= end) {
        return mc_lift_refuse_token(body, first, "stands for nothing that is known");
    }
    for (size_t i = first; i < end; i++) {
        const struct mc_token *token = mc_lift_at(body, i);
        emit_gap(body, i, first);
        bool known = true;
        if (token->kind == MC_TOKEN_NUMBER) {
            mc_lift_emit(body, i);
        } else if (token->kind == MC_TOKEN_NAME) {
            known = name(body, &i);
        } else if (token->kind == MC_TOKEN_OP) {
            known = operator(body, i);
        } else {
            known = mc_lift_refuse_token(body, i, "is not straight-line arithmetic");
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

/* What a variable begins with: of a bare literal, which would be one number, as many. */
bool mc_lift_initial(struct mc_lift_body *body, size_t first, size_t end)
{
    size_t number = first + (mc_lift_is(body, first, "-") ? 1 : 0);
    const struct mc_token *token = mc_lift_at(body, number);
    if (token->kind != MC_TOKEN_NUMBER || number + 1 != end) {
        return mc_lift_expression(body, first, end);
    }
    const char *text = body->lifter->tokens->source + token->start;
    bool prefixed = token->length > 1 && text[0] == '0' && isalpha((unsigned char) text[1]);
    bool real = !prefixed && (memchr(text, '.', token->length) ||
                              memchr(text, 'e', token->length) || memchr(text, 'E', token->length));
    enum mc_scalar scalar = real ? MC_FLOAT64 : MC_INT;
    mc_lift_note_type(body, scalar);
    mc_lift_write_type(scalar, WIDTH, &body->text);
    mc_buf_addf(&body->text, "(%s%.*s)", number > first ? "-" : "", (int) token->length, text);
    return true;
}
