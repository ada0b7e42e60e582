/* Structs that cross the border: the types of their fields, or why one does not cross. */
#include "abi/kind.h"
#include "abi/thunk.h"
#include "base/mem.h"
#include "mojo/bind_reader.h"
#include "mojo/scan_struct.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct mc_def mc_bind_no_def = {0};

/* Says why a struct does not cross. Returns -1. */
__attribute__((format(printf, 2, 3))) static int
skip(const struct mc_bind_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mc_autofree char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
    }
    va_end(arguments);
    mc_buf_clear(reader->why);
    mc_buf_adds(reader->why, text ? text : "");
    return -1;
}

/* Names that Python keeps for itself, and Mojo does not. */
static bool is_name_of_python(const struct mc_bind_reader *reader, struct mc_span name)
{
    static const char *const taken[] = {"False",
                                        "None",
                                        "True",
                                        "async",
                                        "await",
                                        "class",
                                        "del",
                                        "global",
                                        "is",
                                        "lambda",
                                        "nonlocal",
                                        "yield",
                                        NULL};
    const struct mc_tokens *tokens = &reader->cell->scan.tokens;
    const struct mc_token *token = mc_lex_at(tokens, name.start);
    return token->kind == MC_TOKEN_NAME && !mc_token_in(tokens, token, taken);
}

static int skip_field(const struct mc_bind_reader *reader, const struct mc_field *field)
{
    mc_autofree char *name = mc_bind_text(reader->cell, field->name);
    mc_autofree char *type = mc_bind_text(reader->cell, field->type);
    mc_autofree char *inner = reader->why->length ? mc_buf_steal(reader->why) : NULL;
    return inner ? skip(reader, "its field '%s' is a %s: %s", name ? name : "", type, inner)
                 : skip(reader,
                        "its field '%s' is a %s, which has no counterpart in Python",
                        name ? name : "",
                        type ? type : "");
}

static int
read_field(struct mc_bind_reader *reader, const struct mc_field *field, struct mc_type *ret)
{
    struct mc_type type;
    const char *name = reader->cell->source + field->name.start;
    if (!is_name_of_python(reader, field->name)) {
        mc_autofree char *text = mc_bind_text(reader->cell, field->name);
        return skip(reader, "its field %s is no name in Python", text ? text : "");
    }
    reader->cursor = mc_bind_cursor(reader->cell, field->type);
    if (mc_bind_read_type(reader, &type) < 0) {
        return skip_field(reader, field);
    }
    if (reader->cursor.at < reader->cursor.end ||
        mc_type_add_field(ret, name, field->name.end - field->name.start, &type) < 0) {
        mc_type_fini(&type);
        return skip_field(reader, field);
    }
    return ret->words <= MC_THUNK_IN_WORDS
               ? 0
               : skip(reader, "it has more than %d words", MC_THUNK_IN_WORDS);
}

static int
read_fields(struct mc_bind_reader *reader, const struct mc_struct *self, struct mc_type *ret)
{
    if (self->has_parameters) {
        return skip(reader, "the struct has parameters");
    }
    if (!self->fieldwise) {
        return skip(reader, "the struct has no @fieldwise_init above it");
    }
    for (size_t i = 0; i < self->n_fields; i++) {
        if (read_field(reader, &self->fields[i], ret) < 0) {
            return -1;
        }
    }
    return self->n_fields ? 0 : skip(reader, "the struct has no fields");
}

static bool is_within(const struct mc_bind_reader *reader, const struct mc_item *item)
{
    while (reader && reader->item != item) {
        reader = reader->within;
    }
    return reader != NULL;
}

int mc_bind_read_struct(const struct mc_bind_reader *outer,
                        const struct mc_found *found,
                        struct mc_type *ret)
{
    struct mc_struct self = {0};
    struct mc_bind_reader reader = *outer;
    const struct mc_cell *cell = found->scope->cell;
    struct mc_span name = found->item->name;
    if (is_within(outer, found->item)) {
        return skip(outer, "the struct is inside of itself");
    }
    mc_bind_enter(&reader, found->scope);
    reader.within = outer;
    reader.item = found->item;
    reader.def = &mc_bind_no_def;
    reader.place = MC_BIND_ANYWHERE;
    *ret = (struct mc_type) {.kind = MC_TYPE_RECORD,
                             .record = mc_record_new(found->scope->module,
                                                     strlen(found->scope->module),
                                                     cell->source + name.start,
                                                     name.end - name.start)};
    int outcome = ret->record ? mc_struct_read(&cell->scan, found->item, &self) : -1;
    if (outcome == 0) {
        outcome = read_fields(&reader, &self, ret);
    }
    mc_struct_fini(&self);
    return outcome;
}

int mc_bind_struct(const struct mc_scopes *scopes,
                   const struct mc_scope *scope,
                   const struct mc_item *item,
                   struct mc_type *ret)
{
    mc_autobuf why = MC_BUF_INIT;
    const struct mc_found found = {MC_MEANS_STRUCT, scope, item};
    const struct mc_bind_reader reader = {.scopes = scopes, .why = &why, .depth = 1};
    int outcome = mc_bind_read_struct(&reader, &found, ret);
    if (outcome < 0) {
        mc_type_fini(ret);
    }
    return outcome;
}
