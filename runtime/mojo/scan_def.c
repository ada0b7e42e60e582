#include "mojo/scan_def.h"

#include <stdlib.h>
#include <string.h>

static const char *const conventions[] = {
    "mut", "ref", "out", "var", "deinit", "imm", "read", "owned", "inout", "borrowed", NULL};
static const char *const effect_words[] = {"abi",
                                           "capturing",
                                           "escaping",
                                           "raises",
                                           "register_passable",
                                           "thin",
                                           "unified",
                                           "where",
                                           NULL};

static bool is_colon(const struct mc_cursor *cursor, size_t depth)
{
    return mc_cursor_is(cursor, 0, ":") && mc_cursor_peek(cursor, 0)->depth == depth;
}

/* `mut x`, `ref[o] x`, `var *args`: a convention is a word before a name; the same word may be a
 * name itself. */
static struct mc_span read_convention(struct mc_cursor *cursor)
{
    if (!mc_token_in(cursor->tokens, mc_cursor_peek(cursor, 0), conventions)) {
        return (struct mc_span) {0};
    }
    size_t first = cursor->at;
    struct mc_cursor after = *cursor;
    after.at++;
    if (mc_cursor_is(&after, 0, "[")) {
        mc_cursor_skip_bracket(&after);
    }
    bool stars = mc_cursor_is(&after, 0, "*") || mc_cursor_is(&after, 0, "**");
    if (!mc_cursor_is_name(&after, 0) && !(stars && mc_cursor_is_name(&after, 1))) {
        return (struct mc_span) {0};
    }
    cursor->at = after.at;
    return mc_tokens_span(cursor->tokens, first, after.at);
}

/* One argument or parameter; the cursor's range is that argument's alone. Marks (`/`, `*`, `//`)
 * have no name. */
static struct mc_arg read_arg(struct mc_cursor cursor)
{
    struct mc_arg arg = {.kind = MC_ARG_ANY, .convention = read_convention(&cursor)};
    if (mc_cursor_accept(&cursor, "**")) {
        arg.kind = MC_ARG_KEYWORD_VARIADIC;
    } else if (mc_cursor_accept(&cursor, "*")) {
        arg.kind = MC_ARG_VARIADIC;
    }
    if (!mc_cursor_is_name(&cursor, 0)) {
        return arg;
    }
    arg.name = mc_tokens_span(cursor.tokens, cursor.at, cursor.at + 1);
    size_t depth = mc_cursor_peek(&cursor, 0)->depth;
    cursor.at++;
    bool typed = mc_cursor_accept(&cursor, ":");
    size_t first = cursor.at;
    while (cursor.at < cursor.end &&
           !(mc_cursor_is(&cursor, 0, "=") && mc_cursor_peek(&cursor, 0)->depth == depth)) {
        cursor.at++;
    }
    if (typed) {
        arg.type = mc_tokens_span(cursor.tokens, first, cursor.at);
    }
    if (mc_cursor_accept(&cursor, "=")) {
        arg.default_value = mc_tokens_span(cursor.tokens, cursor.at, cursor.end);
    }
    return arg;
}

/* What a `/` or `//` means for the arguments before it. */
static void apply_mark(struct mc_arg *args, size_t n, bool inferred)
{
    for (size_t i = 0; i < n; i++) {
        if (inferred) {
            args[i].inferred = true;
        } else if (args[i].kind == MC_ARG_ANY) {
            args[i].kind = MC_ARG_POSITIONAL;
        }
    }
}

static size_t count_commas(const struct mc_cursor *cursor, size_t depth)
{
    size_t n = 0;
    for (size_t i = cursor->at; i < cursor->end; i++) {
        const struct mc_token *token = &cursor->tokens->items[i];
        n += token->depth == depth && mc_token_is(cursor->tokens, token, ",") ? 1 : 0;
    }
    return n;
}

/* Adds the argument in `one` to args, or what its mark says. */
static void
take_arg(const struct mc_cursor *one, struct mc_arg *args, size_t *n, bool *keyword_only)
{
    if (mc_cursor_is(one, 0, "/") || mc_cursor_is(one, 0, "//")) {
        apply_mark(args, *n, mc_cursor_is(one, 0, "//"));
        return;
    }
    struct mc_arg arg = read_arg(*one);
    if (arg.kind == MC_ARG_ANY && *keyword_only) {
        arg.kind = MC_ARG_KEYWORD;
    }
    *keyword_only |= arg.kind == MC_ARG_VARIADIC;
    if (arg.name.end > 0) {
        args[(*n)++] = arg;
    }
}

/* The list between the bracket at the cursor and its closing one; the cursor ends behind that. */
static int
read_args(struct mc_cursor *cursor, struct mc_span *ret, struct mc_arg **ret_args, size_t *ret_n)
{
    const struct mc_token *open = mc_cursor_peek(cursor, 0);
    size_t depth = (size_t) open->depth + 1;
    struct mc_cursor list = *cursor;
    mc_cursor_skip_bracket(cursor);
    bool closed = cursor->tokens->items[cursor->at - 1].depth == open->depth;
    list.at++;
    list.end = closed && cursor->at > list.at ? cursor->at - 1 : cursor->at;
    ret->start = open->start + 1;
    ret->end = list.end < cursor->at ? cursor->tokens->items[list.end].start
                                     : mc_tokens_span(list.tokens, list.at - 1, list.end).end;
    *ret_args = calloc(count_commas(&list, depth) + 1, sizeof **ret_args);
    if (*ret_args == NULL) {
        return -1;
    }
    bool keyword_only = false;
    while (list.at < list.end) {
        struct mc_cursor one = list;
        while (list.at < list.end &&
               !(mc_cursor_is(&list, 0, ",") && mc_cursor_peek(&list, 0)->depth == depth)) {
            list.at++;
        }
        one.end = list.at;
        list.at++;
        take_arg(&one, *ret_args, ret_n, &keyword_only);
    }
    return 0;
}

/* Tokens up to `->`, a colon or an effect, in brackets or not. */
static struct mc_span read_until_effect(struct mc_cursor *cursor, size_t depth)
{
    size_t first = cursor->at;
    while (cursor->at < cursor->end && !is_colon(cursor, depth) && !mc_cursor_is(cursor, 0, "->") &&
           !(mc_token_in(cursor->tokens, mc_cursor_peek(cursor, 0), effect_words) &&
             mc_cursor_peek(cursor, 0)->depth == depth)) {
        cursor->at++;
    }
    return mc_tokens_span(cursor->tokens, first, cursor->at);
}

static void read_effects(struct mc_cursor *cursor, size_t depth, struct mc_def *def)
{
    size_t first = cursor->at;
    while (cursor->at < cursor->end && !is_colon(cursor, depth) && !mc_cursor_is(cursor, 0, "->")) {
        bool outside = mc_cursor_peek(cursor, 0)->depth == depth;
        if (outside && mc_cursor_accept(cursor, "raises")) {
            def->raises = true;
            def->raises_type = read_until_effect(cursor, depth);
        } else if (outside && mc_cursor_accept(cursor, "where")) {
            def->constraint = read_until_effect(cursor, depth);
        } else {
            cursor->at++;
        }
    }
    def->effects = mc_tokens_span(cursor->tokens, first, cursor->at);
}

static void read_returns(struct mc_cursor *cursor, size_t depth, struct mc_def *def)
{
    if (!mc_cursor_accept(cursor, "->")) {
        return;
    }
    if (mc_cursor_is(cursor, 0, "out") && mc_cursor_is_name(cursor, 1) &&
        mc_cursor_is(cursor, 2, ":")) {
        def->result = mc_tokens_span(cursor->tokens, cursor->at + 1, cursor->at + 2);
        cursor->at += 3;
    }
    size_t first = cursor->at;
    while (cursor->at < cursor->end && !is_colon(cursor, depth) &&
           !(mc_cursor_is(cursor, 0, "where") && mc_cursor_peek(cursor, 0)->depth == depth)) {
        cursor->at++;
    }
    def->returns = mc_tokens_span(cursor->tokens, first, cursor->at);
    if (mc_cursor_accept(cursor, "where")) {
        first = cursor->at;
        while (cursor->at < cursor->end && !is_colon(cursor, depth)) {
            cursor->at++;
        }
        def->constraint = mc_tokens_span(cursor->tokens, first, cursor->at);
    }
}

static int read_header(struct mc_cursor *cursor, struct mc_def *def)
{
    size_t depth = mc_cursor_peek(cursor, 0)->depth;
    cursor->at++;
    if (mc_cursor_is(cursor, 0, "[") &&
        read_args(cursor, &def->parameters, &def->params, &def->n_params) < 0) {
        return -1;
    }
    if (mc_cursor_is(cursor, 0, "(") &&
        read_args(cursor, &def->arguments, &def->args, &def->n_args) < 0) {
        return -1;
    }
    read_effects(cursor, depth, def);
    read_returns(cursor, depth, def);
    def->complete = mc_cursor_accept(cursor, ":");
    return 0;
}

struct mc_def *mc_def_read(struct mc_cursor *cursor)
{
    struct mc_def *def = calloc(1, sizeof *def);
    if (def == NULL || read_header(cursor, def) < 0) {
        return mc_def_free(def);
    }
    return def;
}

struct mc_def *mc_def_free(struct mc_def *def)
{
    if (def != NULL) {
        free(def->params);
        free(def->args);
        free(def);
    }
    return NULL;
}
