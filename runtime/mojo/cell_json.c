#include "base/buf.h"
#include "mojo/cell_parts.h"
#include "mojo/lex.h"
#include "mojo/scan.h"
#include "mojo/scan_imports.h"

#include <jansson.h>

#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text`, or 0 where there is none. */
static size_t utf8_length(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *) text;
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || n > length) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

static json_t *json_text(const char *text, size_t length)
{
    json_t *plain = json_stringn(text, length);
    if (plain != NULL) {
        return plain;
    }
    mc_autobuf buf = MC_BUF_INIT;
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(text + i, length - i);
        mc_buf_add(&buf, n > 0 ? text + i : "\xef\xbf\xbd", n > 0 ? n : 3);
        i += n > 0 ? n : 1;
    }
    return buf.failed || buf.data == NULL ? NULL : json_stringn(buf.data, buf.length);
}

/* The tokens of the span with one blank where the source has any, without comments; null where it
 * is empty. */
static json_t *json_span(const struct mc_tokens *tokens, struct mc_span span)
{
    mc_autobuf buf = MC_BUF_INIT;
    if (span.end <= span.start) {
        return json_null();
    }
    size_t behind = span.start;
    for (const struct mc_token *token = mc_lex_at(tokens, span.start);
         token->kind != MC_TOKEN_END && token->start < span.end;
         token++) {
        if (token->kind == MC_TOKEN_NEWLINE) {
            continue;
        }
        mc_buf_adds(&buf, buf.length > 0 && token->start > behind ? " " : "");
        mc_buf_add(&buf, tokens->source + token->start, token->length);
        behind = (size_t) token->start + token->length;
    }
    return buf.failed ? NULL : json_text(buf.data != NULL ? buf.data : "", buf.length);
}

/* The name without its backticks. */
static json_t *json_name(const struct mc_tokens *tokens, struct mc_span span)
{
    const char *text = tokens->source + span.start;
    size_t length = span.end - span.start;
    size_t quote = length >= 2 && text[0] == '`' && text[length - 1] == '`' ? 1 : 0;
    return json_text(text + quote, length - 2 * quote);
}

/* The text between a literal's quotes, escapes as they are written. */
static json_t *json_literal(const struct mc_tokens *tokens, struct mc_span span)
{
    const char *text = tokens->source + span.start;
    size_t length = span.end - span.start;
    size_t prefix = 0;
    while (prefix < length && text[prefix] != '"' && text[prefix] != '\'') {
        prefix++;
    }
    if (prefix == length) {
        return json_null();
    }
    text += prefix;
    length -= prefix;
    char quote = text[0];
    size_t n = length >= 6 && text[1] == quote && text[2] == quote ? 3 : 1;
    bool closed = length >= 2 * n && text[length - 1] == quote;
    return json_text(text + n, length - (closed ? 2 * n : n));
}

static const char *arg_kind_name(enum mc_arg_kind kind)
{
    static const char *const names[] = {
        [MC_ARG_POSITIONAL] = "positional",
        [MC_ARG_ANY] = "any",
        [MC_ARG_KEYWORD] = "keyword",
        [MC_ARG_VARIADIC] = "variadic",
        [MC_ARG_KEYWORD_VARIADIC] = "keyword_variadic",
    };
    return names[kind];
}

static json_t *
json_args(const struct mc_tokens *tokens, const struct mc_arg *args, size_t n, bool parameters)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct mc_arg *arg = &args[i];
        json_t *object = json_pack("{s:o, s:o, s:o, s:s}",
                                   "name",
                                   json_name(tokens, arg->name),
                                   "type",
                                   json_span(tokens, arg->type),
                                   "default",
                                   json_span(tokens, arg->default_value),
                                   "kind",
                                   arg_kind_name(arg->kind));
        if (parameters) {
            json_object_set_new(object, "inferred", json_boolean(arg->inferred));
        } else {
            json_object_set_new(object, "convention", json_span(tokens, arg->convention));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static void add_signature(json_t *object, const struct mc_tokens *tokens, const struct mc_def *def)
{
    json_object_set_new(object, "keyword", json_string(def->is_fn ? "fn" : "def"));
    json_object_set_new(object, "async", json_boolean(def->is_async));
    json_object_set_new(object, "parameters", json_args(tokens, def->params, def->n_params, true));
    json_object_set_new(object, "arguments", json_args(tokens, def->args, def->n_args, false));
    json_object_set_new(object, "effects", json_span(tokens, def->effects));
    json_object_set_new(object, "raises", json_boolean(def->raises));
    json_object_set_new(object, "raises_type", json_span(tokens, def->raises_type));
    json_object_set_new(object, "returns", json_span(tokens, def->returns));
    json_object_set_new(object, "where", json_span(tokens, def->constraint));
}

static json_t *json_definition(const struct mc_tokens *tokens, const struct mc_item *item)
{
    json_t *object = json_pack("{s:o, s:s, s:i, s:i, s:o}",
                               "name",
                               json_name(tokens, item->name),
                               "kind",
                               mc_item_kind_name(item->kind),
                               "line",
                               (int) item->line,
                               "end_line",
                               (int) item->last_line,
                               "docstring",
                               json_literal(tokens, item->docstring));
    json_t *decorators = json_array();
    for (size_t i = 0; i < item->n_decorators; i++) {
        json_array_append_new(decorators, json_span(tokens, item->decorators[i]));
    }
    json_object_set_new(object, "decorators", decorators);
    if (item->def != NULL) {
        add_signature(object, tokens, item->def);
    }
    return object;
}

static int add_import(const struct mc_import *import, void *data)
{
    json_t *object =
        json_pack("{s:o, s:i, s:o, s:o}",
                  "module",
                  json_text(import->module, strlen(import->module)),
                  "line",
                  (int) import->line,
                  "name",
                  import->name ? json_text(import->name, strlen(import->name)) : json_null(),
                  "as",
                  import->as ? json_text(import->as, strlen(import->as)) : json_null());
    return json_array_append_new(data, object);
}

json_t *mc_cell_json(const struct mc_cell *cell)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    json_t *imports = json_array();
    json_t *definitions = json_array();
    json_int_t statements = 0;
    int failed = 0;
    for (size_t i = 0; i < cell->scan.count && failed == 0; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        struct mc_cursor cursor = {
            .tokens = tokens, .at = item->first_token, .end = item->end_token};
        if (item->kind == MC_ITEM_IMPORT) {
            failed = mc_import_read(cursor, add_import, imports, NULL);
        } else if (item->kind == MC_ITEM_STATEMENT) {
            statements++;
        } else {
            failed = json_array_append_new(definitions, json_definition(tokens, item));
        }
    }
    json_t *object = json_pack("{s:o, s:o, s:b, s:I, s:I}",
                               "imports",
                               imports,
                               "definitions",
                               definitions,
                               "main",
                               cell->scan.main != SIZE_MAX,
                               "statements",
                               statements,
                               "lines",
                               (json_int_t) cell->lines);
    if (failed != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}
