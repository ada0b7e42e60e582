#include "base/mem.h"
#include "mojo/diag_hint.h"
#include "mojo/repair_parts.h"

#include <stdio.h>
#include <string.h>

/* Which old imports are the standard library's. Names that modules of users often have too count
 * only where the compiler found nothing under them. */
static bool is_old_import(const struct mc_repair *r, size_t i, const char *reported)
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
    const struct mc_token *t = mc_repair_token(r, i);
    if (t->kind != MC_TOKEN_NAME || !mc_std_module(r->source + t->start, t->length)) {
        return false;
    }
    for (size_t j = 0; j < MC_LENGTH(common); j++) {
        if (mc_repair_is(r, i, common[j])) {
            return mc_repair_is(r, i, reported);
        }
    }
    return true;
}

static const char import_message[] = "modules of the standard library are imported from `std`";

/* `import a.b as c, d`: `d` alone must go on being called so. */
static void repair_import_names(struct mc_repair *r, size_t i, const char *reported)
{
    while (mc_repair_is_name(r, i)) {
        size_t root = i++;
        while (mc_repair_is(r, i, ".") && mc_repair_is_name(r, i + 1)) {
            i += 2;
        }
        if (is_old_import(r, root, reported)) {
            const struct mc_token *name = mc_repair_token(r, root);
            mc_autofree char *text = NULL;
            bool alone = i == root + 1 && !mc_repair_is(r, i, "as");
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
            mc_repair_replace(r, root, text, import_message);
        }
        i += mc_repair_is(r, i, "as") ? 2 : 0;
        if (!mc_repair_is(r, i, ",")) {
            return;
        }
        i++;
    }
}

static void repair_imports(struct mc_repair *r, const char *quoted)
{
    mc_autofree char *reported = strndup(quoted, strcspn(quoted, "'"));
    if (reported == NULL || !mc_std_module(reported, strlen(reported))) {
        r->edits.failed |= reported == NULL;
        return;
    }
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_first(r, i) && mc_repair_is(r, i, "import")) {
            repair_import_names(r, i + 1, reported);
        } else if (mc_repair_is_first(r, i) && mc_repair_is(r, i, "from") &&
                   is_old_import(r, i + 1, reported)) {
            mc_repair_insert(r, mc_repair_token(r, i + 1)->start, "std.", import_message);
        }
    }
}

static size_t statement_of(const struct mc_repair *r, size_t i)
{
    while (i > 0 && !mc_repair_is_first(r, i) && !mc_repair_is(r, i - 1, ";")) {
        i--;
    }
    return i;
}

void mc_repair_forget_import(struct mc_repair *r, size_t i)
{
    static const char message[] = "it needs no import";
    bool follows = mc_repair_is(r, i - 1, ",");
    bool followed = mc_repair_is(r, i + 1, ",");
    if (!mc_repair_is(r, statement_of(r, i), "from") || mc_repair_is(r, i + 1, "as")) {
        return;
    }
    if (followed) {
        mc_repair_remove(r, i, i + 1, message);
    } else if (follows) {
        mc_edits_add(&r->edits, mc_repair_token(r, i - 1)->start, mc_repair_end(r, i), "", message);
    } else {
        mc_repair_remove_line(r, statement_of(r, i), message);
    }
}

/* Where another import can stand so that no line moves: behind one, on an empty first line, or at
 * the end, for the order of imports and definitions is free. */
static void add_import(struct mc_repair *r, const char *statement)
{
    size_t first = r->tokens.count > 0 ? mc_repair_token(r, 0)->start : r->length;
    const char *newline = memchr(r->source, '\n', r->length);
    for (size_t i = 0; i < r->tokens.count; i++) {
        bool import = mc_repair_is(r, i, "from") || mc_repair_is(r, i, "import");
        if (mc_repair_is_first(r, i) && import && mc_repair_token(r, i)->depth == 0 &&
            mc_repair_function(r, i) == r->tokens.count) {
            mc_repair_change(r,
                             mc_repair_token(r, i)->start,
                             mc_repair_token(r, i)->start,
                             statement,
                             "%s; ",
                             statement);
            return;
        }
    }
    for (size_t at = 0; newline != NULL && at < first; at = (size_t) (newline - r->source) + 1) {
        newline = memchr(r->source + at, '\n', r->length - at);
        if (newline == r->source + at) {
            mc_repair_insert(r, at, statement, statement);
            return;
        }
    }
    bool ends = r->length > 0 && r->source[r->length - 1] == '\n';
    mc_repair_change(r, r->length, r->length, statement, "%s%s\n", ends ? "" : "\n", statement);
}

/* Modules that are gone, and whose names need no import any more. */
static bool is_built_in(const struct mc_repair *r, size_t i)
{
    static const char *const names[] = {"List",
                                        "DynamicVector",
                                        "InlinedFixedVector",
                                        "InlineArray",
                                        "Array",
                                        "Span",
                                        "Pointer",
                                        "UnsafePointer",
                                        "DTypePointer",
                                        "Reference",
                                        "String",
                                        "StringRef",
                                        "StringSlice",
                                        "StringLiteral",
                                        "Optional",
                                        "Dict",
                                        "AnyPointer",
                                        "CollectionElement",
                                        "Stringable"};
    for (size_t j = 0; j < MC_LENGTH(names); j++) {
        if (mc_repair_is(r, i, names[j])) {
            return true;
        }
    }
    return false;
}

/* `from collections.vector import DynamicVector`, at the module that is not there. */
static bool forget_module(struct mc_repair *r, size_t i)
{
    size_t first = statement_of(r, i);
    size_t at = first;
    if (!mc_repair_is(r, first, "from") || !mc_repair_is(r, first + 1, "std")) {
        return false;
    }
    while (at < r->tokens.count && !mc_repair_is(r, at, "import")) {
        at++;
    }
    for (at++; mc_repair_is_name(r, at) || mc_repair_is(r, at, ","); at++) {
        if (mc_repair_is_name(r, at) && !is_built_in(r, at)) {
            return false;
        }
    }
    mc_repair_remove_line(r, first, "it needs no import");
    return true;
}

bool mc_repair_imports(struct mc_repair *r, const struct mc_repair_error *e)
{
    static const char missing[] = "unable to locate module '";
    char text[128];
    if (mc_repair_quoted(e->message, "? Add '", text, sizeof text) &&
        strncmp(text, "from ", 5) == 0) {
        add_import(r, text);
        return false;
    }
    if (mc_repair_quoted(e->message, "' does not contain '", text, sizeof text) &&
        e->at < r->tokens.count && is_built_in(r, e->at)) {
        mc_repair_forget_import(r, e->at);
        return true;
    }
    if (strncmp(e->message, missing, sizeof missing - 1) != 0) {
        return false;
    }
    if (e->at >= r->tokens.count || !forget_module(r, e->at)) {
        repair_imports(r, e->message + sizeof missing - 1);
    }
    return true;
}
