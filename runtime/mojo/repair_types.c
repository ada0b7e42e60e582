#include "base/mem.h"
#include "mojo/repair_parts.h"

#include <string.h>

/* --- elements -------------------------------------------------------------------------------- */

static bool is_collection(const struct mc_repair *r, size_t i)
{
    return mc_repair_is_free(r, i, "List") || mc_repair_is_free(r, i, "Array") ||
           mc_repair_is_free(r, i, "Set") || mc_repair_is_free(r, i, "Deque");
}

/* Whether a name was declared before in the same function. */
static bool is_declared(const struct mc_repair *r, size_t name)
{
    mc_autofree char *text = mc_repair_text(r, name, name);
    size_t def = mc_repair_function(r, name);
    if (text == NULL || def == r->tokens.count) {
        return false;
    }
    for (size_t i = def; i < name; i++) {
        if (mc_repair_is(r, i, text) &&
            (mc_repair_is(r, i - 1, "var") || mc_repair_is(r, i + 1, ":"))) {
            return true;
        }
    }
    return false;
}

/* Whether what stands behind a value is a part of its expression. */
static bool goes_on(const struct mc_repair *r, size_t i)
{
    const struct mc_token *t = mc_repair_token(r, i);
    bool ends = mc_repair_is(r, i, ")") || mc_repair_is(r, i, "]") || mc_repair_is(r, i, ",") ||
                mc_repair_is(r, i, "}") || mc_repair_is(r, i, ":") || mc_repair_is(r, i, ";");
    return t->kind == MC_TOKEN_OP && !ends;
}

/* Whether a value is an argument of a call, which may take any type: the brackets alone would be an
 * Array then. Elements of another List are none. */
static bool is_argument(const struct mc_repair *r, size_t first)
{
    size_t open = first;
    while (open > 0 && mc_repair_token(r, open)->depth >= mc_repair_token(r, first)->depth) {
        open--;
    }
    if (!mc_repair_is(r, open, "(") || open == 0) {
        return false;
    }
    size_t type = mc_repair_is(r, open - 1, "]") ? mc_repair_match(r, open - 1) : open;
    return !is_collection(r, type - 1);
}

/* Whether brackets alone have this type of elements whatever is in them. */
static bool is_plain(const struct mc_repair *r, size_t first)
{
    return mc_repair_is(r, first + 1, "[") && mc_repair_is(r, first + 3, "]") &&
           (mc_repair_is(r, first + 2, "Int") || mc_repair_is(r, first + 2, "String") ||
            mc_repair_is(r, first + 2, "Bool"));
}

/* `List[T](a, b)`, whose elements stand in brackets now: `first` is the name, `open` the bracket.
 */
static void repair_elements(struct mc_repair *r, size_t first, size_t open)
{
    static const char message[] = "elements stand in brackets now";
    size_t close = mc_repair_match(r, open);
    bool set = mc_repair_is(r, first, "Set");
    size_t start = mc_repair_token(r, first)->start;
    bool assigned = first > 1 && mc_repair_is(r, first - 1, "=");
    bool named = assigned && mc_repair_is_name(r, first - 2) &&
                 (mc_repair_is(r, first - 3, "var") || mc_repair_is(r, first - 3, "comptime") ||
                  mc_repair_is_first(r, first - 2));
    bool typed = assigned || mc_repair_is(r, first - 1, "return") ||
                 mc_repair_is(r, first - 1, "(") || mc_repair_is(r, first - 1, ",") ||
                 mc_repair_is(r, first - 1, "[");
    mc_autofree char *type = mc_repair_text(r, first, open - 1);
    if (type == NULL) {
        r->edits.failed = true;
        return;
    }
    mc_edits_begin_group(&r->edits);
    if (!typed || goes_on(r, close + 1) || (is_argument(r, first) && is_plain(r, first))) {
        mc_repair_insert(r, mc_repair_end(r, open), set ? "{" : "[", message);
        mc_repair_insert(r, mc_repair_token(r, close)->start, set ? "}" : "]", message);
    } else {
        if (named && !(mc_repair_is_first(r, first - 2) && is_declared(r, first - 2))) {
            size_t at = mc_repair_end(r, first - 2);
            mc_repair_change(r, at, at, message, ": %s", type);
        }
        mc_edits_add(&r->edits, start, mc_repair_end(r, open), set ? "{" : "[", message);
        mc_repair_replace(r, close, set ? "}" : "]", message);
    }
    mc_edits_end_group(&r->edits);
}

static void repair_all_elements(struct mc_repair *r, size_t reported)
{
    for (size_t i = 1; i + 1 < r->tokens.count; i++) {
        size_t open = mc_repair_is(r, i + 1, "[") ? mc_repair_match(r, i + 1) + 1 : i + 1;
        if (!is_collection(r, i) || !mc_repair_is(r, open, "(")) {
            continue;
        }
        size_t close = mc_repair_match(r, open);
        size_t n = mc_repair_arguments(r, open, close);
        if (n > 0 && (n > 1 || open == reported) && !mc_repair_names_argument(r, open, close)) {
            repair_elements(r, i, open);
        }
    }
}

/* --- pointers and functions as types --------------------------------------------------------- */

static void repair_pointer_types(struct mc_repair *r)
{
    static const char message[] = "a pointer's type names where it points";
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        size_t close = mc_repair_match(r, i + 1);
        if ((mc_repair_is_free(r, i, "UnsafePointer") || mc_repair_is_free(r, i, "Pointer")) &&
            mc_repair_is(r, i + 1, "[") && mc_repair_arguments(r, i + 1, close) == 1 &&
            !mc_repair_is(r, close + 1, "(") && !mc_repair_is(r, close + 1, ".")) {
            mc_edits_begin_group(&r->edits);
            mc_repair_replace(r, i, "Pointer", message);
            mc_repair_insert(r, mc_repair_token(r, close)->start, ", MutUntrackedOrigin", message);
            mc_edits_end_group(&r->edits);
        }
    }
}

/* A function's type says `thin`, where it is no closure. */
static void repair_function_types(struct mc_repair *r)
{
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        size_t open = mc_repair_is(r, i + 1, "[") ? mc_repair_match(r, i + 1) + 1 : i + 1;
        size_t close = mc_repair_match(r, open);
        size_t next = close + 1 + mc_repair_is(r, close + 1, "raises");
        bool closure = mc_repair_is(r, next, "capturing") || mc_repair_is(r, next, "escaping") ||
                       mc_repair_is(r, next, "thin") || mc_repair_is(r, next, "unified");
        bool type = mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn");
        if (type && !mc_repair_is_first(r, i) && mc_repair_is(r, open, "(") && !closure) {
            mc_repair_insert(
                r, mc_repair_end(r, close), " thin", "the type of a plain function says `thin`");
        }
    }
}

static void repair_spans(struct mc_repair *r)
{
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        size_t close = mc_repair_match(r, i + 1);
        if (mc_repair_is_free(r, i, "Span") && mc_repair_is(r, i + 1, "[") &&
            mc_repair_arguments(r, i + 1, close) == 1) {
            mc_repair_insert(
                r, mc_repair_token(r, close)->start, ", _", "a Span's type names its origin");
        }
    }
}

/* `-> (Int, Int):` */
static void repair_tuple_types(struct mc_repair *r)
{
    static const char message[] = "the type of a tuple is `Tuple[…]`";
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        if (mc_repair_is(r, i, "->") && mc_repair_is(r, i + 1, "(")) {
            mc_repair_replace(r, i + 1, "Tuple[", message);
            mc_repair_replace(r, mc_repair_match(r, i + 1), "]", message);
        }
    }
}

/* --- f-strings ------------------------------------------------------------------------------- */

static bool is_fstring(const struct mc_repair *r, size_t i)
{
    return (mc_repair_is(r, i, "f") || mc_repair_is(r, i, "F")) &&
           mc_repair_token(r, i + 1)->kind == MC_TOKEN_STRING &&
           mc_repair_end(r, i) == mc_repair_token(r, i + 1)->start;
}

static bool is_printed(const struct mc_repair *r, size_t i)
{
    size_t open = i;
    while (open > 0 && mc_repair_token(r, open)->depth >= mc_repair_token(r, i)->depth) {
        open--;
    }
    return open > 0 && mc_repair_is(r, open, "(") && mc_repair_is(r, open - 1, "print") &&
           (mc_repair_is(r, i - 1, "(") || mc_repair_is(r, i - 1, ","));
}

static void repair_fstrings(struct mc_repair *r)
{
    static const char message[] = "strings with fields are t-strings";
    for (size_t i = 0; i + 1 < r->tokens.count; i++) {
        if (!is_fstring(r, i)) {
            continue;
        }
        mc_edits_begin_group(&r->edits);
        mc_repair_replace(r, i, is_printed(r, i) ? "t" : "String(t", message);
        if (!is_printed(r, i)) {
            mc_repair_insert(r, mc_repair_end(r, i + 1), ")", message);
        }
        mc_edits_end_group(&r->edits);
    }
}

void mc_repair_types(struct mc_repair *r, const struct mc_repair_error *e)
{
    if (strcmp(e->message, "no matching function in initialization") == 0) {
        repair_all_elements(r, e->at);
    } else if (strncmp(e->message, "'Span' failed to infer parameter 'origin'", 41) == 0) {
        repair_spans(r);
    } else if (strncmp(e->message, "failed to infer parameter 'origin'", 34) == 0) {
        repair_pointer_types(r);
    } else if (strncmp(e->message, "expected a type, found a tuple value", 36) == 0) {
        repair_tuple_types(r);
    } else if (strncmp(e->message, "'fn' has been removed", 21) == 0 ||
               strstr(e->message, ") thin ") != NULL ||
               strstr(e->message, "invalid call to '__call__'") != NULL) {
        repair_function_types(r);
    } else if (is_fstring(r, e->at) || (e->at > 0 && is_fstring(r, e->at - 1))) {
        repair_fstrings(r);
    }
}
