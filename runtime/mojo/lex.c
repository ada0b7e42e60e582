#include "mojo/lex.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Strings in the fields of t-strings in the fields of … : deeper ones are read as plain text. */
#define NESTING_LIMIT 32

struct lexer {
    const char *source;
    size_t length;
    size_t at;
    uint32_t line;
    size_t depth;
    bool in_line; /* the logical line has a token */
    bool
        flat; /* a t-string ran to the end of the source: read the next ones without their fields */
    bool failed; /* out of memory */
    size_t capacity;
    struct mc_tokens *out;
};

static int peek(const struct lexer *lexer, size_t offset)
{
    size_t at = lexer->at + offset;
    return at < lexer->length ? (unsigned char) lexer->source[at] : -1;
}

static bool is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(int c)
{
    return is_name_start(c) || is_digit(c);
}

static bool is_line_end(int c)
{
    return c == '\n' || c == '\r';
}

/* Bytes of the line end at `at`: 0 where there is none. */
static size_t line_end_at(const char *source, size_t length, size_t at)
{
    if (at >= length || !is_line_end((unsigned char) source[at])) {
        return 0;
    }
    return source[at] == '\r' && at + 1 < length && source[at + 1] == '\n' ? 2 : 1;
}

static void add_token(struct lexer *lexer, size_t start, uint32_t line, int kind, int flags)
{
    struct mc_tokens *out = lexer->out;
    if (out->count + 1 >= lexer->capacity) {
        size_t capacity = lexer->capacity > 0 ? lexer->capacity * 2 : 64;
        struct mc_token *items = realloc(out->items, capacity * sizeof *items);
        if (items == NULL) {
            lexer->failed = true;
            return;
        }
        out->items = items;
        lexer->capacity = capacity;
    }
    if (kind != MC_TOKEN_NEWLINE && kind != MC_TOKEN_END) {
        flags |= lexer->in_line ? 0 : MC_TOKEN_FIRST;
        lexer->in_line = true;
    }
    out->items[out->count++] = (struct mc_token) {
        .start = (uint32_t) start,
        .length = (uint32_t) (lexer->at - start),
        .line = line,
        .depth = (uint16_t) (lexer->depth < UINT16_MAX ? lexer->depth : UINT16_MAX),
        .kind = (uint8_t) kind,
        .flags = (uint8_t) flags,
    };
}

/* One string literal being read; those below it are t-strings whose fields it is in. */
struct literal {
    char quote;
    bool triple;
    bool fields;   /* `{…}` is code: a t-string */
    bool in_field; /* between such braces */
    size_t braces; /* brackets open within the field */
};

/* The length of a string's prefix and opening quote at `at`, or 0. */
static size_t literal_open(const struct lexer *lexer, size_t at, struct literal *ret)
{
    size_t i = at;
    bool raw = false;
    bool fields = false;
    for (; i < lexer->length && i < at + 2; i++) {
        char c = lexer->source[i];
        if ((c == 'r' || c == 'R') && !raw) {
            raw = true;
        } else if ((c == 't' || c == 'T') && !fields) {
            fields = true;
        } else {
            break;
        }
    }
    if (i >= lexer->length || (lexer->source[i] != '"' && lexer->source[i] != '\'')) {
        return 0;
    }
    const char *s = lexer->source + i;
    bool triple = i + 2 < lexer->length && s[1] == s[0] && s[2] == s[0];
    *ret = (struct literal) {.quote = s[0], .triple = triple, .fields = fields};
    return i + (triple ? 3 : 1) - at;
}

static bool literal_closes(const struct lexer *lexer, size_t at, const struct literal *literal)
{
    const char *s = lexer->source + at;
    if (*s != literal->quote) {
        return false;
    }
    return !literal->triple ||
           (at + 2 < lexer->length && s[1] == literal->quote && s[2] == literal->quote);
}

/* Bytes of an escape at `at`: a backslash and what it keeps from ending the string. */
static size_t escape_at(const struct lexer *lexer, size_t at)
{
    size_t end = line_end_at(lexer->source, lexer->length, at + 1);
    return at + 1 >= lexer->length ? 1 : 1 + (end > 0 ? end : 1);
}

static size_t comment_end(const struct lexer *lexer, size_t at)
{
    while (at < lexer->length && !is_line_end((unsigned char) lexer->source[at])) {
        at++;
    }
    return at;
}

/* In the text of the literal on top of the stack: one step on. Sets *ret_done at the literal's end,
 * and *ret_broken where its line ends first. */
static size_t literal_text(
    const struct lexer *lexer, size_t at, struct literal *top, bool *ret_done, bool *ret_broken)
{
    char c = lexer->source[at];
    if (c == '\\') {
        return at + escape_at(lexer, at);
    }
    if (literal_closes(lexer, at, top)) {
        *ret_done = true;
        return at + (top->triple ? 3 : 1);
    }
    if (is_line_end((unsigned char) c) && !top->triple) {
        *ret_broken = true;
        return at;
    }
    if (top->fields && c == '{') {
        if (at + 1 < lexer->length && lexer->source[at + 1] == '{') {
            return at + 2;
        }
        top->in_field = true;
        top->braces = 0;
    }
    return at + 1;
}

/* In a field of the t-string on top: one step on. A string that begins here is left in *ret_inner.
 */
static size_t
literal_field(const struct lexer *lexer, size_t at, struct literal *top, struct literal *ret_inner)
{
    bool after_name = at > 0 && is_name((unsigned char) lexer->source[at - 1]);
    size_t open = after_name && is_name((unsigned char) lexer->source[at])
                      ? 0
                      : literal_open(lexer, at, ret_inner);
    if (open > 0) {
        return at + open;
    }
    switch (lexer->source[at]) {
    case '#':
        return comment_end(lexer, at);
    case '{':
    case '[':
    case '(':
        top->braces++;
        break;
    case ']':
    case ')':
        top->braces -= top->braces > 0 ? 1 : 0;
        break;
    case '}':
        top->in_field = top->braces > 0;
        top->braces -= top->braces > 0 ? 1 : 0;
        break;
    default:
        break;
    }
    return at + 1;
}

/* The end of the literal whose opening is `open` bytes at the lexer's place. */
static size_t
literal_end(const struct lexer *lexer, struct literal first, size_t open, bool *ret_unterminated)
{
    struct literal stack[NESTING_LIMIT] = {first};
    size_t n = 1;
    size_t at = lexer->at + open;
    bool broken = false;
    while (n > 0 && !broken && at < lexer->length) {
        struct literal *top = &stack[n - 1];
        struct literal inner = {0};
        bool done = false;
        at = top->in_field ? literal_field(lexer, at, top, &inner)
                           : literal_text(lexer, at, top, &done, &broken);
        if (inner.quote != 0 && n < NESTING_LIMIT) {
            stack[n++] = inner;
        } else if (done) {
            n--;
        }
    }
    *ret_unterminated = n > 0;
    return at < lexer->length ? at : lexer->length;
}

size_t mc_lex_count_lines(const char *source, size_t length)
{
    size_t lines = 0;
    for (size_t at = 0; at < length;) {
        size_t end = line_end_at(source, length, at);
        lines += end > 0 ? 1 : 0;
        at += end > 0 ? end : 1;
    }
    return lines;
}

static bool lex_string(struct lexer *lexer)
{
    struct literal literal = {0};
    size_t open = literal_open(lexer, lexer->at, &literal);
    if (open == 0) {
        return false;
    }
    bool unterminated = false;
    bool nested = literal.fields;
    literal.fields = nested && !lexer->flat;
    size_t end = literal_end(lexer, literal, open, &unterminated);
    if (literal.fields && unterminated) {
        lexer->flat = true; /* so that the source is not read to its end again and again */
        literal.fields = false;
        end = literal_end(lexer, literal, open, &unterminated);
    }
    size_t start = lexer->at;
    uint32_t line = lexer->line;
    lexer->at = end;
    lexer->line += (uint32_t) mc_lex_count_lines(lexer->source + start, end - start);
    add_token(lexer, start, line, MC_TOKEN_STRING, unterminated ? MC_TOKEN_UNTERMINATED : 0);
    return true;
}

static void lex_backtick(struct lexer *lexer)
{
    size_t start = lexer->at++;
    while (lexer->at < lexer->length && peek(lexer, 0) != '`' && !is_line_end(peek(lexer, 0))) {
        lexer->at++;
    }
    bool closed = peek(lexer, 0) == '`';
    lexer->at += closed ? 1 : 0;
    add_token(lexer, start, lexer->line, MC_TOKEN_BACKTICK, closed ? 0 : MC_TOKEN_UNTERMINATED);
}

static void lex_name(struct lexer *lexer)
{
    size_t start = lexer->at;
    while (is_name(peek(lexer, 0))) {
        lexer->at++;
    }
    add_token(lexer, start, lexer->line, MC_TOKEN_NAME, 0);
}

static void lex_number(struct lexer *lexer)
{
    size_t start = lexer->at;
    bool hex = peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X');
    for (;;) {
        int c = peek(lexer, 0);
        if (is_name(c)) {
            bool exponent = !hex && (c == 'e' || c == 'E');
            bool sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
            lexer->at += exponent && sign && is_digit(peek(lexer, 2)) ? 2 : 1;
        } else if (c == '.' && peek(lexer, 1) != '.' && !is_name_start(peek(lexer, 1))) {
            lexer->at++;
        } else {
            break;
        }
    }
    add_token(lexer, start, lexer->line, MC_TOKEN_NUMBER, 0);
}

static void lex_operator(struct lexer *lexer)
{
    static const char *const operators[] = {
        "**=", "//=", "<<=", ">>=", "...", "->", "==", "!=", "<=", ">=", ":=", "**",
        "//",  "<<",  ">>",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", "@=",
    };
    static const char single[] = "+-*/%&|^~@=<>.,:;!$?([{}])";
    const char *text = lexer->source + lexer->at;
    size_t left = lexer->length - lexer->at;
    size_t start = lexer->at;
    size_t length = *text != '\0' && strchr(single, *text) != NULL ? 1 : 0;
    for (size_t i = 0; i < MC_LENGTH(operators) && length == 1; i++) {
        size_t n = strlen(operators[i]);
        if (n <= left && memcmp(text, operators[i], n) == 0) {
            length = n;
        }
    }
    bool closes = *text == ')' || *text == ']' || *text == '}';
    lexer->depth -= closes && lexer->depth > 0 ? 1 : 0;
    lexer->at += length > 0 ? length : 1;
    add_token(lexer, start, lexer->line, length > 0 ? MC_TOKEN_OP : MC_TOKEN_OTHER, 0);
    lexer->depth += *text == '(' || *text == '[' || *text == '{' ? 1 : 0;
}

static void end_logical_line(struct lexer *lexer, size_t end)
{
    size_t start = lexer->at;
    lexer->at += end;
    if (lexer->in_line) {
        add_token(lexer, start, lexer->line, MC_TOKEN_NEWLINE, 0);
        lexer->in_line = false;
    }
}

/* At the beginning of a line inside of brackets: whether a definition begins, which no bracket can
 * hold. Then a bracket before it was never closed, and the rest of the source is read as if it had
 * been. */
static bool starts_definition(const struct lexer *lexer)
{
    static const char *const keywords[] = {"def ", "fn ", "struct ", "trait ", "import "};
    for (size_t i = 0; i < MC_LENGTH(keywords); i++) {
        size_t n = strlen(keywords[i]);
        if (lexer->length - lexer->at > n &&
            memcmp(lexer->source + lexer->at, keywords[i], n) == 0 &&
            is_name_start(peek(lexer, n))) {
            return true;
        }
    }
    return false;
}

static void lex_line_end(struct lexer *lexer, size_t end)
{
    if (lexer->depth == 0) {
        end_logical_line(lexer, end);
        lexer->line++;
        return;
    }
    size_t start = lexer->at;
    lexer->at += end;
    if (starts_definition(lexer)) {
        lexer->at = start;
        lexer->depth = 0;
        end_logical_line(lexer, end);
    }
    lexer->line++;
}

/* Skips a backslash at the end of a line; false where there is none. */
static bool skip_continuation(struct lexer *lexer)
{
    size_t end = line_end_at(lexer->source, lexer->length, lexer->at + 1);
    if (peek(lexer, 0) != '\\' || end == 0) {
        return false;
    }
    lexer->at += 1 + end;
    lexer->line++;
    return true;
}

static void lex_one(struct lexer *lexer)
{
    int c = peek(lexer, 0);
    size_t end = line_end_at(lexer->source, lexer->length, lexer->at);
    if (end > 0) {
        lex_line_end(lexer, end);
    } else if (c == ' ' || c == '\t' || c == '\f' || c == '\v') {
        lexer->at++;
    } else if (c == '#') {
        lexer->at = comment_end(lexer, lexer->at);
    } else if (skip_continuation(lexer) || lex_string(lexer)) {
        return;
    } else if (c == '`') {
        lex_backtick(lexer);
    } else if (is_name_start(c)) {
        lex_name(lexer);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
        lex_number(lexer);
    } else {
        lex_operator(lexer);
    }
}

int mc_lex(const char *source, size_t length, struct mc_tokens *ret, mc_err *err)
{
    *ret = MC_TOKENS_INIT;
    if (length > MC_LEX_LIMIT) {
        return mc_err_set(err, MC_TOO_LARGE, "a source of %zu bytes is too long", length);
    }
    bool bom = length >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0;
    *ret = (struct mc_tokens) {.source = source, .length = length, .start = bom ? 3 : 0};
    struct lexer lexer = {
        .source = source, .length = length, .at = ret->start, .line = 1, .out = ret};
    while (lexer.at < length && !lexer.failed) {
        lex_one(&lexer);
    }
    end_logical_line(&lexer, 0);
    lexer.depth = 0;
    add_token(&lexer, length, lexer.line, MC_TOKEN_END, 0);
    if (lexer.failed) {
        mc_tokens_fini(ret);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    ret->count--;
    return 0;
}

void mc_tokens_fini(struct mc_tokens *tokens)
{
    free(tokens->items);
    *tokens = MC_TOKENS_INIT;
}

bool mc_token_is(const struct mc_tokens *tokens, const struct mc_token *token, const char *text)
{
    size_t n = strlen(text);
    return token->length == n && memcmp(tokens->source + token->start, text, n) == 0;
}

const struct mc_token *mc_lex_at(const struct mc_tokens *tokens, size_t offset)
{
    size_t low = 0;
    size_t high = tokens->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mc_token *token = &tokens->items[middle];
        if ((size_t) token->start + token->length > offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return &tokens->items[low];
}
