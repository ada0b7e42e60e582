#include "base/mem.h"
#include "mojo/repair_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct mc_token *mc_repair_token(const struct mc_repair *r, size_t i)
{
    return &r->tokens.items[i < r->tokens.count ? i : r->tokens.count];
}

bool mc_repair_is(const struct mc_repair *r, size_t i, const char *text)
{
    return i < r->tokens.count && mc_token_is(&r->tokens, mc_repair_token(r, i), text);
}

bool mc_repair_is_name(const struct mc_repair *r, size_t i)
{
    int kind = mc_repair_token(r, i)->kind;
    return kind == MC_TOKEN_NAME || kind == MC_TOKEN_BACKTICK;
}

bool mc_repair_is_first(const struct mc_repair *r, size_t i)
{
    return (mc_repair_token(r, i)->flags & MC_TOKEN_FIRST) != 0;
}

bool mc_repair_is_free(const struct mc_repair *r, size_t i, const char *name)
{
    return mc_repair_is(r, i, name) && (i == 0 || !mc_repair_is(r, i - 1, "."));
}

size_t mc_repair_end(const struct mc_repair *r, size_t i)
{
    const struct mc_token *t = mc_repair_token(r, i);
    return (size_t) t->start + t->length;
}

static bool is_one_of(const struct mc_repair *r, size_t i, const char *const *words, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        if (mc_repair_is(r, i, words[j])) {
            return true;
        }
    }
    return false;
}

static bool opens(const struct mc_repair *r, size_t i)
{
    return mc_repair_is(r, i, "(") || mc_repair_is(r, i, "[") || mc_repair_is(r, i, "{");
}

static bool closes(const struct mc_repair *r, size_t i)
{
    return mc_repair_is(r, i, ")") || mc_repair_is(r, i, "]") || mc_repair_is(r, i, "}");
}

size_t mc_repair_match(const struct mc_repair *r, size_t i)
{
    int depth = mc_repair_token(r, i)->depth;
    if (opens(r, i)) {
        for (size_t j = i + 1; j < r->tokens.count; j++) {
            if (mc_repair_token(r, j)->depth == depth && closes(r, j)) {
                return j;
            }
        }
    } else if (closes(r, i)) {
        for (size_t j = i; j-- > 0;) {
            if (mc_repair_token(r, j)->depth == depth && opens(r, j)) {
                return j;
            }
        }
    }
    return i;
}

/* Whether a value can end here: what follows in brackets is a call or a subscript. */
static bool ends_value(const struct mc_repair *r, size_t i)
{
    static const char *const words[] = {"return",
                                        "in",
                                        "not",
                                        "and",
                                        "or",
                                        "if",
                                        "elif",
                                        "else",
                                        "while",
                                        "raise",
                                        "is",
                                        "for",
                                        "var",
                                        "ref",
                                        "with",
                                        "assert",
                                        "def",
                                        "comptime"};
    return closes(r, i) || mc_repair_token(r, i)->kind == MC_TOKEN_STRING ||
           (mc_repair_is_name(r, i) && !is_one_of(r, i, words, MC_LENGTH(words)));
}

size_t mc_repair_expression(const struct mc_repair *r, size_t i)
{
    for (; i > 0; i = mc_repair_match(r, i - 1)) {
        bool attribute = mc_repair_is(r, i, ".");
        bool member = mc_repair_is_name(r, i) && mc_repair_is(r, i - 1, ".");
        if (member) {
            continue;
        }
        if ((!attribute && !opens(r, i)) || !ends_value(r, i - 1)) {
            break;
        }
    }
    return i;
}

size_t mc_repair_expression_end(const struct mc_repair *r, size_t i)
{
    return mc_repair_is(r, i, ".") ? i + 1 : mc_repair_match(r, i);
}

size_t mc_repair_arguments(const struct mc_repair *r, size_t open, size_t close)
{
    int depth = mc_repair_token(r, open)->depth + 1;
    size_t n = close > open + 1;
    for (size_t i = open + 1; i + 1 < close; i++) {
        n += mc_repair_token(r, i)->depth == depth && mc_repair_is(r, i, ",");
    }
    return n;
}

bool mc_repair_names_argument(const struct mc_repair *r, size_t open, size_t close)
{
    int depth = mc_repair_token(r, open)->depth + 1;
    for (size_t i = open + 1; i < close; i++) {
        if (mc_repair_token(r, i)->depth == depth &&
            (mc_repair_is(r, i, "=") || mc_repair_is(r, i, "for"))) {
            return true;
        }
    }
    return false;
}

static size_t column(const struct mc_repair *r, size_t i)
{
    size_t start = mc_repair_token(r, i)->start;
    size_t at = start;
    while (at > 0 && r->source[at - 1] != '\n' && r->source[at - 1] != '\r') {
        at--;
    }
    return start - at;
}

size_t mc_repair_block_end(const struct mc_repair *r, size_t i)
{
    size_t indent = column(r, i);
    for (i++; i < r->tokens.count; i++) {
        if (mc_repair_is_first(r, i) && column(r, i) <= indent) {
            return i;
        }
    }
    return i;
}

size_t mc_repair_function(const struct mc_repair *r, size_t i)
{
    if (i >= r->tokens.count) {
        return r->tokens.count;
    }
    while (i > 0 && !mc_repair_is_first(r, i)) {
        i--;
    }
    for (size_t indent = column(r, i); i-- > 0;) {
        if (mc_repair_is_first(r, i) && column(r, i) < indent &&
            (mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn"))) {
            return i;
        }
    }
    return r->tokens.count;
}

char *mc_repair_text(const struct mc_repair *r, size_t first, size_t last)
{
    size_t start = mc_repair_token(r, first)->start;
    return strndup(r->source + start, mc_repair_end(r, last) - start);
}

void mc_repair_replace(struct mc_repair *r, size_t i, const char *text, const char *message)
{
    mc_edits_add(&r->edits, mc_repair_token(r, i)->start, mc_repair_end(r, i), text, message);
}

void mc_repair_insert(struct mc_repair *r, size_t at, const char *text, const char *message)
{
    mc_edits_add(&r->edits, at, at, text, message);
}

void mc_repair_remove(struct mc_repair *r, size_t first, size_t last, const char *message)
{
    size_t end = mc_repair_end(r, last);
    while (end < r->length && r->source[end] == ' ') {
        end++;
    }
    mc_edits_add(&r->edits, mc_repair_token(r, first)->start, end, "", message);
}

void mc_repair_remove_line(struct mc_repair *r, size_t first, const char *message)
{
    size_t last = first;
    size_t start = mc_repair_token(r, first)->start;
    while (last + 1 < r->tokens.count && mc_repair_token(r, last + 1)->kind != MC_TOKEN_NEWLINE) {
        last++;
    }
    start -= column(r, first);
    mc_edits_add(&r->edits, start, mc_repair_end(r, last), "", message);
}

void mc_repair_wrap(
    struct mc_repair *r, size_t first, size_t last, const char *type, const char *message)
{
    size_t start = mc_repair_token(r, first)->start;
    if (mc_repair_is(r, first, "(") && mc_repair_match(r, first) == last) {
        mc_repair_insert(r, start, type, message);
        return;
    }
    mc_repair_change(r, start, start, message, "%s(", type);
    mc_repair_insert(r, mc_repair_end(r, last), ")", message);
}

void mc_repair_change(
    struct mc_repair *r, size_t start, size_t end, const char *message, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0) {
        r->edits.failed = true;
        return;
    }
    mc_edits_add(&r->edits, start, end, text, message);
    free(text);
}

bool mc_repair_quoted(const char *message, const char *before, char *ret, size_t size)
{
    const char *at = strstr(message, before);
    if (at == NULL) {
        return false;
    }
    at += strlen(before);
    size_t length = strcspn(at, "'");
    if (length >= size) {
        return false;
    }
    memcpy(ret, at, length);
    ret[length] = '\0';
    return true;
}
