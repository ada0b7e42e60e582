#include "base/mem.h"
#include "mojo/repair_parts.h"

#include <stdio.h>
#include <string.h>

/* The struct with this name, or the count of tokens. */
static size_t find_struct(const struct mc_repair *r, const char *name)
{
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_first(r, i) && mc_repair_is(r, i, "struct") &&
            mc_repair_is(r, i + 1, name)) {
            return i;
        }
    }
    return r->tokens.count;
}

/* The bracket of a struct's traits, or the colon where it has none. */
static size_t traits_of(const struct mc_repair *r, size_t at)
{
    size_t i = at + 2;
    if (mc_repair_is(r, i, "[")) {
        i = mc_repair_match(r, i) + 1;
    }
    return i;
}

static size_t find_trait(const struct mc_repair *r, size_t open, const char *name)
{
    for (size_t i = open; i < mc_repair_match(r, open); i++) {
        if (mc_repair_is(r, i, name)) {
            return i;
        }
    }
    return 0;
}

static void add_traits(struct mc_repair *r, size_t at, const char *traits, const char *message)
{
    size_t open = traits_of(r, at);
    size_t start = mc_repair_token(r, open)->start;
    if (mc_repair_is(r, open, ":")) {
        mc_repair_change(r, start, start, message, "(%s)", traits);
    } else if (mc_repair_is(r, open, "(")) {
        bool none = mc_repair_is(r, open + 1, ")");
        mc_repair_change(r, start + 1, start + 1, message, "%s%s", traits, none ? "" : ", ");
    }
}

void mc_repair_trait(struct mc_repair *r, size_t i, const char *to, const char *message)
{
    size_t open = i;
    while (open > 0 && !mc_repair_is(r, open, "(") && !mc_repair_is_first(r, open)) {
        open--;
    }
    size_t line = open;
    while (line > 0 && !mc_repair_is_first(r, line)) {
        line--;
    }
    bool in_list = mc_repair_is(r, line, "struct") && mc_repair_is(r, open, "(");
    bool first = mc_repair_is(r, i - 1, "(");
    if (!in_list || !find_trait(r, open, to)) {
        bool plain = in_list && strncmp(to, "Copyable", 8) == 0;
        mc_repair_replace(r, i, plain ? "Copyable" : to, message);
    } else if (!first) {
        mc_edits_add(&r->edits, mc_repair_token(r, i - 1)->start, mc_repair_end(r, i), "", message);
    } else {
        mc_repair_remove(r, i, i + 1, message);
    }
}

/* --- copies ---------------------------------------------------------------------------------- */

static bool is_simple_type(const struct mc_repair *r, size_t i)
{
    static const char *const names[] = {"Int",
                                        "UInt",
                                        "Bool",
                                        "String",
                                        "Int8",
                                        "Int16",
                                        "Int32",
                                        "Int64",
                                        "UInt8",
                                        "UInt16",
                                        "UInt32",
                                        "UInt64",
                                        "Float16",
                                        "Float32",
                                        "Float64",
                                        "Scalar",
                                        "SIMD",
                                        "StringLiteral"};
    for (size_t j = 0; j < MC_LENGTH(names); j++) {
        if (mc_repair_is(r, i, names[j])) {
            return true;
        }
    }
    return false;
}

struct shape {
    size_t fields;
    bool simple;      /* every field's copies are implicit */
    bool copies;      /* says itself how it is copied */
    bool initializes; /* has an __init__ that takes a value for each field */
};

static size_t parameters_of_init(const struct mc_repair *r, size_t name)
{
    size_t open = name + 1;
    return mc_repair_is(r, open, "(") ? mc_repair_arguments(r, open, mc_repair_match(r, open)) - 1
                                      : 0;
}

static struct shape shape_of(const struct mc_repair *r, size_t at)
{
    struct shape shape = {.simple = true};
    size_t end = mc_repair_block_end(r, at);
    for (size_t i = at; i < end; i++) {
        if (mc_repair_is_first(r, i) && mc_repair_is(r, i, "var") && mc_repair_is(r, i + 2, ":") &&
            mc_repair_function(r, i) == r->tokens.count) {
            shape.fields++;
            shape.simple &= is_simple_type(r, i + 3);
        }
        shape.copies |= mc_repair_is(r, i, "__copyinit__") ||
                        (mc_repair_is(r, i, "copy") && mc_repair_is(r, i - 2, "*"));
    }
    for (size_t i = at; i < end; i++) {
        shape.initializes |= mc_repair_is(r, i, "__init__") &&
                             (mc_repair_is(r, i - 1, "def") || mc_repair_is(r, i - 1, "fn")) &&
                             parameters_of_init(r, i) == shape.fields;
    }
    return shape;
}

bool mc_repair_implicit_copies(struct mc_repair *r, const char *type)
{
    static const char message[] = "copies of it are implicit";
    size_t at = find_struct(r, type);
    if (at == r->tokens.count) {
        return false;
    }
    struct shape shape = shape_of(r, at);
    size_t open = traits_of(r, at);
    if ((!shape.simple && !shape.copies) || find_trait(r, open, "ImplicitlyCopyable")) {
        return false;
    }
    size_t copyable = find_trait(r, open, "Copyable");
    if (copyable) {
        mc_repair_replace(r, copyable, "ImplicitlyCopyable", message);
    } else {
        add_traits(r, at, "ImplicitlyCopyable", message);
    }
    return true;
}

/* --- decorators ------------------------------------------------------------------------------ */

/* The struct that a decorator is above of, or the count of tokens. */
static size_t decorated(const struct mc_repair *r, size_t at)
{
    while (at < r->tokens.count && !mc_repair_is(r, at, "struct") &&
           (!mc_repair_is_first(r, at) || mc_repair_is(r, at, "@"))) {
        at++;
    }
    return mc_repair_is(r, at, "struct") ? at : r->tokens.count;
}

static void repair_value(struct mc_repair *r, size_t i)
{
    static const char message[] = "`@value` is `@fieldwise_init` with traits now";
    size_t at = decorated(r, i + 2);
    if (at == r->tokens.count) {
        return;
    }
    struct shape shape = shape_of(r, at);
    bool has = find_trait(r, traits_of(r, at), "Copyable") ||
               find_trait(r, traits_of(r, at), "ImplicitlyCopyable");
    if (shape.initializes) {
        mc_repair_remove_line(r, i, "`@value` makes no `__init__` where there is one");
    } else {
        mc_repair_replace(r, i + 1, "fieldwise_init", message);
    }
    if (!has) {
        add_traits(
            r, at, shape.simple ? "ImplicitlyCopyable, Movable" : "Copyable, Movable", message);
    }
}

static bool repair_values_all(struct mc_repair *r)
{
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        if (mc_repair_is(r, i, "@") && mc_repair_is_first(r, i) &&
            mc_repair_is(r, i + 1, "value")) {
            repair_value(r, i);
        }
    }
    return true;
}

/* `@register_passable("trivial")` and `@register_passable`. */
static bool repair_register_passable(struct mc_repair *r)
{
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        size_t at = decorated(r, i + 2);
        if (mc_repair_is(r, i, "@") && mc_repair_is(r, i + 1, "register_passable") &&
            at < r->tokens.count) {
            bool trivial = mc_repair_is(r, i + 2, "(");
            const char *message = "`@register_passable` is a trait now";
            mc_repair_remove_line(r, i, message);
            add_traits(r, at, trivial ? "TrivialRegisterPassable" : "RegisterPassable", message);
        }
    }
    return true;
}

/* --- text ------------------------------------------------------------------------------------ */

static bool has_method(const struct mc_repair *r, size_t at, const char *method)
{
    size_t end = mc_repair_block_end(r, at);
    for (size_t i = at; i < end; i++) {
        if (mc_repair_is(r, i, method)) {
            return true;
        }
    }
    return false;
}

/* `return text` of a method that writes its text now. */
static void repair_return(struct mc_repair *r, size_t i, bool last, const char *message)
{
    size_t end = i + 1;
    while (end + 1 < r->tokens.count && mc_repair_token(r, end + 1)->kind != MC_TOKEN_NEWLINE) {
        end++;
    }
    mc_edits_add(&r->edits,
                 mc_repair_token(r, i)->start,
                 mc_repair_token(r, i + 1)->start,
                 "writer.write(",
                 message);
    mc_repair_insert(r, mc_repair_end(r, end), last ? ")" : "); return", message);
}

static void repair_text_method(struct mc_repair *r, size_t def, const char *to)
{
    static const char message[] = "a method writes the text now, instead of returning it";
    size_t end = mc_repair_block_end(r, def);
    size_t open = def + 2;
    size_t close = mc_repair_match(r, open);
    size_t colon = close + 1;
    while (colon < end && !mc_repair_is(r, colon, ":")) {
        colon++;
    }
    mc_edits_begin_group(&r->edits);
    mc_repair_replace(r, def + 1, to, message);
    mc_edits_add(&r->edits,
                 mc_repair_token(r, close)->start,
                 mc_repair_token(r, colon)->start,
                 ", mut writer: Some[Writer])",
                 message);
    for (size_t i = colon; i < end; i++) {
        if (mc_repair_is(r, i, "return")) {
            size_t next = i;
            while (next < end && mc_repair_token(r, next)->kind != MC_TOKEN_NEWLINE) {
                next++;
            }
            repair_return(r, i, next + 1 >= end, message);
        }
    }
    mc_edits_end_group(&r->edits);
}

/* `__str__` and `__repr__` of structs that were Stringable or Representable, `format_to`. */
static void repair_text_methods(struct mc_repair *r)
{
    static const struct {
        const char *from;
        const char *to;
    } methods[] = {{"__str__", "write_to"}, {"__repr__", "write_repr_to"}};
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        for (size_t j = 0; j < MC_LENGTH(methods); j++) {
            bool def =
                mc_repair_is_first(r, i) && (mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn"));
            if (!def || !mc_repair_is(r, i + 1, methods[j].from)) {
                continue;
            }
            size_t at = i;
            while (at > 0 && !(mc_repair_is_first(r, at) && mc_repair_is(r, at, "struct"))) {
                at--;
            }
            if (!has_method(r, at, methods[j].to)) {
                repair_text_method(r, i, methods[j].to);
            }
        }
        if (mc_repair_is(r, i + 1, "format_to") &&
            (mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn"))) {
            mc_repair_replace(r, i + 1, "write_to", "`format_to` is `write_to` now");
        }
    }
}

/* A struct with a method that a trait of today stands for, which older Mojo asked nobody to name.
 */
static void repair_missing_trait(struct mc_repair *r, const struct mc_repair_error *e)
{
    static const char part[] = "' does not conform to trait 'Sized'";
    size_t i;
    json_t *note;
    json_array_foreach(e->notes, i, note)
    {
        char type[64];
        const char *message = json_string_value(json_object_get(note, "message"));
        if (message == NULL || strstr(message, part) == NULL ||
            !mc_repair_quoted(message, "argument type '", type, sizeof type)) {
            continue;
        }
        size_t at = find_struct(r, type);
        if (at < r->tokens.count && has_method(r, at, "__len__")) {
            add_traits(r, at, "Sized", "a struct that has a length says so");
        }
        return;
    }
}

bool mc_repair_structs(struct mc_repair *r, const struct mc_repair_error *e)
{
    char name[64];
    if (strcmp(e->message, "no matching function in call to 'len'") == 0) {
        repair_missing_trait(r, e);
        return false;
    }
    if (mc_repair_quoted(e->message, "use of unknown declaration '", name, sizeof name)) {
        if (strcmp(name, "value") == 0) {
            return repair_values_all(r);
        }
        if (strncmp(name, "Stringable", 10) == 0 || strcmp(name, "Representable") == 0 ||
            strcmp(name, "Formattable") == 0) {
            repair_text_methods(r);
        }
        return false;
    }
    if (strstr(e->message, "cannot access instance field 'value'") != NULL &&
        strncmp(e->line + strspn(e->line, " \t"), "@value", 6) == 0) {
        return repair_values_all(r);
    }
    return strstr(e->message, "decorator @register_passable") != NULL &&
           repair_register_passable(r);
}
