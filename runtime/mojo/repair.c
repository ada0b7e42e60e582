#include "mojo/repair.h"

#include "base/mem.h"
#include "mojo/diag_hint.h"
#include "mojo/diag_text.h"
#include "mojo/lex.h"
#include "mojo/repair_edits.h"

#include <string.h>

/* The compiler gives up early: it reports the first old import, and of old functions only those
 * that something new needs. So what one error shows to be old is repaired everywhere at once. */

struct repair {
    const char *source;
    size_t length;
    struct mc_tokens tokens;
    struct mc_edits edits;
    bool old; /* some error is one of older Mojo */
};

static void repair_fini(struct repair *r)
{
    mc_tokens_fini(&r->tokens);
    mc_edits_fini(&r->edits);
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The token at an index, also beyond either end: the last one is MC_TOKEN_END. */
static const struct mc_token *token(const struct repair *r, size_t i)
{
    return &r->tokens.items[i < r->tokens.count ? i : r->tokens.count];
}

static bool is(const struct repair *r, size_t i, const char *text)
{
    return i < r->tokens.count && mc_token_is(&r->tokens, token(r, i), text);
}

static bool is_name(const struct repair *r, size_t i)
{
    int kind = token(r, i)->kind;
    return kind == MC_TOKEN_NAME || kind == MC_TOKEN_BACKTICK;
}

static bool is_first(const struct repair *r, size_t i)
{
    return (token(r, i)->flags & MC_TOKEN_FIRST) != 0;
}

static size_t end_of(const struct mc_token *t)
{
    return (size_t) t->start + t->length;
}

static void replace(struct repair *r, size_t i, const char *text, const char *message)
{
    const struct mc_token *t = token(r, i);
    mc_edits_add(&r->edits, t->start, end_of(t), text, message);
}

static void insert(struct repair *r, size_t at, const char *text, const char *message)
{
    mc_edits_add(&r->edits, at, at, text, message);
}

/* A keyword that begins a statement: it is followed by a name, as a variable of that name is not.
 */
static void repair_keyword(struct repair *r, const char *from, const char *to, const char *message)
{
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (is(r, i, from) && is_name(r, i + 1) &&
            (is_first(r, i) || (i > 0 && (is(r, i - 1, "async") || is(r, i - 1, ";"))))) {
            replace(r, i, to, message);
        }
    }
}

/* Which old imports are the standard library's. Names that modules of users often have too count
 * only where the compiler found nothing under them. */
static bool is_old_import(const struct repair *r, size_t i, const char *reported)
{
    static const char *const common[] = {"utils",
                                         "testing",
                                         "hash",
                                         "format",
                                         "io",
                                         "stat",
                                         "logger",
                                         "traits",
                                         "iter",
                                         "compile",
                                         "benchmark",
                                         "runtime",
                                         "prelude",
                                         "documentation"};
    const struct mc_token *t = token(r, i);
    if (t->kind != MC_TOKEN_NAME || !mc_std_module(r->source + t->start, t->length)) {
        return false;
    }
    for (size_t j = 0; j < MC_LENGTH(common); j++) {
        if (is(r, i, common[j])) {
            return is(r, i, reported);
        }
    }
    return true;
}

static const char import_message[] = "modules of the standard library are imported from `std`";

/* `import a.b as c, d`: `d` alone must go on being called so. */
static void repair_import_names(struct repair *r, size_t i, const char *reported)
{
    while (is_name(r, i)) {
        size_t root = i++;
        while (is(r, i, ".") && is_name(r, i + 1)) {
            i += 2;
        }
        if (is_old_import(r, root, reported)) {
            const struct mc_token *name = token(r, root);
            mc_autofree char *text = NULL;
            bool alone = i == root + 1 && !is(r, i, "as");
            int n = asprintf(&text,
                             "std.%.*s%s%.*s",
                             (int) name->length,
                             r->source + name->start,
                             alone ? " as " : "",
                             alone ? (int) name->length : 0,
                             r->source + name->start);
            if (n < 0) {
                text = NULL;
                r->edits.failed = true;
                return;
            }
            replace(r, root, text, import_message);
        }
        i += is(r, i, "as") ? 2 : 0;
        if (!is(r, i, ",")) {
            return;
        }
        i++;
    }
}

static void repair_imports(struct repair *r, const char *quoted)
{
    mc_autofree char *reported = strndup(quoted, strcspn(quoted, "'"));
    if (reported == NULL || !mc_std_module(reported, strlen(reported))) {
        r->edits.failed |= reported == NULL;
        return;
    }
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (is_first(r, i) && is(r, i, "import")) {
            repair_import_names(r, i + 1, reported);
        } else if (is_first(r, i) && is(r, i, "from") && is_old_import(r, i + 1, reported)) {
            insert(r, token(r, i + 1)->start, "std.", import_message);
        }
    }
}

/* `inout x`, `owned x`, `borrowed x` at the start of an argument. */
static void repair_conventions(struct repair *r)
{
    for (size_t i = 1; i < r->tokens.count; i++) {
        bool argument = token(r, i)->depth > 0 && (is(r, i - 1, "(") || is(r, i - 1, ",")) &&
                        (is_name(r, i + 1) || is(r, i + 1, "*"));
        bool is_self = i >= 2 && is(r, i + 1, "self");
        if (!argument) {
            continue;
        }
        if (is(r, i, "inout")) {
            bool makes = is_self && (is(r, i - 2, "__init__") || is(r, i - 2, "__copyinit__") ||
                                     is(r, i - 2, "__moveinit__"));
            replace(r,
                    i,
                    makes ? "out" : "mut",
                    makes ? "`inout self` is `out self` in `__init__`" : "`inout` is `mut` now");
        } else if (is(r, i, "owned")) {
            bool ends = is_self && is(r, i - 2, "__del__");
            replace(r,
                    i,
                    ends ? "deinit" : "var",
                    ends ? "`owned self` is `deinit self` in `__del__`" : "`owned` is `var` now");
        } else if (is(r, i, "borrowed")) {
            mc_edits_add(&r->edits,
                         token(r, i)->start,
                         token(r, i + 1)->start,
                         "",
                         "`borrowed` is the default");
        }
    }
}

/* `@parameter` above `for` or `if`. */
static void repair_parameter(struct repair *r)
{
    for (size_t i = 0; i + 3 < r->tokens.count; i++) {
        if (is(r, i, "@") && is(r, i + 1, "parameter") &&
            token(r, i + 2)->kind == MC_TOKEN_NEWLINE &&
            (is(r, i + 3, "for") || is(r, i + 3, "if"))) {
            mc_edits_add(&r->edits,
                         token(r, i)->start,
                         token(r, i + 3)->start,
                         "comptime ",
                         "`@parameter` is `comptime` now");
        }
    }
}

static bool has_name_before(const struct repair *r, size_t i, const char *name, const char *end)
{
    for (; i < r->tokens.count && !is(r, i, end); i++) {
        if (is(r, i, name)) {
            return true;
        }
    }
    return false;
}

/* The traits that `@value` stood for, on the line of the struct that begins at i. */
static void add_traits(struct repair *r, size_t i, const char *message)
{
    int depth = token(r, i)->depth;
    while (i < r->tokens.count && token(r, i)->kind != MC_TOKEN_NEWLINE) {
        if (token(r, i)->depth == depth && is(r, i, ":")) {
            insert(r, token(r, i)->start, "(Copyable, Movable)", message);
            return;
        }
        if (token(r, i)->depth == depth && is(r, i, "(")) {
            if (!has_name_before(r, i, "Copyable", ")")) {
                bool none = is(r, i + 1, ")");
                insert(r,
                       end_of(token(r, i)),
                       none ? "Copyable, Movable" : "Copyable, Movable, ",
                       message);
            }
            return;
        }
        i++;
    }
}

static void repair_value(struct repair *r)
{
    static const char message[] = "`@value` is `@fieldwise_init` with traits now";
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        if (!is(r, i, "@") || !is_first(r, i) || !is(r, i + 1, "value")) {
            continue;
        }
        replace(r, i + 1, "fieldwise_init", message);
        size_t at = i + 2;
        while (at < r->tokens.count && !is(r, at, "struct") &&
               (!is_first(r, at) || is(r, at, "@"))) {
            at++;
        }
        if (is(r, at, "struct")) {
            add_traits(r, at + 1, message);
        }
    }
}

static const char fn_message[] = "'fn' has been removed; use 'def' instead";

/* What no Mojo of today can mean anything else by. */
static void repair_certain(struct repair *r)
{
    repair_keyword(r, "fn", "def", fn_message);
    repair_keyword(r, "let", "var", "`let` is `var` now");
    repair_keyword(r, "alias", "comptime", "`alias` is `comptime` now");
    repair_conventions(r);
    repair_parameter(r);
}

/* `str(x)` and the like: calls only, and never methods. */
static void repair_conversion(struct repair *r, const char *from, const char *to)
{
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (is(r, i, from) && is(r, i + 1, "(") && (i == 0 || !is(r, i - 1, ".")) &&
            (i == 0 || !is(r, i - 1, "def"))) {
            replace(r, i, to, "conversions have the name of the type");
        }
    }
}

static bool repair_unknown_name(struct repair *r, const char *name)
{
    static const struct {
        const char *from;
        const char *to;
    } conversions[] = {{"str'", "String"}, {"int'", "Int"}, {"float'", "Float64"}};
    if (starts(name, "value'")) {
        repair_value(r);
    } else if (!starts(name, "let'") && !starts(name, "alias'")) {
        for (size_t i = 0; i < MC_LENGTH(conversions); i++) {
            if (starts(name, conversions[i].from)) {
                mc_autofree char *from = strndup(name, strcspn(name, "'"));
                if (from != NULL) {
                    repair_conversion(r, from, conversions[i].to);
                }
                return true;
            }
        }
        return false;
    }
    return true;
}

/* Whether the error is one of older Mojo. Makes the repairs that only this error calls for: names
 * of modules and functions may be the user's own. */
static bool is_old(struct repair *r, const char *message, const char *line)
{
    static const char unknown[] = "use of unknown declaration '";
    static const char missing[] = "unable to locate module '";
    if (starts(message, unknown)) {
        return repair_unknown_name(r, message + strlen(unknown));
    }
    if (starts(message, missing)) {
        repair_imports(r, message + strlen(missing));
        return true;
    }
    return starts(message, "'fn' has been removed") ||
           starts(message, "expected ')' in argument list") ||
           strstr(message, "statement does not support decorators") != NULL ||
           (starts(message, "expressions must not appear at file scope") &&
            starts(line + strspn(line, " \t"), "alias "));
}

static bool offset_of(const struct repair *r,
                      const json_t *fixit,
                      const char *line_key,
                      const char *column_key,
                      size_t *ret)
{
    size_t length;
    long line = (long) json_integer_value(json_object_get(fixit, line_key));
    long column = (long) json_integer_value(json_object_get(fixit, column_key));
    const char *text = mc_text_line(r->source, r->length, line, &length);
    size_t byte = (size_t) mc_text_byte_column(text, length, column) - 1;
    if (line < 1 || column < 1 || text < r->source || text > r->source + r->length ||
        byte > length) {
        return false;
    }
    *ret = (size_t) (text - r->source) + byte;
    return true;
}

/* `fn` is also said to have been removed where it is a variable's name: that stays. */
static bool is_function_type(const struct repair *r, size_t offset)
{
    const struct mc_token *t = mc_lex_at(&r->tokens, offset);
    size_t i = (size_t) (t - r->tokens.items);
    return is(r, i, "fn") && (is(r, i + 1, "(") || is(r, i + 1, "[") || is_name(r, i + 1));
}

static void apply_fixits(struct repair *r, const json_t *diagnostic, const char *message)
{
    bool about_fn = starts(message, "'fn' has been removed");
    size_t i;
    json_t *fixit;
    json_array_foreach(json_object_get(diagnostic, "fixits"), i, fixit)
    {
        size_t start;
        size_t end;
        const char *text = json_string_value(json_object_get(fixit, "text"));
        if (text != NULL && offset_of(r, fixit, "line", "column", &start) &&
            offset_of(r, fixit, "end_line", "end_column", &end) && start <= end &&
            (!about_fn || is_function_type(r, start))) {
            mc_edits_add(&r->edits, start, end, text, message);
        }
    }
}

static void repair_error(struct repair *r, const json_t *diagnostic)
{
    const char *message = json_string_value(json_object_get(diagnostic, "message"));
    const char *line = json_string_value(json_object_get(diagnostic, "source"));
    if (message == NULL) {
        return;
    }
    if (is_old(r, message, line != NULL ? line : "")) {
        r->old = true;
    }
    /* A guess is the user's to take: the nearest name need not be the one that was meant. */
    if (strstr(message, "did you mean") == NULL) {
        apply_fixits(r, diagnostic, message);
    }
}

int mc_repair(const char *source,
              size_t length,
              const json_t *diagnostics,
              struct mc_buf *ret,
              json_t **ret_changes,
              mc_err *err)
{
    __attribute__((cleanup(repair_fini))) struct repair r = {.source = source, .length = length};
    size_t i;
    json_t *diagnostic;
    mc_buf_clear(ret);
    if (mc_lex(source, length, &r.tokens, err) < 0) {
        return -1;
    }
    json_array_foreach(diagnostics, i, diagnostic)
    {
        const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
        if (kind != NULL && strcmp(kind, "error") == 0 &&
            json_object_get(diagnostic, "file") == NULL) {
            repair_error(&r, diagnostic);
        }
    }
    if (r.old) {
        repair_certain(&r);
    }
    if (r.edits.count == 0 && !r.edits.failed) {
        return 1;
    }
    if (mc_edits_apply(&r.edits, source, length, ret, ret_changes, err) < 0) {
        return -1;
    }
    if (r.edits.count > 0) {
        return 0;
    }
    json_decref(*ret_changes);
    *ret_changes = NULL;
    mc_buf_clear(ret);
    return 1;
}
