#include "mojo/comments.h"

#include "mojo/diag_text.h"
#include "mojo/lex.h"

#include <string.h>

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static const char *skip_comment(const char *at, const char *end)
{
    while (at < end && !is_line_end(*at)) {
        at++;
    }
    return at;
}

/* What stands between two tokens, without comments. A backslash that blanks part from its line's
 * end continues nothing, and would without them. */
static void add_gap(struct mc_buf *ret, const char *at, const char *end, bool indents)
{
    bool slash = ret->length > 0 && ret->data[ret->length - 1] == '\\';
    const char *blanks = at;
    while (at < end) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        bool comment = *at == '#';
        bool keeps = (!comment && !is_line_end(*at)) || slash;
        mc_buf_add(ret, blanks, keeps ? (size_t) (at - blanks) : 0);
        blanks = at;
        at = comment ? skip_comment(at, end) : at + 1;
        mc_buf_add(ret, blanks, comment ? 0 : (size_t) (at - blanks));
        blanks = at;
        slash = false;
    }
    mc_buf_add(ret, blanks, indents || slash ? (size_t) (at - blanks) : 0);
}

/* A line's end behind the last token, whether there is one or not; a string that has none goes on
 * to the source's. */
static void add_last_end(struct mc_buf *ret, const struct mc_tokens *tokens)
{
    const struct mc_token *last = &tokens->items[tokens->count - 1];
    const struct mc_token *word = last > tokens->items ? last - 1 : last;
    if (last->length > 0) {
        mc_buf_add(ret, tokens->source + last->start, last->length);
    } else if (!(word->flags & MC_TOKEN_UNTERMINATED)) {
        mc_buf_addc(ret, '\n');
    }
}

int mc_comments_strip(const char *source, size_t length, struct mc_buf *ret, mc_err *err)
{
    mc_autotokens tokens = MC_TOKENS_INIT;
    if (mc_lex(source, length, &tokens, err) < 0) {
        return -1;
    }
    const char *behind = source;
    for (size_t i = 0; i + 1 < tokens.count; i++) {
        const struct mc_token *token = &tokens.items[i];
        const char *start = source + token->start;
        add_gap(ret, behind, start, token->kind != MC_TOKEN_NEWLINE);
        mc_buf_add(ret, start, token->length);
        behind = start + token->length;
    }
    if (tokens.count > 0) {
        add_last_end(ret, &tokens);
    }
    return mc_buf_check(ret, err);
}

/* ---- and back ---- */

static const char *line_end(const char *at, const char *end)
{
    return skip_comment(at, end);
}

static const char *next_line(const char *at, const char *end)
{
    const char *stop = line_end(at, end);
    if (stop == end) {
        return end;
    }
    return stop + (stop[0] == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1);
}

int mc_comments_restore(const char *text,
                        size_t text_length,
                        const char *source,
                        size_t length,
                        struct mc_buf *ret,
                        mc_err *err)
{
    mc_autobuf plain = MC_BUF_INIT;
    if (mc_comments_strip(source, length, &plain, err) < 0) {
        return -1;
    }
    const char *old = plain.data ? plain.data : "";
    const char *old_end = old + plain.length;
    const char *end = text + text_length;
    const char *source_end = source + length;
    while (text < end) {
        const char *stop = line_end(text, end);
        const char *next = next_line(text, end);
        const char *source_stop = line_end(source, source_end);
        const char *source_next = next_line(source, source_end);
        const char *comment = source + (line_end(old, old_end) - old);
        bool last = next == end && source_next == source_stop;
        bool beside = comment == source && comment < source_stop && stop > text;
        mc_buf_add(ret, text, (size_t) (stop - text));
        mc_buf_adds(ret, beside ? "  " : "");
        mc_buf_add(ret, comment, (size_t) (source_stop - comment));
        mc_buf_add(ret, stop, last ? 0 : (size_t) (next - stop));
        text = next;
        old = next_line(old, old_end);
        source = source_next;
    }
    mc_buf_add(ret, source, (size_t) (source_end - source));
    return mc_buf_check(ret, err);
}

/* A line that the compiler made up begins as none of the source's does. */
static void show_line(const char *source, size_t length, json_t *item)
{
    static const size_t MOST = 2000;
    size_t own;
    const json_t *shown = json_object_get(item, "source");
    long line = (long) json_integer_value(json_object_get(item, "line"));
    if (line < 1 || !json_is_string(shown) || json_object_get(item, "file")) {
        return;
    }
    size_t given = json_string_length(shown);
    const char *text = mc_text_line(source, length, line, &own);
    if (own > given && memcmp(text, json_string_value(shown), given) == 0) {
        json_object_set_new(item, "source", mc_text_json(text, own < MOST ? own : MOST));
    }
}

void mc_comments_show(const char *source, size_t length, json_t *diagnostics)
{
    size_t i;
    size_t k;
    json_t *one;
    json_t *note;
    json_array_foreach(diagnostics, i, one)
    {
        show_line(source, length, one);
        json_array_foreach(json_object_get(one, "notes"), k, note)
        {
            show_line(source, length, note);
        }
    }
}
