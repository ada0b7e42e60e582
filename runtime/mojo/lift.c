#include "mojo/lift.h"

#include "mojo/lift_parts.h"
#include "mojo/scan.h"

/* ---- statements ---- */

/* `var x = …`, `var x: Float64 = …`, `x = …` */
static bool variable(struct mc_lift_body *body, size_t first, size_t end)
{
    size_t i = first + (mc_lift_is(body, first, "var") ? 1 : 0);
    const struct mc_token *token = mc_lift_at(body, i);
    struct mc_span named = {token->start, token->start + token->length};
    bool known = mc_lift_has_name(body, token);
    mc_buf_adds(&body->text, i > first ? "    var " : "    ");
    mc_lift_emit(body, i++);
    bool typed = mc_lift_is(body, i, ":");
    if (typed) {
        struct mc_type type;
        size_t from = ++i;
        while (i < end && !mc_lift_is(body, i, "=")) {
            i++;
        }
        struct mc_span span = mc_tokens_span(body->lifter->tokens, from, i);
        if (mc_bind_own_type(body->lifter->cell, body->item->def, span, &type, NULL) < 0) {
            return mc_lift_refuse_token(body, from, "is no number's type");
        }
        bool scalar = type.kind == MC_TYPE_SCALAR && type.scalar != MC_BOOL;
        enum mc_scalar which = type.scalar;
        mc_type_fini(&type);
        if (!scalar) {
            return mc_lift_refuse_token(body, from, "is no number's type");
        }
        mc_lift_note_type(body, which);
        mc_buf_adds(&body->text, ": ");
        mc_lift_write_type(which, WIDTH, &body->text);
    }
    if (i >= end || !mc_lift_is(body, i, "=")) {
        return mc_lift_refuse_token(body, i < end ? i : first, "is not straight-line arithmetic");
    }
    mc_buf_adds(&body->text, " = ");
    bool done =
        known || typed ? mc_lift_expression(body, i + 1, end) : mc_lift_initial(body, i + 1, end);
    return done && (known || mc_lift_add_name(body, named));
}

/* `x += …` */
static bool change(struct mc_lift_body *body, size_t first, size_t end)
{
    if (!mc_lift_has_name(body, mc_lift_at(body, first))) {
        return mc_lift_refuse_token(body, first, "is not one of its arguments or variables");
    }
    mc_buf_adds(&body->text, "    ");
    mc_lift_emit(body, first);
    mc_buf_adds(&body->text, " ");
    mc_lift_emit(body, first + 1);
    mc_buf_adds(&body->text, " ");
    mc_lift_note_operator(body, first + 1);
    return mc_lift_expression(body, first + 2, end);
}

static bool statement(struct mc_lift_body *body, size_t first, size_t end, bool *ret_returned)
{
    static const char *const changes[] = {
        "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=", NULL};
    const struct mc_tokens *tokens = body->lifter->tokens;
    bool names = mc_lift_at(body, first)->kind == MC_TOKEN_NAME;
    if (*ret_returned) {
        return mc_lift_refuse_token(body, first, "comes behind its return");
    }
    if (mc_lift_is(body, first, "return")) {
        *ret_returned = true;
        mc_buf_adds(&body->text, "    return ");
        return mc_lift_expression(body, first + 1, end);
    }
    if (names && mc_token_in(tokens, mc_lift_at(body, first + 1), changes)) {
        return change(body, first, end);
    }
    if (mc_lift_is(body, first, "var") ? mc_lift_at(body, first + 1)->kind == MC_TOKEN_NAME
                                       : names && mc_lift_is(body, first + 1, "=")) {
        return variable(body, first, end);
    }
    return mc_lift_refuse_token(body, first, "is not straight-line arithmetic");
}

/* ---- functions ---- */

/* The token behind the header's colon. */
static size_t behind_header(const struct mc_lift_body *body)
{
    const struct mc_tokens *tokens = body->lifter->tokens;
    const struct mc_def *def = body->item->def;
    size_t offset = def->returns.end > def->constraint.end ? def->returns.end : def->constraint.end;
    size_t i = (size_t) (mc_lex_at(tokens, offset) - tokens->items);
    while (i < body->item->end_token && !mc_lift_is(body, i, ":")) {
        i++;
    }
    return i + 1;
}

static bool statements(struct mc_lift_body *body)
{
    size_t end = body->item->end_token;
    bool returned = false;
    bool first = true;
    for (size_t i = behind_header(body); i < end;) {
        size_t last = i;
        while (last < end && mc_lift_at(body, last)->kind != MC_TOKEN_NEWLINE &&
               !mc_lift_is(body, last, ";")) {
            last++;
        }
        bool docstring = first && last == i + 1 && mc_lift_at(body, i)->kind == MC_TOKEN_STRING;
        if (last > i && !docstring) {
            if (!statement(body, i, last, &returned)) {
                return false;
            }
            mc_buf_adds(&body->text, "\n");
        }
        first = first && last == i;
        i = last + 1;
    }
    return returned || mc_lift_refuse(body->lifter, "it does not end with a return");
}

static bool argument(struct mc_lift_body *body, const struct mc_arg *arg)
{
    const struct mc_lifter *lifter = body->lifter;
    struct mc_type type = {0};
    bool slice;
    bool positional =
        arg->kind == MC_ARG_POSITIONAL || arg->kind == MC_ARG_ANY || arg->kind == MC_ARG_KEYWORD;
    const struct mc_token *convention = mc_lex_at(lifter->tokens, arg->convention.start);
    bool taken = arg->convention.end > arg->convention.start;
    bool var = taken && mc_token_is(lifter->tokens, convention, "var");
    bool read = !taken || var || mc_token_is(lifter->tokens, convention, "read") ||
                mc_token_is(lifter->tokens, convention, "imm");
    bool scalar = positional && read &&
                  mc_bind_own_type(lifter->cell, body->item->def, arg->type, &type, &slice) == 0 &&
                  type.kind == MC_TYPE_SCALAR && type.scalar != MC_BOOL;
    enum mc_scalar which = type.scalar;
    mc_type_fini(&type);
    if (!scalar) {
        return mc_lift_refuse(body->lifter,
                              "line %u: the argument '%.*s' is not a plain number",
                              body->item->line,
                              (int) (arg->name.end - arg->name.start),
                              lifter->tokens->source + arg->name.start);
    }
    mc_lift_note_type(body, which);
    mc_buf_addf(&body->text,
                "%s%s%.*s: ",
                body->n_names ? ", " : "",
                var ? "var " : "",
                (int) (arg->name.end - arg->name.start),
                lifter->tokens->source + arg->name.start);
    mc_lift_write_type(which, WIDTH, &body->text);
    return mc_lift_add_name(body, arg->name);
}

static bool result(struct mc_lift_body *body)
{
    struct mc_type type;
    bool scalars = true;
    if (mc_bind_own_type(
            body->lifter->cell, body->item->def, body->item->def->returns, &type, NULL) < 0) {
        return mc_lift_refuse(body->lifter, "line %u: its result is no number", body->item->line);
    }
    const struct mc_type *items = type.kind == MC_TYPE_TUPLE ? type.items : &type;
    size_t count = type.kind == MC_TYPE_TUPLE ? type.count : 1;
    mc_buf_adds(&body->text, type.kind == MC_TYPE_TUPLE ? ") -> Tuple[" : ") -> ");
    for (size_t i = 0; i < count && scalars; i++) {
        scalars = items[i].kind == MC_TYPE_SCALAR;
        if (scalars) {
            mc_lift_note_type(body, items[i].scalar);
            mc_buf_adds(&body->text, i ? ", " : "");
            mc_lift_write_type(items[i].scalar, WIDTH, &body->text);
        }
    }
    mc_buf_adds(&body->text, type.kind == MC_TYPE_TUPLE ? "]:\n" : ":\n");
    mc_type_fini(&type);
    return scalars ||
           mc_lift_refuse(body->lifter, "line %u: its result is no number", body->item->line);
}

/* What is known only when all types have been seen. */
static bool check_types(struct mc_lift_body *body)
{
    const struct mc_tokens *tokens = body->lifter->tokens;
    for (size_t i = 0; i < body->n_functions; i++) {
        for (int scalar = 0; scalar < MC_SCALAR_COUNT; scalar++) {
            const struct mc_token *function = mc_lift_at(body, body->functions[i]);
            if ((body->types >> scalar & 1) &&
                !mc_lift_function_takes(tokens, function, (enum mc_scalar) scalar)) {
                return mc_lift_refuse_token(body,
                                            body->functions[i],
                                            "has other results for vectors of a type that is used");
            }
        }
    }
    if (body->has_whole && body->division) {
        return mc_lift_refuse_token(
            body, body->division, "faults for some whole numbers, and vectors do not");
    }
    if (body->shift >= body->bits) {
        return mc_lift_refuse_token(body, body->shifts_at, "may shift by more bits than there are");
    }
    return true;
}

static bool check_header(struct mc_lifter *lifter, const struct mc_item *item)
{
    const struct mc_def *def = item->def;
    for (size_t i = 0; i < item->n_decorators; i++) {
        const struct mc_token *name = mc_lex_at(lifter->tokens, item->decorators[i].start + 1);
        if (!mc_token_is(lifter->tokens, name, "always_inline")) {
            return mc_lift_refuse(lifter, "line %u: it has a decorator", item->line);
        }
    }
    if (def->raises || def->is_async || def->n_params > 0) {
        return mc_lift_refuse(lifter,
                              "line %u: it %s",
                              item->line,
                              def->raises     ? "may raise"
                              : def->is_async ? "is async"
                                              : "has parameters");
    }
    return lifter->n_defs < MAX_DEFS || mc_lift_refuse(lifter, "it calls too many functions");
}

bool mc_lift_def(struct mc_lifter *lifter, const struct mc_item *item)
{
    if (!check_header(lifter, item)) {
        return false;
    }
    size_t number = lifter->n_defs++;
    lifter->defs[number] = item;
    struct mc_lift_body body = {
        .lifter = lifter, .item = item, .text = MC_BUF_INIT, .bits = EVERYTHING_N};
    mc_buf_adds(&body.text, "\n\ndef ");
    mc_lift_write_def_name(lifter->cell, lifter->defs[0], number, &body.text);
    mc_buf_adds(&body.text, "[" WIDTH ": Int](");
    bool done = true;
    for (size_t i = 0; i < item->def->n_args && done; i++) {
        done = argument(&body, &item->def->args[i]);
    }
    done = done && result(&body) && statements(&body) && check_types(&body);
    if (done) {
        mc_buf_add(lifter->out, body.text.data, body.text.length);
    }
    lifter->out->failed |= body.text.failed;
    mc_buf_fini(&body.text);
    return done;
}

bool mc_lift(const struct mc_cell *cell,
             const struct mc_binding *binding,
             const struct mc_lift_below *below,
             struct mc_buf *ret,
             char **ret_reason)
{
    struct mc_lifter lifter = {
        .cell = cell, .tokens = &cell->scan.tokens, .below = below, .out = ret};
    bool done = mc_lift_def(&lifter, binding->item);
    *ret_reason = lifter.reason;
    return done;
}

void mc_lift_write_name(const struct mc_cell *cell,
                        const struct mc_binding *binding,
                        struct mc_buf *ret)
{
    mc_lift_write_def_name(cell, binding->item, 0, ret);
}
