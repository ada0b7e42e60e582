#include "base/mem.h"
#include "mojo/repair_parts.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *from;
    const char *to;
} renamed[] = {
    {"F16", "Float16"},
    {"F32", "Float32"},
    {"F64", "Float64"},
    {"SI8", "Int8"},
    {"SI16", "Int16"},
    {"SI32", "Int32"},
    {"SI64", "Int64"},
    {"UI8", "UInt8"},
    {"UI16", "UInt16"},
    {"UI32", "UInt32"},
    {"UI64", "UInt64"},
    {"InlineArray", "Array"},
    {"StringRef", "String"},
    {"AnyPointer", "UnsafePointer"},
    {"simdwidthof", "simd_width_of"},
    {"sizeof", "size_of"},
    {"alignof", "align_of"},
    {"bitwidthof", "bit_width_of"},
    {"now", "perf_counter_ns"},
    {"__type_of", "type_of"},
    {"Formatter", "Some[Writer]"},
};

/* Traits, which a struct may have already under their new name. */
static const struct {
    const char *from;
    const char *to;
} traits[] = {
    {"CollectionElement", "Copyable & Deinitable"},
    {"CollectionElementNew", "Copyable & Deinitable"},
    {"ComparableCollectionElement", "Comparable & Copyable & Deinitable"},
    {"StringableCollectionElement", "Writable & Copyable & Deinitable"},
    {"RepresentableCollectionElement", "Writable & Copyable & Deinitable"},
    {"ExplicitlyCopyable", "Copyable"},
    {"EqualityComparable", "Equatable"},
    {"Formattable", "Writable"},
    {"StringableRaising", "Writable"},
    {"Stringable", "Writable"},
    {"Representable", "Writable"},
};

/* `str(x)` and the like: calls only, and never methods. */
static const struct {
    const char *from;
    const char *to;
} conversions[] = {{"str", "String"}, {"int", "Int"}, {"float", "Float64"}, {"bool", "Bool"}};

static bool rename_all(struct mc_repair *r, const char *from, const char *to)
{
    char message[128];
    snprintf(message, sizeof message, "`%s` is `%s` now", from, to);
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_free(r, i, from)) {
            mc_repair_replace(r, i, to, message);
        }
    }
    return true;
}

/* `DynamicVector[Int](n)`, which has room for n, and is empty. */
static bool rename_vector(struct mc_repair *r, const char *from)
{
    static const char message[] = "`DynamicVector(n)` is `List(capacity=n)` now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        size_t open = mc_repair_is(r, i + 1, "[") ? mc_repair_match(r, i + 1) + 1 : i + 1;
        if (mc_repair_is_free(r, i, from) && mc_repair_is(r, open, "(") &&
            mc_repair_arguments(r, open, mc_repair_match(r, open)) == 1 &&
            !mc_repair_names_argument(r, open, mc_repair_match(r, open))) {
            mc_repair_insert(r, mc_repair_end(r, open), "capacity=", message);
        }
    }
    return rename_all(r, from, "List");
}

static bool convert(struct mc_repair *r, const char *from, const char *to)
{
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_free(r, i, from) && mc_repair_is(r, i + 1, "(") &&
            (i == 0 || !mc_repair_is(r, i - 1, "def"))) {
            mc_repair_replace(r, i, to, "conversions have the name of the type");
        }
    }
    return true;
}

static bool replace_trait(struct mc_repair *r, const char *from, const char *to)
{
    char message[128];
    snprintf(message, sizeof message, "`%s` is `%s` now", from, to);
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_free(r, i, from)) {
            mc_repair_trait(r, i, to, message);
        }
    }
    return true;
}

/* `print_no_newline(x)`. */
static bool print_no_newline(struct mc_repair *r)
{
    static const char message[] = "`print_no_newline` is `print` with `end=\"\"` now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is(r, i, "print_no_newline") && mc_repair_is(r, i + 1, "(")) {
            size_t close = mc_repair_match(r, i + 1);
            mc_repair_replace(r, i, "print", message);
            mc_repair_insert(r,
                             mc_repair_token(r, close)->start,
                             close == i + 2 ? "end=\"\"" : ", end=\"\"",
                             message);
        }
    }
    return true;
}

/* `constrained[condition, "message"]()`. */
static bool constrained(struct mc_repair *r)
{
    static const char message[] = "`constrained` is `comptime assert` now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        size_t close = mc_repair_match(r, i + 1);
        if (mc_repair_is_free(r, i, "constrained") && mc_repair_is(r, i + 1, "[") &&
            mc_repair_is(r, close + 1, "(") && mc_repair_is(r, close + 2, ")")) {
            mc_edits_add(&r->edits,
                         mc_repair_token(r, i)->start,
                         mc_repair_end(r, i + 1),
                         "comptime assert ",
                         message);
            mc_repair_remove(r, close, close + 2, message);
        }
    }
    return true;
}

/* `DTypePointer[DType.float64]`, which is a pointer to such scalars. */
static bool dtype_pointer(struct mc_repair *r)
{
    static const char message[] = "`DTypePointer` is a pointer to `Scalar` now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        size_t close = mc_repair_match(r, i + 1);
        if (mc_repair_is_free(r, i, "DTypePointer") && mc_repair_is(r, i + 1, "[")) {
            mc_repair_replace(r, i, "UnsafePointer", message);
            mc_repair_insert(r, mc_repair_end(r, i + 1), "Scalar[", message);
            mc_repair_insert(r, mc_repair_token(r, close)->start, "]", message);
        }
    }
    return true;
}

/* `Reference(x)`. */
static bool reference(struct mc_repair *r)
{
    static const char message[] = "`Reference(x)` is `Pointer(to=x)` now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_free(r, i, "Reference") && mc_repair_is(r, i + 1, "(")) {
            mc_edits_add(&r->edits,
                         mc_repair_token(r, i)->start,
                         mc_repair_end(r, i + 1),
                         "Pointer(to=",
                         message);
        }
    }
    return true;
}

/* `isdigit(code)` and its siblings, which are methods of strings now. */
static bool character_test(struct mc_repair *r, const char *from, const char *to)
{
    static const char message[] = "tests of characters are methods of strings now";
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is_free(r, i, from) && mc_repair_is(r, i + 1, "(")) {
            size_t close = mc_repair_match(r, i + 1);
            mc_repair_replace(r, i, "chr(Int", message);
            mc_repair_change(
                r, mc_repair_end(r, close), mc_repair_end(r, close), message, ").%s()", to);
        }
    }
    return true;
}

static bool repair_old_name(struct mc_repair *r, const char *name)
{
    static const struct {
        const char *name;
        bool (*repair)(struct mc_repair *r);
    } shapes[] = {{"print_no_newline", print_no_newline},
                  {"constrained", constrained},
                  {"DTypePointer", dtype_pointer},
                  {"Reference", reference}};
    static const struct {
        const char *from;
        const char *to;
    } tests[] = {{"isdigit", "is_ascii_digit"},
                 {"isupper", "isupper"},
                 {"islower", "islower"},
                 {"isspace", "is_ascii_whitespace"}};
    if (strcmp(name, "DynamicVector") == 0 || strcmp(name, "InlinedFixedVector") == 0) {
        return rename_vector(r, name);
    }
    for (size_t i = 0; i < MC_LENGTH(renamed); i++) {
        if (strcmp(renamed[i].from, name) == 0) {
            return rename_all(r, name, renamed[i].to);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(traits); i++) {
        if (strcmp(traits[i].from, name) == 0) {
            return replace_trait(r, name, traits[i].to);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(conversions); i++) {
        if (strcmp(conversions[i].from, name) == 0) {
            return convert(r, name, conversions[i].to);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(shapes); i++) {
        if (strcmp(shapes[i].name, name) == 0) {
            return shapes[i].repair(r);
        }
    }
    for (size_t i = 0; i < MC_LENGTH(tests); i++) {
        if (strcmp(tests[i].from, name) == 0) {
            return character_test(r, name, tests[i].to);
        }
    }
    return strcmp(name, "let") == 0 || strcmp(name, "alias") == 0;
}

/* --- attributes ------------------------------------------------------------------------------ */

/* `x.size`, `x.to_int()`: a function of x now. */
static void
to_function(struct mc_repair *r, size_t dot, const char *function, bool called, const char *message)
{
    size_t first = mc_repair_expression(r, dot);
    size_t last = dot + (called ? 3 : 1);
    if (called && !(mc_repair_is(r, dot + 2, "(") && mc_repair_is(r, dot + 3, ")"))) {
        return;
    }
    mc_repair_change(r,
                     mc_repair_token(r, first)->start,
                     mc_repair_token(r, first)->start,
                     message,
                     "%s(",
                     function);
    mc_edits_add(&r->edits, mc_repair_token(r, dot)->start, mc_repair_end(r, last), ")", message);
}

/* `UnsafePointer[T].alloc(n)` */
static void allocation(struct mc_repair *r, size_t dot)
{
    static const char message[] = "`UnsafePointer[T].alloc(n)` is `alloc[T](n)` now";
    size_t first = mc_repair_expression(r, dot);
    if (mc_repair_is(r, first + 1, "[") && mc_repair_match(r, first + 1) == dot - 1) {
        mc_repair_replace(r, first, "alloc", message);
        mc_repair_remove(r, dot, dot + 1, message);
    }
}

/* `Pointer.address_of(x)` */
static void address(struct mc_repair *r, size_t dot)
{
    static const char message[] = "`address_of(x)` is `(to=x)` now";
    if (mc_repair_is(r, dot + 2, "(")) {
        mc_edits_add(
            &r->edits, mc_repair_token(r, dot)->start, mc_repair_end(r, dot + 2), "(to=", message);
    }
}

/* `t.get[0, Int]()` */
static void tuple_item(struct mc_repair *r, size_t dot)
{
    static const char message[] = "items of a tuple are `t[i]` now";
    size_t close = mc_repair_match(r, dot + 2);
    if (mc_repair_is(r, dot + 2, "[") && mc_repair_is(r, dot + 4, ",") &&
        mc_repair_is(r, close + 1, "(") && mc_repair_is(r, close + 2, ")")) {
        mc_repair_remove(r, dot, dot + 1, message);
        mc_edits_add(&r->edits,
                     mc_repair_token(r, dot + 4)->start,
                     mc_repair_end(r, close + 2),
                     "]",
                     message);
    }
}

static bool repair_attribute(struct mc_repair *r, const char *name, size_t dot)
{
    static const struct {
        const char *from;
        const char *to;
    } methods[] = {{"push_back", "append"}, {"pop_back", "pop"}, {"append_value", "append"}};
    if (!mc_repair_is(r, dot, ".") || !mc_repair_is(r, dot + 1, name)) {
        return false;
    }
    for (size_t i = 0; i < MC_LENGTH(methods); i++) {
        if (strcmp(methods[i].from, name) == 0) {
            mc_repair_replace(r, dot + 1, methods[i].to, "methods have other names now");
            return true;
        }
    }
    if (strcmp(name, "size") == 0) {
        to_function(r, dot, "len", false, "`x.size` is `len(x)` now");
    } else if (strcmp(name, "to_int") == 0 || strcmp(name, "__int__") == 0) {
        to_function(r, dot, "Int", true, "conversions have the name of the type");
    } else if (strcmp(name, "__str__") == 0) {
        to_function(r, dot, "String", true, "conversions have the name of the type");
    } else if (strcmp(name, "alloc") == 0) {
        allocation(r, dot);
    } else if (strcmp(name, "address_of") == 0) {
        address(r, dot);
    } else if (strcmp(name, "external") == 0 && mc_repair_is(r, dot - 1, "MutOrigin")) {
        mc_edits_add(&r->edits,
                     mc_repair_token(r, dot - 1)->start,
                     mc_repair_end(r, dot + 1),
                     "MutUntrackedOrigin",
                     "`MutOrigin.external` is `MutUntrackedOrigin` now");
    } else if (strcmp(name, "get") == 0) {
        tuple_item(r, dot);
    } else {
        return false;
    }
    return true;
}

/* `String.write(a, b)` */
static bool repair_write(struct mc_repair *r)
{
    for (size_t i = 0; i + 3 < r->tokens.count; i++) {
        if (mc_repair_is(r, i, "String") && mc_repair_is(r, i + 1, ".") &&
            mc_repair_is(r, i + 2, "write") && mc_repair_is(r, i + 3, "(")) {
            mc_repair_remove(r, i + 1, i + 2, "`String.write(…)` is `String(…)` now");
        }
    }
    return false;
}

/* `return abort[T](…)` */
static bool repair_abort(struct mc_repair *r, size_t i)
{
    static const char message[] = "`abort` gives nothing back";
    if (!mc_repair_is(r, i, "abort") || !mc_repair_is(r, i + 1, "[")) {
        return false;
    }
    mc_repair_remove(r, i + 1, mc_repair_match(r, i + 1), message);
    if (i > 0 && mc_repair_is(r, i - 1, "return")) {
        mc_repair_remove(r, i - 1, i - 1, message);
    }
    return true;
}

bool mc_repair_names(struct mc_repair *r, const struct mc_repair_error *e)
{
    char name[64];
    if (mc_repair_quoted(e->message, "use of unknown declaration '", name, sizeof name)) {
        return repair_old_name(r, name);
    }
    if (mc_repair_quoted(e->message, "' does not contain '", name, sizeof name)) {
        return repair_old_name(r, name);
    }
    if (mc_repair_quoted(e->message, "value has no attribute '", name, sizeof name)) {
        return repair_attribute(r, name, e->at);
    }
    if (strcmp(e->message, "no matching function in call to 'abort'") == 0) {
        return repair_abort(r, e->at);
    }
    return strcmp(e->message, "no matching function in call to 'write'") == 0 && repair_write(r);
}
