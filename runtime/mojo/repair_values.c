#include "base/mem.h"
#include "mojo/repair_parts.h"

#include <string.h>

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* --- copies and moves ------------------------------------------------------------------------ */

static bool has_note(const struct mc_repair_error *e, const char *part)
{
    size_t i;
    json_t *note;
    json_array_foreach(e->notes, i, note)
    {
        const char *message = json_string_value(json_object_get(note, "message"));
        if (message != NULL && strstr(message, part) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether `return x` gives a variable of the function away, which nothing can see afterwards. */
static bool ends_with(const struct mc_repair *r, size_t i)
{
    mc_autofree char *name = mc_repair_text(r, i, i);
    size_t def = mc_repair_function(r, i);
    if (name == NULL || def == r->tokens.count || !mc_repair_is(r, i - 1, "return")) {
        return false;
    }
    for (size_t j = def; j < i; j++) {
        if (mc_repair_is(r, j, name) &&
            (mc_repair_is(r, j - 1, "var") || mc_repair_is(r, j - 1, "owned"))) {
            return true;
        }
    }
    return false;
}

/* A copy of the whole makes no copy of what a loop takes out of it, nor another one of what is a
 * copy. */
static bool copies_nothing(const struct mc_repair *r, const struct mc_repair_error *e, size_t end)
{
    size_t first = e->at;
    while (first > 0 && !mc_repair_is_first(r, first)) {
        first--;
    }
    bool again = end > 2 && mc_repair_is(r, end - 2, "copy") && mc_repair_is(r, end - 1, "(");
    return again || (mc_repair_is(r, first, "for") && strstr(e->message, ".Element'") != NULL);
}

static void repair_copy(struct mc_repair *r, const struct mc_repair_error *e)
{
    char type[128];
    size_t end = mc_repair_expression_end(r, e->at);
    if (copies_nothing(r, e, end)) {
        return;
    }
    bool is_value = mc_repair_is_name(r, e->at) || mc_repair_is(r, e->at, ".") || end > e->at;
    if (mc_repair_quoted(e->message, "value of type '", type, sizeof type)) {
        type[strcspn(type, "[")] = '\0';
        if (mc_repair_implicit_copies(r, type)) {
            return;
        }
    }
    if (mc_repair_is_name(r, e->at) && ends_with(r, e->at)) {
        mc_repair_insert(r, mc_repair_end(r, e->at), "^", "what is returned is moved");
    } else if (is_value && has_note(e, "'.copy()'")) {
        mc_repair_insert(r, mc_repair_end(r, end), ".copy()", "copies are written out");
    }
}

/* --- conversions ----------------------------------------------------------------------------- */

static bool is_operator(const struct mc_repair *r, size_t i)
{
    static const char *const operators[] = {"+", "-", "*", "/", "//", "%"};
    for (size_t j = 0; j < MC_LENGTH(operators); j++) {
        if (mc_repair_is(r, i, operators[j])) {
            return true;
        }
    }
    return false;
}

static void convert(struct mc_repair *r, size_t i, const char *type)
{
    static const char message[] = "conversions are written out";
    size_t last = mc_repair_expression_end(r, i);
    while (is_operator(r, i) && i > 0) { /* the first operand decides */
        last = i - 1;
        i = mc_repair_expression(r, mc_repair_match(r, last));
        if (i > 1 && is_operator(r, i - 1)) {
            i--;
        }
    }
    if (!is_operator(r, i)) {
        mc_edits_begin_group(&r->edits);
        mc_repair_wrap(r, mc_repair_expression(r, i), last, type, message);
        mc_edits_end_group(&r->edits);
    }
}

/* The loop over a variable of this name that is around it, or the count of tokens. */
static size_t loop_of(const struct mc_repair *r, size_t name)
{
    mc_autofree char *text = mc_repair_text(r, name, name);
    size_t loop = name;
    while (text != NULL && loop > 0 &&
           !(mc_repair_is(r, loop, "for") && mc_repair_is(r, loop + 1, text))) {
        loop--;
    }
    bool around = mc_repair_is(r, loop, "for") && text != NULL && mc_repair_is(r, loop + 1, text) &&
                  mc_repair_block_end(r, loop) > name;
    return around ? loop : r->tokens.count;
}

/* A loop's variable is one of a type that is not String at every place where one is wanted. */
static void convert_arguments(struct mc_repair *r, size_t name, const char *type)
{
    mc_autofree char *text = mc_repair_text(r, name, name);
    size_t loop = loop_of(r, name);
    size_t end = loop < r->tokens.count ? mc_repair_block_end(r, loop) : 0;
    for (size_t i = loop + 2; text != NULL && i < end; i++) {
        bool starts_argument = mc_repair_is(r, i - 1, "(") || mc_repair_is(r, i - 1, "[") ||
                               mc_repair_is(r, i - 1, ",");
        bool ends_argument = mc_repair_is(r, i + 1, ")") || mc_repair_is(r, i + 1, "]") ||
                             mc_repair_is(r, i + 1, ",");
        bool made = mc_repair_is(r, i - 2, type);
        if (i != name && mc_repair_is(r, i, text) && starts_argument && ends_argument && !made) {
            convert(r, i, type);
        }
    }
}

static bool is_whole(const char *type)
{
    return strcmp(type, "Int") == 0 || strcmp(type, "UInt") == 0 || starts(type, "Int8") ||
           starts(type, "Int16") || starts(type, "Int32") || starts(type, "Int64") ||
           starts(type, "UInt8") || starts(type, "UInt16") || starts(type, "UInt32") ||
           starts(type, "UInt64");
}

/* `Int(x)` of a PythonObject, told of at the bracket. */
static void repair_from_python(struct mc_repair *r, const struct mc_repair_error *e)
{
    static const char *const types[] = {"Int", "Float64", "Bool"};
    size_t open = e->at;
    bool one = mc_repair_arguments(r, open, mc_repair_match(r, open)) == 1;
    for (size_t i = 0; open > 0 && one && i < MC_LENGTH(types); i++) {
        if (mc_repair_is(r, open, "(") && mc_repair_is_free(r, open - 1, types[i])) {
            mc_repair_insert(
                r, mc_repair_end(r, open), "py=", "values of Python are converted by `py=`");
        }
    }
}

/* What older Mojo converted by itself, and loses nothing. */
static void repair_conversion(struct mc_repair *r, const struct mc_repair_error *e)
{
    char from[256];
    char to[128];
    if (!(mc_repair_quoted(e->message, "cannot be converted from '", from, sizeof from) &&
          (mc_repair_quoted(e->message, "' to '", to, sizeof to) ||
           mc_repair_quoted(e->message, "' to ref '", to, sizeof to))) &&
        !(mc_repair_quoted(e->message, "cannot implicitly convert '", from, sizeof from) &&
          mc_repair_quoted(e->message, "' value to '", to, sizeof to))) {
        return;
    }
    bool text = starts(from, "StringSpan") || starts(from, "StaticString") ||
                starts(from, "StringSlice") || starts(from, "_ListIterOwned[StringSpan") ||
                starts(from, "_ListIter[StringSpan");
    if ((is_whole(from) && (strcmp(to, "Float64") == 0 || strcmp(to, "Float32") == 0)) ||
        (text && strcmp(to, "String") == 0) || (starts(from, "Span[") && starts(to, "List["))) {
        size_t at = e->at;
        if (starts(e->message, "invalid call to '__getitem__'") && mc_repair_is(r, at, "[")) {
            at++;
        }
        convert(r, at, to);
        if (text && mc_repair_is_name(r, at)) {
            convert_arguments(r, at, to);
        }
    }
}

/* A literal with a point beside an Int, told of at one of them or between them. */
static void repair_literal(struct mc_repair *r, size_t i)
{
    size_t at[] = {i, i - 1, i + 1};
    for (size_t j = 0; i > 0 && j < MC_LENGTH(at); j++) {
        const struct mc_token *t = mc_repair_token(r, at[j]);
        if (t->kind == MC_TOKEN_NUMBER && memchr(r->source + t->start, '.', t->length) != NULL) {
            mc_edits_begin_group(&r->edits);
            mc_repair_wrap(r, at[j], at[j], "Float64", "conversions are written out");
            mc_edits_end_group(&r->edits);
            return;
        }
    }
}

/* --- errors that leave a function ------------------------------------------------------------ */

static size_t end_of_parameters(const struct mc_repair *r, size_t def)
{
    size_t i = def + 2;
    i = mc_repair_is(r, i, "[") ? mc_repair_match(r, i) + 1 : i;
    return mc_repair_match(r, i);
}

static bool raises(const struct mc_repair *r, size_t def)
{
    return mc_repair_is(r, end_of_parameters(r, def) + 1, "raises");
}

static bool is_def(const struct mc_repair *r, size_t i)
{
    return mc_repair_is_first(r, i) && (mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn"));
}

/* Who calls it raises as well, unless something there is tried. */
static void repair_raises(struct mc_repair *r, size_t def);

static void repair_callers(struct mc_repair *r, size_t called)
{
    mc_autofree char *name = mc_repair_text(r, called + 1, called + 1);
    for (size_t i = 0; name != NULL && i < r->tokens.count; i++) {
        bool calls = false;
        bool tries = false;
        size_t end = is_def(r, i) ? mc_repair_block_end(r, i) : i;
        for (size_t j = i + 2; j < end; j++) {
            calls |= mc_repair_is(r, j, name) && mc_repair_is(r, j + 1, "(");
            tries |= mc_repair_is(r, j, "try");
        }
        if (calls && !tries && i != called && !raises(r, i)) {
            repair_raises(r, i);
        }
    }
}

static void repair_raises(struct mc_repair *r, size_t def)
{
    static const char message[] = "a function that errors leave says `raises`";
    if (def >= r->tokens.count || raises(r, def)) {
        return;
    }
    size_t at = mc_repair_end(r, end_of_parameters(r, def));
    for (size_t i = 0; i < r->edits.count; i++) {
        if (r->edits.items[i].start == at) {
            return;
        }
    }
    mc_repair_insert(r, at, " raises", message);
    repair_callers(r, def);
}

/* --- subscripts ------------------------------------------------------------------------------ */

static bool is_assigned(const struct mc_repair *r, size_t i)
{
    const struct mc_token *t = mc_repair_token(r, i);
    size_t last = t->length;
    return mc_repair_is(r, i, "=") ||
           (t->kind == MC_TOKEN_OP && last > 1 && r->source[t->start + last - 1] == '=' &&
            memchr("=!<>", r->source[t->start], 4) == NULL);
}

/* `for x in xs:` with `x[]` in it, where x is the element itself now. */
static bool repair_loop(struct mc_repair *r, size_t name)
{
    static const char message[] = "a loop's variable is the element itself now";
    mc_autofree char *text = mc_repair_text(r, name, name);
    size_t loop = loop_of(r, name);
    size_t end = mc_repair_block_end(r, loop);
    bool assigned = false;
    if (text == NULL || loop == r->tokens.count) {
        return false;
    }
    for (size_t i = loop + 2; i < end; i++) {
        if (mc_repair_is_free(r, i, text) && mc_repair_is(r, i + 1, "[") &&
            mc_repair_is(r, i + 2, "]")) {
            size_t next = i + 3;
            while (mc_repair_is(r, next, ".") && mc_repair_is_name(r, next + 1)) {
                next += 2;
            }
            assigned |= is_assigned(r, next);
            mc_edits_add(
                &r->edits, mc_repair_token(r, i + 1)->start, mc_repair_end(r, i + 2), "", message);
        }
    }
    if (assigned) {
        mc_repair_insert(r, mc_repair_token(r, loop + 1)->start, "ref ", message);
    }
    return true;
}

static void repair_dereference(struct mc_repair *r, size_t open)
{
    if (mc_repair_is(r, open, "[") && mc_repair_is(r, open + 1, "]") &&
        !(open > 0 && mc_repair_is_name(r, open - 1) && repair_loop(r, open - 1))) {
        mc_edits_add(&r->edits,
                     mc_repair_token(r, open)->start,
                     mc_repair_end(r, open + 1),
                     "",
                     "it is the value itself now");
    }
}

/* `s[i]`, which is a byte's place in a String. */
static void repair_string_item(struct mc_repair *r, size_t open)
{
    static const char message[] = "places in a String are named: `byte=`";
    size_t first = mc_repair_expression(r, open);
    size_t close = mc_repair_match(r, open);
    bool negative = mc_repair_is(r, open + 1, "-") && close == open + 3;
    mc_autofree char *text = mc_repair_text(r, first, open - 1);
    if (!mc_repair_is(r, open, "[") || text == NULL) {
        return;
    }
    mc_edits_begin_group(&r->edits);
    if (mc_repair_is(r, first - 1, "=") && mc_repair_is(r, first - 3, "var") &&
        mc_repair_token(r, close + 1)->kind == MC_TOKEN_NEWLINE) {
        mc_repair_insert(r, mc_repair_token(r, first)->start, "String(", message);
        mc_repair_insert(r, mc_repair_end(r, close), ")", message);
    }
    if (negative) {
        mc_repair_change(r,
                         mc_repair_token(r, open + 1)->start,
                         mc_repair_end(r, open + 1),
                         message,
                         "byte=%s.byte_length() - ",
                         text);
    } else {
        mc_repair_insert(r, mc_repair_end(r, open), "byte=", message);
    }
    mc_edits_end_group(&r->edits);
}

/* `xs[-1]` */
static void repair_negative(struct mc_repair *r, size_t open)
{
    static const char message[] = "places count from the start";
    size_t first = mc_repair_expression(r, open);
    mc_autofree char *text = mc_repair_text(r, first, open - 1);
    if (text != NULL && mc_repair_is(r, open, "[") && mc_repair_is(r, open + 1, "-") &&
        mc_repair_token(r, open + 2)->kind == MC_TOKEN_NUMBER && mc_repair_is(r, open + 3, "]") &&
        first + 1 == open) {
        mc_repair_change(r,
                         mc_repair_token(r, open + 1)->start,
                         mc_repair_end(r, open + 1),
                         message,
                         "len(%s) - ",
                         text);
    }
}

/* `len(s)` of a String, which has always been its bytes. */
static void repair_string_length(struct mc_repair *r, size_t i)
{
    static const char message[] = "the length of a String is told in bytes";
    size_t open = mc_repair_is(r, i, "len") ? i + 1 : i;
    size_t close = mc_repair_match(r, open);
    if (open == 0 || !mc_repair_is(r, open - 1, "len") || close <= open + 1) {
        return;
    }
    size_t last = close - 1;
    bool whole = mc_repair_expression(
                     r, mc_repair_is_name(r, last) ? last : mc_repair_match(r, last)) == open + 1;
    mc_edits_begin_group(&r->edits);
    mc_edits_add(&r->edits,
                 mc_repair_token(r, open - 1)->start,
                 whole ? mc_repair_end(r, open) : mc_repair_token(r, open)->start,
                 "",
                 message);
    mc_edits_add(&r->edits,
                 mc_repair_token(r, close)->start,
                 mc_repair_end(r, close),
                 whole ? ".byte_length()" : ").byte_length()",
                 message);
    mc_edits_end_group(&r->edits);
}

void mc_repair_values(struct mc_repair *r, const struct mc_repair_error *e)
{
    const char *message = e->message;
    if (e->at >= r->tokens.count) {
        return;
    }
    if (strstr(message, "cannot be implicitly copied") != NULL) {
        repair_copy(r, e);
    } else if (starts(message, "cannot call function that may raise") ||
               starts(message, "'raise' requires a surrounding")) {
        repair_raises(r, mc_repair_function(r, e->at));
    } else if (starts(message, "`len(String/StringSlice)` is not supported")) {
        repair_string_length(r, e->at);
    } else if (starts(message, "String does not support direct positional")) {
        repair_string_item(r, e->at);
    } else if (starts(message, "negative indexing is not supported")) {
        repair_negative(r, e->at);
    } else if (starts(message, "no matching function in initialization") &&
               has_note(e, "from 'PythonObject'")) {
        repair_from_python(r, e);
    } else if (starts(message, "the SIMD type must be floating point")) {
        repair_literal(r, e->at);
    } else if (strstr(message, "is not subscriptable") != NULL ||
               starts(message, "no matching method in call to '__getitem__'") ||
               starts(message, "invalid call to '__getitem__': missing required argument: 'idx'")) {
        repair_dereference(r, e->at);
    } else {
        repair_conversion(r, e);
    }
}
