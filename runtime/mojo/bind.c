#include "mojo/bind.h"

#include "abi/kind.h"
#include "abi/thunk.h"
#include "base/json.h"
#include "base/mem.h"
#include "mojo/bind_parts.h"
#include "mojo/lex.h"
#include "mojo/scan.h"
#include "mojo/thunk_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMPUTED 4 /* each doubles the calls that a thunk can make */

/* Notes why there is no thunk; the first reason stays. */
__attribute__((format(printf, 2, 3))) static void
skip(struct mc_binding *binding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!binding->skipped && vasprintf(&binding->skipped, format, arguments) < 0) {
        binding->skipped = NULL;
    }
    va_end(arguments);
}

static bool is_empty(struct mc_span span)
{
    return span.end <= span.start;
}

static bool span_is(const struct mc_cell *cell, struct mc_span span, const char *text)
{
    return span.end - span.start == strlen(text) &&
           memcmp(cell->source + span.start, text, span.end - span.start) == 0;
}

/* ---- one function ---- */

static void
skip_other(struct mc_binding *binding, const char *type, const char *argument, const char *why)
{
    if (argument && why) {
        skip(binding, "the argument '%s' is a %s: %s", argument, type, why);
    } else if (argument) {
        skip(binding,
             "the argument '%s' is a %s, which has no counterpart in Python",
             argument,
             type);
    } else if (why) {
        skip(binding, "it returns %s: %s", type, why);
    } else {
        skip(binding, "it returns %s, which has no counterpart in Python", type);
    }
}

/* Why a type cannot cross: what takes and gives Python's objects was written for Modular's way to
 * extension modules. `why`: of a struct, or NULL. */
static void
skip_type(struct mc_binding *binding, const char *type, const char *argument, const char *why)
{
    if (strcmp(type, "PythonObject") == 0 && argument) {
        skip(binding,
             "the argument '%s' is a PythonObject: give it a type, as in '%s: Int'; no "
             "PythonModuleBuilder is needed",
             argument,
             argument);
    } else if (strcmp(type, "PythonObject") == 0) {
        skip(binding,
             "it returns a PythonObject: give its result a type, as in '-> Int'; no "
             "PythonModuleBuilder is needed");
    } else if (argument && strncmp(type, "NDArray[", strlen("NDArray[")) == 0) {
        skip(binding,
             "the argument '%s' is an NDArray, which functions return: take an NDSpan[%.*s, _]",
             argument,
             (int) strcspn(type + strlen("NDArray["), "]"),
             type + strlen("NDArray["));
    } else if (!argument && strncmp(type, "NDSpan[", strlen("NDSpan[")) == 0) {
        skip(binding, "it returns an NDSpan, whose memory nobody keeps: return an NDArray");
    } else {
        skip_other(binding, type, argument, why);
    }
}

static void
read_result(const struct mc_bindings *bindings, struct mc_binding *binding, struct mc_span returns)
{
    const struct mc_cell *cell = bindings->cell;
    mc_autobuf why = MC_BUF_INIT;
    if (is_empty(returns)) {
        binding->result = (struct mc_type) {.kind = MC_TYPE_NONE};
        return;
    }
    if (mc_bind_type(&bindings->scopes, binding->item->def, returns, &binding->result, NULL, &why) <
        0) {
        mc_autofree char *text = mc_bind_text(cell, returns);
        skip_type(binding, text ? text : "", NULL, why.length ? why.data : NULL);
    }
}

static void read_default(const struct mc_cell *cell, struct mc_binding_arg *ret)
{
    if (is_empty(ret->arg->default_value)) {
        return;
    }
    ret->literal = mc_bind_literal(cell, ret->arg->default_value, &ret->type);
    ret->computed = ret->literal == NULL;
}

static void read_type(const struct mc_bindings *bindings,
                      struct mc_binding *binding,
                      struct mc_binding_arg *ret)
{
    const struct mc_cell *cell = bindings->cell;
    mc_autobuf why = MC_BUF_INIT;
    const struct mc_arg *arg = ret->arg;
    mc_autofree char *name = mc_bind_text(cell, arg->name);
    if (is_empty(arg->type)) {
        skip(binding, "the argument '%s' has no type", name ? name : "");
        return;
    }
    int outcome = mc_bind_type(
        &bindings->scopes, binding->item->def, arg->type, &ret->type, &ret->slice, &why);
    if (outcome < 0 || ret->type.kind == MC_TYPE_NONE) {
        mc_autofree char *text = mc_bind_text(cell, arg->type);
        skip_type(binding, text ? text : "", name ? name : "", why.length ? why.data : NULL);
    }
}

static void read_argument(const struct mc_bindings *bindings,
                          struct mc_binding *binding,
                          const struct mc_arg *arg)
{
    const struct mc_cell *cell = bindings->cell;
    mc_autofree char *name = mc_bind_text(cell, arg->name);
    if (arg->kind == MC_ARG_VARIADIC || arg->kind == MC_ARG_KEYWORD_VARIADIC) {
        skip(binding, "it takes any number of arguments ('%s')", name ? name : "");
        return;
    }
    if (span_is(cell, arg->convention, "mut") || span_is(cell, arg->convention, "inout")) {
        skip(binding,
             "it changes its argument '%s', which Python would not see: return the new value, or "
             "take a Span[mut=True, …]",
             name ? name : "");
        return;
    }
    struct mc_binding_arg *bound = &binding->args[binding->n_args++];
    bound->arg = arg;
    bound->consumed = span_is(cell, arg->convention, "var") ||
                      span_is(cell, arg->convention, "owned") ||
                      span_is(cell, arg->convention, "deinit");
    read_type(bindings, binding, bound);
    if (!binding->skipped) {
        read_default(cell, bound);
        binding->masked = binding->masked || bound->computed;
    }
}

static void read_arguments(const struct mc_bindings *bindings, struct mc_binding *binding)
{
    const struct mc_cell *cell = bindings->cell;
    const struct mc_def *def = binding->item->def;
    struct mc_span returns = def->returns;
    size_t computed = 0;
    size_t words = 1;
    binding->args = calloc(def->n_args + 1, sizeof *binding->args);
    if (!binding->args) {
        skip(binding, "out of memory");
        return;
    }
    for (size_t i = 0; i < def->n_args && !binding->skipped; i++) {
        if (span_is(cell, def->args[i].convention, "out")) {
            returns = def->args[i].type;
        } else {
            read_argument(bindings, binding, &def->args[i]);
        }
    }
    for (size_t i = 0; i < binding->n_args; i++) {
        computed += binding->args[i].computed ? 1 : 0;
        words += binding->args[i].type.words;
    }
    if (binding->n_args > MC_THUNK_MAX_ARGS || words > MC_THUNK_IN_WORDS) {
        skip(binding, "it has more than %d arguments", MC_THUNK_MAX_ARGS);
    }
    if (computed > MC_THUNK_MAX_ARGS || computed > MAX_COMPUTED) {
        skip(binding,
             "it has more than %d defaults that are no literals, which would take %zu calls",
             MAX_COMPUTED,
             computed < 20 ? (size_t) 1 << computed : SIZE_MAX);
    }
    if (!binding->skipped) {
        read_result(bindings, binding, returns);
    }
}

static void read_function(const struct mc_bindings *bindings, struct mc_binding *binding)
{
    const struct mc_cell *cell = bindings->cell;
    const struct mc_def *def = binding->item->def;
    if (def->is_async) {
        skip(binding, "it is async");
    }
    if (strncmp(binding->name, "PyInit_", strlen("PyInit_")) == 0) {
        skip(binding,
             "it makes an extension module, and none is needed: functions with types are called as "
             "they are");
    }
    binding->width = mc_bind_width(cell, def);
    for (size_t i = 0; i < def->n_params; i++) {
        if (!binding->width && !mc_bind_is_free(cell, &def->params[i])) {
            mc_autofree char *text = mc_bind_text(cell, def->parameters);
            skip(binding,
                 "it has compile-time parameters [%s]: write a def that gives them",
                 text ? text : "");
        }
    }
    if (!binding->skipped) {
        read_arguments(bindings, binding);
    }
}

/* ---- overloads ---- */

static size_t required(const struct mc_binding *binding)
{
    size_t n = 0;
    for (size_t i = 0; i < binding->n_args; i++) {
        n += binding->args[i].literal || binding->args[i].computed ? 0 : 1;
    }
    return n;
}

/* Whether there is a call that both could take. */
static bool look_alike(const struct mc_binding *a, const struct mc_binding *b)
{
    size_t most = a->n_args < b->n_args ? a->n_args : b->n_args;
    size_t least = required(a) > required(b) ? required(a) : required(b);
    if (least > most) {
        return false;
    }
    for (size_t i = 0; i < least; i++) {
        if (mc_type_look(&a->args[i].type) != mc_type_look(&b->args[i].type)) {
            return false;
        }
    }
    return true;
}

static void skip_ambiguous(struct mc_bindings *bindings)
{
    for (size_t i = 0; i < bindings->count; i++) {
        for (size_t k = i + 1; k < bindings->count; k++) {
            struct mc_binding *a = &bindings->items[i];
            struct mc_binding *b = &bindings->items[k];
            if (!a->skipped && !b->skipped && strcmp(a->name, b->name) == 0 && look_alike(a, b)) {
                skip(b,
                     "Python cannot tell its overloads on lines %u and %u apart",
                     a->item->line,
                     b->item->line);
                skip(a, "%s", b->skipped ? b->skipped : "");
            }
        }
    }
}

/* ---- all ---- */

static bool is_candidate(const struct mc_cell *cell, size_t i)
{
    const struct mc_item *item = &cell->scan.items[i];
    return item->kind == MC_ITEM_DEF && item->def && item->def->complete && !is_empty(item->name) &&
           cell->source[item->name.start] != '_' && !span_is(cell, item->name, "main") &&
           !span_is(cell, item->name, "`main`");
}

static char *plain_name(const struct mc_cell *cell, struct mc_span name)
{
    size_t quote = cell->source[name.start] == '`' && name.end - name.start >= 2 ? 1 : 0;
    return strndup(cell->source + name.start + quote, name.end - name.start - 2 * quote);
}

static bool is_exported(const json_t *exports, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(exports, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0) {
            return true;
        }
    }
    return exports == NULL;
}

static int check_exports(const struct mc_bindings *bindings, const json_t *exports, mc_err *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(exports, i, item)
    {
        size_t k = 0;
        while (k < bindings->count &&
               strcmp(bindings->items[k].name, json_string_value(item)) != 0) {
            k++;
        }
        if (k == bindings->count) {
            mc_err_set(err,
                       MC_INVALID_REQUEST,
                       "exports: the source defines no function '%.60s'",
                       json_string_value(item));
            return mc_err_hint(
                err, "what can be exported: top-level functions whose name has no leading '_'");
        }
    }
    return 0;
}

static int fill(struct mc_bindings *bindings, const json_t *exports, mc_err *err)
{
    const struct mc_cell *cell = bindings->cell;
    for (size_t i = 0; i < cell->scan.count; i++) {
        if (is_candidate(cell, i)) {
            struct mc_binding *binding = &bindings->items[bindings->count];
            binding->item = &cell->scan.items[i];
            binding->number = bindings->count;
            binding->name = plain_name(cell, binding->item->name);
            if (!binding->name) {
                return mc_err_set(err, MC_NO_MEMORY, "out of memory");
            }
            bindings->count++;
        }
    }
    if (check_exports(bindings, exports, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < bindings->count; i++) {
        if (is_exported(exports, bindings->items[i].name)) {
            read_function(bindings, &bindings->items[i]);
        } else {
            skip(&bindings->items[i], "it is not among the exports");
        }
    }
    skip_ambiguous(bindings);
    return mc_bind_records(bindings) < 0 ? mc_err_set(err, MC_NO_MEMORY, "out of memory") : 0;
}

int mc_bindings_make(const struct mc_cell *cell,
                     const json_t *exports,
                     const struct mc_around *around,
                     struct mc_bindings **ret,
                     mc_err *err)
{
    struct mc_bindings *bindings = calloc(1, sizeof *bindings);
    if (bindings) {
        bindings->cell = cell;
        bindings->items = calloc(cell->scan.count + 1, sizeof *bindings->items);
    }
    if (!bindings || !bindings->items) {
        mc_bindings_free(bindings);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_scopes_init(&bindings->scopes, cell, around, err) < 0 ||
        fill(bindings, exports, err) < 0) {
        mc_bindings_free(bindings);
        return -1;
    }
    *ret = bindings;
    return 0;
}

struct mc_bindings *mc_bindings_free(struct mc_bindings *bindings)
{
    for (size_t i = 0; bindings && i < bindings->count; i++) {
        struct mc_binding *binding = &bindings->items[i];
        for (size_t k = 0; k < binding->n_args; k++) {
            mc_type_fini(&binding->args[k].type);
            json_decref(binding->args[k].literal);
        }
        mc_type_fini(&binding->result);
        free(binding->args);
        free(binding->name);
        free(binding->reason);
        free(binding->lifted);
        free(binding->skipped);
    }
    for (size_t i = 0; bindings && i < bindings->n_records; i++) {
        mc_type_fini(&bindings->records[i].type);
    }
    if (bindings) {
        mc_scopes_fini(&bindings->scopes);
        free(bindings->records);
        free(bindings->items);
        free(bindings);
    }
    return NULL;
}

size_t mc_bindings_count(const struct mc_bindings *bindings)
{
    size_t n = 0;
    for (size_t i = 0; i < bindings->count; i++) {
        n += bindings->items[i].skipped ? 0 : 1;
    }
    return n;
}

/* ---- the files ---- */

int mc_bindings_sources(struct mc_bindings *bindings,
                        const char *module_name,
                        const char *imports,
                        struct mc_buf *ret_module,
                        struct mc_buf *ret_entry)
{
    const struct mc_cell *cell = bindings->cell;
    bool thunks = mc_bindings_count(bindings) > 0;
    bool entry = mc_cell_kind(cell) != MC_CELL_DEFINITIONS || (thunks && !mc_thunks_fit(cell));
    if (mc_cell_module(cell, ret_module) < 0) {
        return -1;
    }
    if (cell->io) {
        mc_thunks_write_outputs(cell, ret_module);
    }
    if (*imports) {
        mc_buf_addf(ret_module, "\n%s", imports);
    }
    for (size_t i = 0; i < bindings->count; i++) {
        const struct mc_binding *binding = &bindings->items[i];
        mc_buf_adds(ret_module, !binding->skipped && binding->lifted ? binding->lifted : "");
    }
    if (entry && mc_cell_entry(cell, module_name, ret_entry) < 0) {
        return -1;
    }
    if (!thunks && !cell->io) {
        return 0;
    }
    return mc_thunks_write(bindings, entry ? "m." : "", entry ? ret_entry : ret_module);
}

/* ---- what the compiler refuses ---- */

static struct mc_binding *at_line(const struct mc_bindings *bindings, size_t line)
{
    for (size_t i = 0; i < bindings->count; i++) {
        struct mc_binding *binding = &bindings->items[i];
        if (!binding->skipped && binding->first_line <= line && line <= binding->last_line) {
            return binding;
        }
    }
    return NULL;
}

static bool drop_of(const struct mc_bindings *bindings, const json_t *record, const char *wanted)
{
    const json_t *diagnostic = json_object_get(record, "diagnostic");
    const json_t *location = json_object_get(diagnostic, "location");
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const char *file = json_string_value(json_object_get(diagnostic, "file"));
    const char *message = json_string_value(json_object_get(record, "message"));
    const char *base = file ? strrchr(file, '/') : NULL;
    if (!kind || !file || strcmp(kind, "error") != 0 ||
        strcmp(base ? base + 1 : file, wanted) != 0) {
        return false;
    }
    json_int_t line = json_integer_value(json_object_get(location, "line"));
    struct mc_binding *binding = line > 0 ? at_line(bindings, (size_t) line) : NULL;
    if (!binding) {
        return false;
    }
    skip(binding, "the compiler refuses a call from outside: %.200s", message ? message : "");
    return true;
}

bool mc_bindings_drop(struct mc_bindings *bindings,
                      const char *output,
                      size_t length,
                      const char *file)
{
    bool dropped = false;
    while (length > 0) {
        const char *end = memchr(output, '\n', length);
        size_t line = end ? (size_t) (end - output) : length;
        json_t *record = mc_json_read(output, line, 0, NULL);
        dropped = drop_of(bindings, record, file) || dropped;
        json_decref(record);
        output += end ? line + 1 : line;
        length -= end ? line + 1 : line;
    }
    return dropped;
}
