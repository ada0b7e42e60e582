#include "language/text.h"

#include "base/mem.h"
#include "mojo/diag_text.h"
#include "mojo/lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Brackets that are open at a place, by their tokens. */
struct open {
    const struct mc_token **items;
    size_t count;
};

bool mc_language_is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

static char op_of(const struct mc_tokens *tokens, const struct mc_token *token)
{
    return token->kind == MC_TOKEN_OP && token->length == 1 ? tokens->source[token->start] : '\0';
}

static char closing_of(char opening)
{
    return (char) (opening == '(' ? ')' : opening == '[' ? ']' : '}');
}

static bool is_opening(char c)
{
    return c == '(' || c == '[' || c == '{';
}

static bool is_closing(char c)
{
    return c == ')' || c == ']' || c == '}';
}

/* Follows the brackets of the tokens before `offset`. The first that closes nothing, or what is not
 * its own, ends it: that token, else NULL. -1 when out of memory, with `items` NULL. */
static const struct mc_token *
follow(const struct mc_tokens *tokens, size_t offset, struct open *ret)
{
    ret->count = 0;
    ret->items = (const struct mc_token **) calloc(tokens->count + 1, sizeof *ret->items);
    for (size_t i = 0; ret->items && i < tokens->count && tokens->items[i].start < offset; i++) {
        const struct mc_token *token = &tokens->items[i];
        char c = op_of(tokens, token);
        if (is_opening(c)) {
            ret->items[ret->count++] = token;
        } else if (is_closing(c)) {
            if (ret->count == 0 || closing_of(op_of(tokens, ret->items[ret->count - 1])) != c) {
                return token;
            }
            ret->count--;
        }
    }
    return NULL;
}

static void open_fini(struct open *open)
{
    free((void *) open->items);
}

void mc_language_text_fini(struct mc_language_text *text)
{
    mc_buf_fini(&text->text);
}

static int find_cursor(
    const char *source, size_t length, int64_t line, int64_t column, size_t *ret, mc_err *err)
{
    size_t in_line;
    if (line < 1 || column < 1 || (size_t) line > mc_lex_count_lines(source, length) + 1) {
        return mc_err_set(err,
                          MC_INVALID_REQUEST,
                          "the cell has no line %lld, column %lld",
                          (long long) line,
                          (long long) column);
    }
    const char *text = mc_text_line(source, length, (long) line, &in_line);
    long byte = mc_text_byte_column(text, in_line, (long) column) - 1;
    *ret = text ? (size_t) (text - source) + ((size_t) byte < in_line ? (size_t) byte : in_line)
                : length;
    return 0;
}

static void find_word(const char *source, size_t length, struct mc_language_text *ret)
{
    ret->word = ret->end = ret->cursor;
    while (ret->word > 0 && mc_language_is_word(source[ret->word - 1])) {
        ret->word--;
    }
    while (ret->end < length && mc_language_is_word(source[ret->end])) {
        ret->end++;
    }
    ret->is_member = ret->word > 0 && source[ret->word - 1] == '.';
}

/* The last token that begins before the place, or NULL. */
static const struct mc_token *token_before(const struct mc_tokens *tokens, size_t offset)
{
    const struct mc_token *found = NULL;
    for (size_t i = 0; i < tokens->count && tokens->items[i].start < offset; i++) {
        found = &tokens->items[i];
    }
    return found;
}

/* In what has no names: a comment leaves no token. */
static bool is_blind(const struct mc_tokens *tokens, const struct mc_language_text *at)
{
    const struct mc_token *before = token_before(tokens, at->cursor);
    size_t end = before ? (size_t) before->start + before->length : 0;
    if (before && (before->kind == MC_TOKEN_STRING || before->kind == MC_TOKEN_NUMBER)) {
        bool open = before->flags & MC_TOKEN_UNTERMINATED;
        bool is_number = before->kind == MC_TOKEN_NUMBER;
        return at->cursor < end || ((open || is_number) && at->cursor == end);
    }
    return at->cursor > end && memchr(tokens->source + end, '#', at->cursor - end) != NULL &&
           memchr(tokens->source + end, '\n', at->cursor - end) == NULL;
}

/* Whether a name has to come behind a token: one that ends nothing. */
static bool wants_name(const struct mc_tokens *tokens, const struct mc_token *before)
{
    static const char *const words[] = {
        "return", "in", "not", "and", "or", "if", "elif", "while", "import", "from", "is", "raise"};
    if (!before || before->kind == MC_TOKEN_NEWLINE) {
        return true;
    }
    if (before->kind == MC_TOKEN_OP) {
        char c = op_of(tokens, before);
        return !is_closing(c) && c != '.' && c != ';' && c != '^';
    }
    for (size_t i = 0; before->kind == MC_TOKEN_NAME && i < MC_LENGTH(words); i++) {
        if (mc_token_is(tokens, before, words[i])) {
            return true;
        }
    }
    return false;
}

/* Whether nothing but closing brackets is behind the cursor, up to the line's end. */
static bool ends_line(const struct mc_tokens *tokens, size_t offset)
{
    const struct mc_token *after = mc_lex_at(tokens, offset);
    while (after->kind == MC_TOKEN_OP && is_closing(op_of(tokens, after))) {
        after++;
    }
    return after->kind == MC_TOKEN_NEWLINE || after->kind == MC_TOKEN_END ||
           (after->start > offset &&
            memchr(tokens->source + offset, '\n', after->start - offset) != NULL);
}

static int write_text(const struct mc_tokens *tokens, struct mc_language_text *ret, mc_err *err)
{
    struct open all;
    struct open here;
    const struct mc_token *wrong = follow(tokens, tokens->length + 1, &all);
    follow(tokens, ret->end, &here);
    ret->was_cut = wrong || all.count > 0;
    ret->has_name = ret->word == ret->end && !ret->is_member && !ret->is_blind &&
                    wants_name(tokens, token_before(tokens, ret->cursor)) &&
                    (ret->was_cut || ends_line(tokens, ret->cursor));
    mc_buf_add(&ret->text, tokens->source, ret->end);
    mc_buf_adds(&ret->text, ret->has_name ? MC_LANGUAGE_NAME : "");
    if (ret->was_cut) {
        for (size_t i = here.count; here.items && i > 0; i--) {
            mc_buf_addc(&ret->text, closing_of(op_of(tokens, here.items[i - 1])));
        }
        mc_buf_addc(&ret->text, '\n');
    } else {
        mc_buf_add(&ret->text, tokens->source + ret->end, tokens->length - ret->end);
    }
    bool enough = all.items && here.items;
    open_fini(&all);
    open_fini(&here);
    return enough ? mc_buf_check(&ret->text, err) : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

int mc_language_text_make(const char *source,
                          size_t length,
                          int64_t line,
                          int64_t column,
                          struct mc_language_text *ret,
                          mc_err *err)
{
    mc_autotokens tokens = MC_TOKENS_INIT;
    *ret = (struct mc_language_text) {0};
    if (find_cursor(source, length, line, column, &ret->cursor, err) < 0 ||
        mc_lex(source, length, &tokens, err) < 0) {
        return -1;
    }
    find_word(source, length, ret);
    ret->is_blind = is_blind(&tokens, ret);
    return write_text(&tokens, ret, err);
}

/* The place behind the name before an opening bracket, or 0. */
static size_t callee_end(const struct mc_tokens *tokens, const struct mc_token *opening)
{
    const struct mc_token *before = opening > tokens->items ? opening - 1 : NULL;
    bool is_call = op_of(tokens, opening) != '{' && before && before->kind == MC_TOKEN_NAME;
    return is_call ? (size_t) before->start + before->length : 0;
}

bool mc_language_call(const struct mc_language_text *text, size_t *ret_end, int *ret_argument)
{
    mc_err ignored;
    mc_autotokens tokens = MC_TOKENS_INIT;
    struct open open;
    if (mc_lex(text->text.data, text->text.length, &tokens, &ignored) < 0) {
        return false;
    }
    follow(&tokens, text->cursor, &open);
    *ret_end = 0;
    while (open.items && open.count > 0 && *ret_end == 0) {
        const struct mc_token *opening = open.items[--open.count];
        *ret_end = callee_end(&tokens, opening);
        *ret_argument = 0;
        for (const struct mc_token *t = opening; t->start < text->cursor; t++) {
            *ret_argument += t->depth == opening->depth + 1 && op_of(&tokens, t) == ',';
            if (t->kind == MC_TOKEN_END) {
                break;
            }
        }
    }
    open_fini(&open);
    return *ret_end > 0;
}

static const struct mc_token *open_string(const struct mc_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct mc_token *token = &tokens->items[i];
        if (token->kind == MC_TOKEN_STRING && (token->flags & MC_TOKEN_UNTERMINATED)) {
            return token;
        }
    }
    return NULL;
}

static const char *
place(const struct mc_token *token, const char *message, size_t *ret_offset, size_t *ret_end)
{
    *ret_offset = token->start;
    *ret_end = (size_t) token->start + token->length;
    return message;
}

static const char *wrong_closing(const struct mc_tokens *tokens, const struct mc_token *token)
{
    char c = op_of(tokens, token);
    return c == ')'   ? "')' closes nothing that is open here"
           : c == ']' ? "']' closes nothing that is open here"
                      : "'}' closes nothing that is open here";
}

static const char *never_closed(const struct mc_tokens *tokens, const struct mc_token *token)
{
    char c = op_of(tokens, token);
    return c == '('   ? "'(' is never closed"
           : c == '[' ? "'[' is never closed"
                      : "'{' is never closed";
}

const char *mc_language_slip(const char *source, size_t length, size_t *ret_offset, size_t *ret_end)
{
    mc_err ignored;
    mc_autotokens tokens = MC_TOKENS_INIT;
    struct open open;
    if (mc_lex(source, length, &tokens, &ignored) < 0) {
        return NULL;
    }
    const struct mc_token *string = open_string(&tokens);
    if (string) {
        return place(string, "this string is never closed", ret_offset, ret_end);
    }
    const char *found = NULL;
    const struct mc_token *wrong = follow(&tokens, length + 1, &open);
    if (wrong) {
        found = place(wrong, wrong_closing(&tokens, wrong), ret_offset, ret_end);
    } else if (open.items && open.count > 0) {
        const struct mc_token *last = open.items[open.count - 1];
        found = place(last, never_closed(&tokens, last), ret_offset, ret_end);
    }
    open_fini(&open);
    return found;
}
