#include "abi/kind.h"
#include "abi/loop.h"
#include "abi/thunk.h"
#include "base/mem.h"
#include "mojo/bind.h"
#include "mojo/bind_parts.h"
#include "mojo/lex.h"
#include "mojo/loop_source.h"
#include "mojo/scan_struct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- defaults ---- */

/* Digits without their underscores. NULL: longer than any number that a default has. */
static const char *
plain_digits(const struct mc_tokens *tokens, const struct mc_token *token, char ret[64])
{
    size_t n = 0;
    for (size_t i = 0; i < token->length; i++) {
        char c = tokens->source[token->start + i];
        if (c != '_') {
            if (n == 63) {
                return NULL;
            }
            ret[n++] = c;
        }
    }
    ret[n] = '\0';
    return ret;
}

static json_t *integer(const char *digits, bool negative)
{
    char *end;
    bool binary = digits[0] == '0' && (digits[1] == 'b' || digits[1] == 'B');
    bool octal = digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'O');
    bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    errno = 0;
    long long value = strtoll(digits + (binary || octal || hex ? 2 : 0),
                              &end,
                              binary  ? 2
                              : octal ? 8
                              : hex   ? 16
                                      : 10);
    return *end || errno ? NULL : json_integer(negative ? -value : value);
}

static json_t *real(const char *digits, bool negative)
{
    char *end;
    double value = strtod(digits, &end);
    bool decimal = strspn(digits, "0123456789.eE+-") == strlen(digits);
    return *end || !decimal ? NULL : json_real(negative ? -value : value);
}

static json_t *number(const struct mc_tokens *tokens,
                      const struct mc_token *token,
                      bool negative,
                      const struct mc_type *type)
{
    char buffer[64];
    const char *digits = plain_digits(tokens, token, buffer);
    if (!digits || type->kind != MC_TYPE_SCALAR || type->scalar == MC_BOOL) {
        return NULL;
    }
    return strchr("fB", mc_scalars[type->scalar].kind) ? real(digits, negative)
                                                       : integer(digits, negative);
}

/* A literal without prefix and escapes: what stands between the quotes is its value. */
static json_t *string(const struct mc_tokens *tokens, const struct mc_token *token)
{
    const char *text = tokens->source + token->start;
    size_t length = token->length;
    bool quoted = length >= 2 && (text[0] == '"' || text[0] == '\'');
    if (!quoted || (token->flags & MC_TOKEN_UNTERMINATED) || memchr(text, '\\', length) ||
        (length >= 6 && text[1] == text[0] && text[2] == text[0])) {
        return NULL;
    }
    return json_stringn(text + 1, length - 2);
}

json_t *mc_bind_literal(const struct mc_cell *cell, struct mc_span span, const struct mc_type *type)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    const struct mc_token *token = mc_lex_at(tokens, span.start);
    if (type->kind == MC_TYPE_OPTIONAL) {
        if (mc_token_is(tokens, token, "None") && token->start + token->length >= span.end) {
            return json_null();
        }
        type = &type->items[0];
    }
    bool negative = mc_token_is(tokens, token, "-");
    token += negative ? 1 : 0;
    if ((size_t) token->start + token->length < span.end && token[1].start < span.end) {
        return NULL;
    }
    if (token->kind == MC_TOKEN_NUMBER) {
        return number(tokens, token, negative, type);
    }
    bool plain = !negative && type->kind == MC_TYPE_SCALAR && type->scalar == MC_BOOL;
    if (plain && mc_token_is(tokens, token, "True")) {
        return json_true();
    }
    if (plain && mc_token_is(tokens, token, "False")) {
        return json_false();
    }
    return !negative && type->kind == MC_TYPE_STRING && token->kind == MC_TOKEN_STRING
               ? string(tokens, token)
               : NULL;
}

/* ---- the table ---- */

static json_t *text_json(const struct mc_cell *cell, struct mc_span span)
{
    mc_autofree char *text = mc_bind_text(cell, span);
    return json_string(text ? text : "");
}

static json_t *type_json(const struct mc_type *type)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_type_write(type, &text);
    return json_string(text.data ? text.data : "");
}

static json_t *abi_json(const struct mc_binding *binding)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_buf_adds(&text, binding->masked ? "masked (" : "(");
    for (size_t i = 0; i < binding->n_args; i++) {
        mc_buf_adds(&text, i ? ", " : "");
        mc_type_write(&binding->args[i].type, &text);
    }
    mc_buf_adds(&text, binding->item->def->raises ? ") raises -> " : ") -> ");
    mc_type_write(&binding->result, &text);
    return json_string(text.data ? text.data : "");
}

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* From the keyword to the colon. */
static struct mc_span header_of(const struct mc_item *item)
{
    const struct mc_def *def = item->def;
    size_t end = max(max(def->effects.end, def->returns.end), def->constraint.end);
    if (end == 0) {
        end = (def->arguments.end ? def->arguments.end : item->name.end) + 1;
    }
    return (struct mc_span) {item->keyword.start, (uint32_t) end};
}

static json_t *signature_json(const struct mc_cell *cell, const struct mc_item *item)
{
    struct mc_span header = header_of(item);
    const struct mc_tokens *tokens = &cell->scan.tokens;
    if (item->def->arguments.end == 0 && item->def->effects.end == 0 &&
        item->def->returns.end == 0) {
        const struct mc_token *token = mc_lex_at(tokens, item->name.end);
        while (token->kind != MC_TOKEN_END && !mc_token_is(tokens, token, ")")) {
            token++; /* no arguments: the bracket alone */
        }
        header.end = token->start + token->length;
    }
    return text_json(cell, header);
}

static json_t *argument_json(const struct mc_cell *cell, const struct mc_binding_arg *bound)
{
    static const char *const kinds[] = {
        [MC_ARG_POSITIONAL] = "positional", [MC_ARG_ANY] = "any", [MC_ARG_KEYWORD] = "keyword"};
    const struct mc_arg *arg = bound->arg;
    struct mc_span name = arg->name;
    if (cell->source[name.start] == '`') {
        name = (struct mc_span) {name.start + 1, name.end - 1};
    }
    json_t *object =
        json_pack("{s:o, s:s, s:o, s:o}",
                  "name",
                  json_stringn_nocheck(cell->source + name.start, name.end - name.start),
                  "kind",
                  kinds[arg->kind],
                  "type",
                  type_json(&bound->type),
                  "mojo",
                  text_json(cell, arg->type));
    if (bound->literal) {
        json_object_set(object, "default", bound->literal);
    }
    if (bound->literal || bound->computed) {
        json_object_set_new(object, "default_text", text_json(cell, arg->default_value));
    }
    return object;
}

/* The text between a literal's quotes, as it is written. */
static void add_docstring(json_t *object, const struct mc_cell *cell, struct mc_span span)
{
    const char *text = cell->source + span.start;
    size_t length = span.end - span.start;
    size_t prefix = 0;
    while (prefix < length && text[prefix] != '"' && text[prefix] != '\'') {
        prefix++;
    }
    text += prefix;
    length -= prefix;
    size_t quotes = length >= 6 && text[1] == text[0] && text[2] == text[0] ? 3 : 1;
    if (length >= 2 * quotes) {
        json_object_set_new(object, "docstring", json_stringn(text + quotes, length - 2 * quotes));
    }
}

static json_t *function_json(const struct mc_cell *cell, const struct mc_binding *binding)
{
    json_t *arguments = json_array();
    char symbol[48];
    snprintf(symbol,
             sizeof symbol,
             "%s%zu",
             binding->how == MC_LOOP_NONE ? MC_THUNK_PREFIX : MC_LOOP_PREFIX,
             binding->number);
    for (size_t i = 0; i < binding->n_args; i++) {
        json_array_append_new(arguments, argument_json(cell, &binding->args[i]));
    }
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:i, s:i, s:o, s:o}",
                               "name",
                               binding->name,
                               "symbol",
                               symbol,
                               "abi",
                               abi_json(binding),
                               "signature",
                               signature_json(cell, binding->item),
                               "line",
                               (int) binding->item->line,
                               "last_line",
                               (int) binding->item->last_line,
                               "arguments",
                               arguments,
                               "returns",
                               type_json(&binding->result));
    if (binding->how != MC_LOOP_NONE) {
        json_object_set_new(object, "loop", mc_loop_json(binding));
    }
    add_docstring(object, cell, binding->item->docstring);
    return object;
}

json_t *mc_bindings_functions(const struct mc_bindings *bindings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bindings->count; i++) {
        if (!bindings->items[i].skipped &&
            json_array_append_new(list, function_json(bindings->cell, &bindings->items[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *fields_json(const struct mc_binding_record *record)
{
    struct mc_struct self;
    const struct mc_cell *cell = record->scope->cell;
    json_t *fields = json_array();
    if (mc_struct_read(&cell->scan, record->item, &self) == 0) {
        for (size_t i = 0; i < self.n_fields && i < record->type.count; i++) {
            json_array_append_new(fields,
                                  json_pack("{s:s, s:o, s:o}",
                                            "name",
                                            record->type.record->fields[i],
                                            "type",
                                            type_json(&record->type.items[i]),
                                            "mojo",
                                            text_json(cell, self.fields[i].type)));
        }
    }
    mc_struct_fini(&self);
    return fields;
}

static json_t *record_json(const struct mc_bindings *bindings,
                           const struct mc_binding_record *record)
{
    json_t *object = json_pack("{s:s, s:s, s:b, s:i, s:o}",
                               "name",
                               record->type.record->name,
                               "module",
                               record->type.record->origin,
                               "own",
                               record->scope == bindings->scopes.items,
                               "line",
                               (int) record->item->line,
                               "fields",
                               fields_json(record));
    add_docstring(object, record->scope->cell, record->item->docstring);
    return object;
}

json_t *mc_bindings_records(const struct mc_bindings *bindings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bindings->n_records; i++) {
        if (json_array_append_new(list, record_json(bindings, &bindings->records[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *mc_bindings_skipped(const struct mc_bindings *bindings)
{
    json_t *object = json_object();
    for (size_t i = 0; i < bindings->count; i++) {
        const struct mc_binding *binding = &bindings->items[i];
        if (binding->skipped) {
            json_object_set_new(object, binding->name, json_string(binding->skipped));
        }
    }
    return object;
}

static json_t *input_json(const struct mc_cell_input *input)
{
    return json_pack("{s:s, s:s, s:o, s:o}",
                     "name",
                     input->name,
                     "kind",
                     "keyword",
                     "type",
                     type_json(&input->type),
                     "mojo",
                     type_json(&input->type));
}

static json_t *run_abi(const struct mc_cell_io *io)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_buf_adds(&text, "(");
    for (size_t i = 0; i < io->n_inputs; i++) {
        mc_buf_adds(&text, i ? ", " : "");
        mc_type_write(&io->inputs[i].type, &text);
    }
    mc_buf_adds(&text, ") raises -> ");
    mc_buf_adds(&text, io->n_outputs ? "Tuple[" : "None");
    for (size_t i = 0; i < io->n_outputs; i++) {
        mc_buf_adds(&text, i ? ", Any" : "Any");
    }
    mc_buf_adds(&text, io->n_outputs ? "]" : "");
    return json_string(text.data ? text.data : "");
}

json_t *mc_bindings_run(const struct mc_bindings *bindings)
{
    const struct mc_cell_io *io = bindings->cell->io;
    if (!io) {
        return NULL;
    }
    json_t *arguments = json_array();
    json_t *outputs = json_array();
    for (size_t i = 0; i < io->n_inputs; i++) {
        json_array_append_new(arguments, input_json(&io->inputs[i]));
    }
    for (size_t i = 0; i < io->n_outputs; i++) {
        json_array_append_new(outputs, json_string(io->outputs[i]));
    }
    return json_pack("{s:s, s:s, s:o, s:s, s:i, s:i, s:o, s:s, s:o}",
                     "name",
                     "run",
                     "symbol",
                     MC_THUNK_RUN,
                     "abi",
                     run_abi(io),
                     "signature",
                     "the cell",
                     "line",
                     (int) mc_cell_main_line(bindings->cell),
                     "last_line",
                     (int) bindings->cell->lines,
                     "arguments",
                     arguments,
                     "returns",
                     io->n_outputs ? "Tuple" : "None",
                     "outputs",
                     outputs);
}
