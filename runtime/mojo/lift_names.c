#include "mojo/lift_names.h"

#include "mojo/scan.h"
#include "mojo/scan_imports.h"

#include <string.h>

#define MAX_DEPTH 16 /* of modules that import a name from one another */

/* Those whose results were compared, bit by bit, with those of their elements. */
static const char *const imported[] = {
    "acos",  "acosh",    "asin",  "asinh", "atan", "atan2", "atanh", "cbrt",  "ceil",
    "clamp", "cos",      "cosh",  "erf",   "exp",  "exp2",  "expm1", "floor", "fma",
    "hypot", "isfinite", "isinf", "isnan", "log",  "log10", "log1p", "log2",  "recip",
    "rsqrt", "sin",      "sinh",  "sqrt",  "tan",  "tanh",  "trunc", NULL};
/* Those of which a vector of Float32 has other results: exp(inf) is 2.4e38. */
static const char *const of_float64[] = {"cosh", "exp", NULL};
static const char *const built_in[] = {"abs", "max", "min", "round", NULL};
static const char *const constants[] = {"e", "pi", "tau", NULL};
static const char *const methods[] = {
    "clamp", "eq", "fma", "ge", "gt", "le", "lt", "ne", "select", NULL};

/* ---- where a name comes from ---- */

struct wanted {
    const char *name;
    size_t length;
    bool standard; /* found, and where it should be */
    bool other;    /* found, and elsewhere */
};

static bool is_wanted(const struct wanted *wanted, const char *name)
{
    return name && strlen(name) == wanted->length &&
           memcmp(name, wanted->name, wanted->length) == 0;
}

static int look_at_import(const struct mc_import *import, void *data)
{
    struct wanted *wanted = data;
    bool standard = strncmp(import->module, "std.math", strlen("std.math")) == 0 ||
                    strcmp(import->module, "std.utils.numerics") == 0;
    if (is_wanted(wanted, import->as ? import->as : import->name)) {
        bool renamed = import->as && (!import->name || strcmp(import->as, import->name) != 0);
        wanted->standard |= standard && !renamed;
        wanted->other |= !standard || renamed;
    }
    return 0;
}

static void look_at_items(const struct mc_scan *scan, struct wanted *wanted)
{
    for (size_t i = 0; i < scan->count; i++) {
        const struct mc_item *item = &scan->items[i];
        const struct mc_cursor cursor = {
            .tokens = &scan->tokens, .at = item->first_token, .end = item->end_token};
        struct mc_span name = item->name;
        if (item->kind == MC_ITEM_IMPORT) {
            wanted->other |= mc_import_read(cursor, look_at_import, wanted, NULL) < 0;
        } else if (name.end - name.start == wanted->length &&
                   memcmp(scan->tokens.source + name.start, wanted->name, wanted->length) == 0) {
            wanted->other = true;
        }
    }
}

static void look_below(const char *imports,
                       const struct mc_lift_below *below,
                       struct wanted *wanted,
                       int depth);

static void
look_at_text(const char *text, const struct mc_lift_below *below, struct wanted *wanted, int depth)
{
    mc_err err;
    mc_autoscan scan = MC_SCAN_INIT;
    if (depth > MAX_DEPTH || mc_scan(text, strlen(text), &scan, &err) < 0) {
        wanted->other = true;
        return;
    }
    look_at_items(&scan, wanted);
    look_below(text, below, wanted, depth);
}

/* The lines "from MODULE import NAME" of the modules that are known. */
static void
look_below(const char *imports, const struct mc_lift_below *below, struct wanted *wanted, int depth)
{
    for (size_t i = 0; i < below->names->count; i++) {
        char line[128];
        snprintf(line,
                 sizeof line,
                 "from %s import %.*s\n",
                 below->names->items[i],
                 (int) (wanted->length < 48 ? wanted->length : 48),
                 wanted->name);
        if (strstr(imports, line)) {
            wanted->other = false; /* as what it was imported from has it */
            look_at_text(below->texts->items[i], below, wanted, depth + 1);
        }
    }
}

static struct wanted
look(const struct mc_cell *cell, const struct mc_lift_below *below, const struct mc_token *token)
{
    struct wanted wanted = {.name = cell->source + token->start, .length = token->length};
    look_at_items(&cell->scan, &wanted);
    if (!wanted.standard && !wanted.other) {
        look_below(below->imports, below, &wanted, 0);
    }
    return wanted;
}

/* ---- */

bool mc_lift_is_function(const struct mc_cell *cell,
                         const struct mc_lift_below *below,
                         const struct mc_token *token)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    bool needs_import = mc_token_in(tokens, token, imported);
    if (!needs_import && !mc_token_in(tokens, token, built_in)) {
        return false;
    }
    struct wanted wanted = look(cell, below, token);
    return !wanted.other && (wanted.standard || !needs_import);
}

bool mc_lift_function_takes(const struct mc_tokens *tokens,
                            const struct mc_token *token,
                            enum mc_scalar scalar)
{
    return mc_token_in(tokens, token, built_in) ||
           (scalar != MC_FLOAT16 &&
            (scalar != MC_FLOAT32 || !mc_token_in(tokens, token, of_float64)));
}

bool mc_lift_is_constant(const struct mc_cell *cell,
                         const struct mc_lift_below *below,
                         const struct mc_token *token)
{
    if (!mc_token_in(&cell->scan.tokens, token, constants)) {
        return false;
    }
    struct wanted wanted = look(cell, below, token);
    return wanted.standard && !wanted.other;
}

bool mc_lift_is_method(const struct mc_tokens *tokens, const struct mc_token *token)
{
    return mc_token_in(tokens, token, methods);
}
