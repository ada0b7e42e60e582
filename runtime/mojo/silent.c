#include "mojo/silent.h"

#include "base/mem.h"
#include "mojo/cell_parts.h"
#include "mojo/diag_text.h"
#include "mojo/lex.h"

#include <stdint.h>
#include <string.h>

/* Of longer parts nothing is said: each name is looked for from their beginning. */
#define MOST_TOKENS 4000
#define MOST_ASKED  300
#define MOST_DEEP   8

/* Names whose types are being looked for, each because of the one before. */
struct asked {
    size_t names[MOST_DEEP];
    size_t deep;
    int left; /* how many more may be looked for in this cell */
};

/* Tokens in which a name stands for one variable. */
struct scope {
    struct asked *asked;
    const struct mc_tokens *tokens;
    size_t first, end;
    size_t shown; /* the first token of the expression whose value is printed, or SIZE_MAX */
};

static const struct mc_token *token_at(const struct scope *scope, size_t i)
{
    bool inside = i >= scope->first && i < scope->end;
    return &scope->tokens->items[inside ? i : scope->tokens->count];
}

static bool is(const struct scope *scope, size_t i, const char *text)
{
    return mc_token_is(scope->tokens, token_at(scope, i), text);
}

static bool is_in(const struct scope *scope, size_t i, const char *const *words)
{
    return mc_token_in(scope->tokens, token_at(scope, i), words);
}

static bool is_first(const struct scope *scope, size_t i)
{
    return (token_at(scope, i)->flags & MC_TOKEN_FIRST) != 0;
}

static bool is_same(const struct scope *scope, size_t i, size_t j)
{
    const struct mc_token *a = token_at(scope, i);
    const struct mc_token *b = token_at(scope, j);
    return a->kind == MC_TOKEN_NAME && a->kind == b->kind && a->length == b->length &&
           memcmp(scope->tokens->source + a->start, scope->tokens->source + b->start, a->length) ==
               0;
}

/* A name that is a value, a type or a function, and no attribute. */
static bool is_name(const struct scope *scope, size_t i)
{
    static const char *const keywords[] = {"return",
                                           "in",
                                           "and",
                                           "or",
                                           "not",
                                           "if",
                                           "else",
                                           "elif",
                                           "while",
                                           "for",
                                           "var",
                                           "ref",
                                           "assert",
                                           "raise",
                                           "except",
                                           "is",
                                           NULL};
    return token_at(scope, i)->kind == MC_TOKEN_NAME && !is_in(scope, i, keywords) &&
           !is(scope, i - 1, ".");
}

/* The bracket that belongs to the one at i; `scope->end` where there is none. */
static size_t match(const struct scope *scope, size_t i)
{
    bool opens = is(scope, i, "(");
    for (size_t j = opens ? i + 1 : i - 1; j >= scope->first && j < scope->end;
         j += opens ? 1 : SIZE_MAX) {
        if (token_at(scope, j)->depth == token_at(scope, i)->depth) {
            if (is(scope, j, opens ? ")" : "(")) {
                return j;
            }
        }
    }
    return scope->end;
}

/* ---- what is an Int ---- */

static bool is_int(const struct scope *scope, size_t first, size_t end);

static bool is_whole_number(const struct scope *scope, size_t i)
{
    const struct mc_token *token = token_at(scope, i);
    const char *text = scope->tokens->source + token->start;
    return token->kind == MC_TOKEN_NUMBER && !memchr(text, '.', token->length) &&
           !memchr(text, 'e', token->length) && !memchr(text, 'E', token->length);
}

static size_t line_end(const struct scope *scope, size_t i)
{
    while (i < scope->end && token_at(scope, i)->kind != MC_TOKEN_NEWLINE && !is(scope, i, ";")) {
        i++;
    }
    return i;
}

enum binding {
    NO_BINDING,
    BINDS_INT,
    BINDS_OTHER,
};

/* What the name at i becomes there. What is not understood is another type. */
static enum binding binding_at(const struct scope *scope, size_t i)
{
    static const char *const before[] = {"(", ",", "var", "mut", "out", "imm", "read", NULL};
    static const char *const after[] = {"=", ",", ")", "{", NULL};
    static const char *const names[] = {"as", "except", "comptime", "alias", "let", "ref", NULL};
    bool begins = is_first(scope, i) || is(scope, i - 1, "var");
    if (is(scope, i + 1, ":") && (begins || is_in(scope, i - 1, before))) {
        bool ends = is_in(scope, i + 3, after) || line_end(scope, i) == i + 3;
        return is(scope, i + 2, "Int") && ends ? BINDS_INT : BINDS_OTHER;
    }
    if (is(scope, i - 1, "for")) {
        bool counts = is(scope, i + 1, "in") && is(scope, i + 2, "range");
        return counts ? BINDS_INT : BINDS_OTHER;
    }
    if (is_in(scope, i - 1, names)) {
        return BINDS_OTHER;
    }
    if (begins && is(scope, i + 1, "=")) {
        return is_int(scope, i + 2, line_end(scope, i + 2)) ? BINDS_INT : BINDS_OTHER;
    }
    return begins && is(scope, i + 1, ",") ? BINDS_OTHER : NO_BINDING;
}

/* Whether `a, b = …` or `for a, b in …` binds the name at i, which is not the first of them. */
static bool is_unpacked(const struct scope *scope, size_t i)
{
    size_t j = i;
    while (is(scope, j - 1, ",")) {
        j -= 2;
    }
    return j != i && (is_first(scope, j) || is(scope, j, "var") || is(scope, j, "for") ||
                      is(scope, j - 1, "for") || is(scope, j - 1, "var"));
}

static bool is_bound_to_ints(const struct scope *scope, size_t name)
{
    bool found = false;
    for (size_t i = scope->first; i < scope->end; i++) {
        if (!is_same(scope, i, name) || is(scope, i - 1, ".")) {
            continue;
        }
        enum binding binding = binding_at(scope, i);
        if (binding == BINDS_OTHER || is_unpacked(scope, i)) {
            return false;
        }
        found |= binding == BINDS_INT;
    }
    return found;
}

/* In `i = i + 1` it is what it is elsewhere. */
static bool is_int_name(const struct scope *scope, size_t name)
{
    struct asked *asked = scope->asked;
    for (size_t i = 0; i < asked->deep; i++) {
        if (is_same(scope, asked->names[i], name)) {
            return true;
        }
    }
    if (asked->deep == MOST_DEEP || asked->left-- <= 0) {
        return false;
    }
    asked->names[asked->deep++] = name;
    bool found = is_bound_to_ints(scope, name);
    asked->deep--;
    return found;
}

/* `len(…)`, `Int(…)` */
static bool calls_for_int(const struct scope *scope, size_t i)
{
    return is(scope, i + 1, "(") && (is(scope, i, "len") || is(scope, i, "Int"));
}

static bool is_int(const struct scope *scope, size_t first, size_t end)
{
    static const char *const operators[] = {"+", "-", "*", "//", "%", "(", ")", NULL};
    static const char *const more[] = {"(", "[", ".", NULL};
    bool any = false;
    for (size_t i = first; i < end; i++) {
        if (is_name(scope, i) && calls_for_int(scope, i)) {
            i = match(scope, i + 1);
        } else if (is_name(scope, i)) {
            if (is_in(scope, i + 1, more) || !is_int_name(scope, i)) {
                return false;
            }
        } else if (is_in(scope, i, operators)) {
            continue;
        } else if (!is_whole_number(scope, i)) {
            return false;
        }
        any = true;
    }
    return any;
}

/* ---- a division ---- */

/* The first token of the operand whose last one is at i; `scope->end` where that is not simple. */
static size_t operand_start(const struct scope *scope, size_t i)
{
    if (is(scope, i, ")")) {
        size_t open = match(scope, i);
        return open < scope->end && is_name(scope, open - 1) ? open - 1 : open;
    }
    return is_name(scope, i) || is_whole_number(scope, i) ? i : scope->end;
}

/* Where the operand that begins at i ends; SIZE_MAX where that is not simple. */
static size_t operand_end(const struct scope *scope, size_t i)
{
    static const char *const more[] = {"(", "[", ".", "**", NULL};
    bool call = is_name(scope, i) && is(scope, i + 1, "(");
    size_t last = call || is(scope, i, "(") ? match(scope, i + (call ? 1 : 0)) : i;
    return last >= scope->end || is_in(scope, last + 1, more) ? SIZE_MAX : last + 1;
}

static bool has_name(const struct scope *scope, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (token_at(scope, i)->kind == MC_TOKEN_NAME) {
            return true;
        }
    }
    return false;
}

/* Literals alone are divided exactly. */
static bool divides_ints(const struct scope *scope, size_t slash)
{
    static const char *const tighter[] = {"/", "//", "%", "**", "@", ".", NULL};
    size_t start = operand_start(scope, slash - 1);
    size_t end = operand_end(scope, slash + 1);
    while (start < scope->end && is(scope, start - 1, "*")) {
        start = operand_start(scope, start - 2);
    }
    return start < scope->end && end != SIZE_MAX && !is_in(scope, start - 1, tighter) &&
           is_int(scope, start, slash) && is_int(scope, slash + 1, end) &&
           (has_name(scope, start, slash) || has_name(scope, slash + 1, end));
}

/* Whether the variable at i is an Int for some other reason, or has to be one. */
static bool has_to_be_int(const struct scope *scope, size_t name)
{
    for (size_t i = scope->first; i < scope->end; i++) {
        bool other = i != name && is_same(scope, i, name);
        bool bound = (is_first(scope, i) || is(scope, i - 1, "var")) &&
                     (is(scope, i + 1, "=") || is(scope, i + 1, ":"));
        bool place = is(scope, i - 1, "[") || (is(scope, i - 1, "(") && is(scope, i - 2, "range"));
        if (other && (bound || place)) {
            return true;
        }
    }
    return false;
}

/* Whether a fraction would be taken: it is printed, compared, made a float, or kept in a variable
 * that nothing says to be an Int. */
static bool takes_fraction(const struct scope *scope, size_t i)
{
    static const char *const takers[] = {"print", "Float64", "Float32", "String", "round", NULL};
    static const char *const tests[] = {"if", "elif", "while", "assert", NULL};
    size_t at = i;
    for (size_t j = i; j > scope->first && token_at(scope, at)->depth > 0; j--) {
        if (token_at(scope, j - 1)->depth < token_at(scope, at)->depth) {
            at = j - 1;
            if (!is(scope, at, "(") || is_name(scope, at - 1)) {
                return is(scope, at, "(") && is_in(scope, at - 1, takers);
            }
        }
    }
    while (at > scope->first && !is_first(scope, at)) {
        at--;
    }
    if (at == scope->shown || is_in(scope, at, tests)) {
        return true;
    }
    at += is(scope, at, "var") ? 1 : 0;
    return is_name(scope, at) && is(scope, at + 1, "=") && at + 1 < i && !has_to_be_int(scope, at);
}

static size_t find_division(const struct scope *scope)
{
    for (size_t i = scope->first; i < scope->end && scope->end - scope->first <= MOST_TOKENS; i++) {
        if (is(scope, i, "/") && divides_ints(scope, i) && takes_fraction(scope, i)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- notes ---- */

static void tell(const struct mc_cell *cell,
                 const struct mc_token *token,
                 const char *message,
                 const char *hint,
                 json_t *diagnostics)
{
    size_t length;
    const char *line = mc_text_line(cell->source, cell->length, (long) token->line, &length);
    const char *start = cell->source + token->start;
    long column = mc_text_column(line, length, (long) (start - line) + 1);
    json_array_append_new(diagnostics,
                          json_pack("{s:s, s:s, s:s, s:i, s:I, s:i, s:I, s:o, s:[], s:[]}",
                                    "kind",
                                    "note",
                                    "message",
                                    message,
                                    "hint",
                                    hint,
                                    "line",
                                    (int) token->line,
                                    "column",
                                    (json_int_t) column,
                                    "end_line",
                                    (int) token->line,
                                    "end_column",
                                    (json_int_t) column + token->length,
                                    "source",
                                    mc_text_json(line, length),
                                    "notes",
                                    "fixits"));
}

static bool says_asserts(const struct mc_strv *flags)
{
    for (size_t i = 0; i < flags->count; i++) {
        if (strstr(flags->items[i], "ASSERT=")) {
            return true;
        }
    }
    return false;
}

static void note_division(const struct mc_cell *cell, json_t *diagnostics)
{
    const struct mc_scan *scan = &cell->scan;
    struct asked asked = {.left = MOST_ASKED};
    bool one = cell->kind == MC_CELL_STATEMENTS; /* whose statements stand among its definitions */
    for (size_t i = 0; i < (one ? 1 : scan->count); i++) {
        struct scope scope = {
            .asked = &asked,
            .tokens = &scan->tokens,
            .first = scan->items[i].first_token,
            .end = scan->items[one ? scan->count - 1 : i].end_token,
            .shown = cell->shown == SIZE_MAX ? SIZE_MAX : scan->items[cell->shown].first_token};
        size_t at = find_division(&scope);
        if (at != SIZE_MAX) {
            tell(cell,
                 &scan->tokens.items[at],
                 "`/` of two Ints gives an Int: 10 / 4 of variables is 2",
                 "`Float64(a) / Float64(b)` keeps the fraction; `//` says that none is wanted",
                 diagnostics);
            return;
        }
    }
}

static void note_assert(const struct mc_cell *cell, json_t *diagnostics)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct mc_token *token = &tokens->items[i];
        if (token->flags & MC_TOKEN_FIRST && mc_token_is(tokens, token, "assert")) {
            tell(cell,
                 token,
                 "`assert` is not compiled in unless that is asked for",
                 "`-D ASSERT=all` compiles it in, above the cell or as `flags=[\"-D\", "
                 "\"ASSERT=all\"]`",
                 diagnostics);
            return;
        }
    }
}

void mc_silent_add(const struct mc_cell *cell, const struct mc_strv *flags, json_t *diagnostics)
{
    if (cell->scan.count == 0) {
        return;
    }
    note_division(cell, diagnostics);
    if (!says_asserts(flags)) {
        note_assert(cell, diagnostics);
    }
}
