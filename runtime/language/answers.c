#include "language/answers.h"

#include "base/json.h"
#include "base/mem.h"
#include "language/text.h"
#include "mojo/cell.h"
#include "mojo/cell_source.h"
#include "mojo/diag.h"
#include "mojo/diag_text.h"

#include <string.h>

#define FILE_NAME "mc_cell.mojo"

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

static json_int_t number(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

/* ---- diagnostics: told as the compiler tells them, so that one reader knows both ---- */

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What the compiler would write there; the server has no such proposals for a notebook's cells. */
static json_t *fixits(const char *message, json_int_t line, json_int_t start, json_int_t end)
{
    bool declares = starts(message, "implicit declaration of '");
    if (!declares && !starts(message, "'fn' has been removed")) {
        return json_array();
    }
    return json_pack("[{s:{s:I, s:I}, s:{s:I, s:I}, s:s}]",
                     "start",
                     "line",
                     line,
                     "column",
                     start + 1,
                     "end",
                     "line",
                     line,
                     "column",
                     declares ? start + 1 : end + 1,
                     "text",
                     declares ? "var " : "def");
}

/* One line as of `mojo build --diagnostic-format json`; steals `ranges` and `fixes`. */
static void add_record(struct mc_buf *ret,
                       const char *kind,
                       const char *message,
                       json_int_t line,
                       json_int_t column,
                       json_t *ranges,
                       json_t *fixes)
{
    mc_err err;
    json_t *record = json_pack("{s:s, s:s, s:{s:s, s:{s:I, s:I}, s:o, s:o, s:s}}",
                               "kind",
                               kind,
                               "message",
                               message,
                               "diagnostic",
                               "file",
                               FILE_NAME,
                               "location",
                               "line",
                               line,
                               "column",
                               column,
                               "ranges",
                               ranges,
                               "fixIts",
                               fixes,
                               "text",
                               "");
    ret->failed |= mc_json_text(record, JSON_COMPACT, ret, &err) < 0;
    mc_buf_addc(ret, '\n');
    json_decref(record);
}

/* The place of a byte: its line from 1, and bytes before it in that line. */
static void place_of(const char *source, size_t offset, json_int_t *ret_line, json_int_t *ret_byte)
{
    size_t begin = 0;
    *ret_line = 1;
    for (size_t i = 0; i < offset; i++) {
        if (source[i] == '\n' || (source[i] == '\r' && source[i + 1] != '\n')) {
            *ret_line += 1;
            begin = i + 1;
        }
    }
    *ret_byte = (json_int_t) (offset - begin);
}

static bool add_slip(struct mc_buf *ret, const char *source, size_t length)
{
    size_t offset;
    size_t end;
    json_int_t line;
    json_int_t column;
    const char *message = mc_language_slip(source, length, &offset, &end);
    if (message) {
        place_of(source, offset, &line, &column);
        json_int_t width = (json_int_t) (end - offset);
        json_t *range = json_pack("[{s:I, s:I}]", "start", column, "end", column + width);
        add_record(ret, "error", message, line, column, range, json_array());
    }
    return message != NULL;
}

/* What is said because of the name that was put in, or of the line behind it. */
static bool is_of_name(const struct mc_language_text *text,
                       const char *message,
                       json_int_t line,
                       json_int_t column,
                       json_int_t end)
{
    json_int_t own_line;
    json_int_t own;
    if (!text || !text->has_name) {
        return false;
    }
    place_of(text->text.data, text->word, &own_line, &own);
    return strstr(message, MC_LANGUAGE_NAME) != NULL ||
           (line == own_line && end >= own &&
            column <= own + (json_int_t) strlen(MC_LANGUAGE_NAME));
}

static void add_notes(struct mc_buf *ret, const json_t *diagnostic)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(diagnostic, "relatedInformation"), i, one)
    {
        const json_t *location = json_object_get(one, "location");
        const json_t *start = json_object_get(json_object_get(location, "range"), "start");
        if (strstr(text_of(location, "uri"), ".ipynb#cell")) {
            add_record(ret,
                       "note",
                       text_of(one, "message"),
                       number(start, "line") + 1,
                       number(start, "character"),
                       json_array(),
                       json_array());
        }
    }
}

/* The value of a cell's last expression is shown; to the server it is unused. */
static bool is_shown(const struct mc_cell *cell, const char *message, json_int_t line)
{
    return cell && strstr(message, "is unused; assign to '_'") && mc_cell_shows(cell, line);
}

static void add_diagnostic(struct mc_buf *ret,
                           const struct mc_cell *cell,
                           const struct mc_language_text *text,
                           const json_t *one)
{
    const json_t *range = json_object_get(one, "range");
    const json_t *start = json_object_get(range, "start");
    const json_t *end = json_object_get(range, "end");
    const char *message = text_of(one, "message");
    json_int_t line = number(start, "line") + 1;
    json_int_t column = number(start, "character");
    bool is_one_line = number(end, "line") + 1 == line;
    json_int_t last = is_one_line ? number(end, "character") : column;
    if (is_of_name(text, message, line, column, last) || is_shown(cell, message, line)) {
        return;
    }
    json_t *ranges =
        last > column ? json_pack("[{s:I, s:I}]", "start", column, "end", last) : json_array();
    add_record(ret,
               number(one, "severity") == 1 ? "error" : "warning",
               message,
               line,
               column,
               ranges,
               fixits(message, line, column, last));
    add_notes(ret, one);
}

static const char *name_hint(const void *cell, const char *name, long line)
{
    return mc_cell_hint(cell, name, line);
}

json_t *mc_language_diagnostics(const char *source,
                                size_t length,
                                const struct mc_cell *cell,
                                const struct mc_language_text *text,
                                const json_t *found)
{
    mc_autobuf records = MC_BUF_INIT;
    mc_err ignored;
    size_t i;
    json_t *one;
    if (!add_slip(&records, source, length)) {
        json_array_foreach(found, i, one)
        {
            add_diagnostic(&records, cell, text, one);
        }
    }
    if (mc_buf_check(&records, &ignored) < 0) {
        return NULL;
    }
    const struct mc_diag_source told = {.file = FILE_NAME,
                                        .name = "cell",
                                        .text = source,
                                        .length = length,
                                        .hint = cell ? name_hint : NULL,
                                        .cell = cell};
    return mc_diag_read(records.data ? records.data : "", records.length, "", 0, &told, 1);
}

/* ---- names ---- */

static const json_t *items_of(const json_t *answer)
{
    return json_is_array(answer) ? answer : json_object_get(answer, "items");
}

size_t mc_language_count(const json_t *answer)
{
    return json_array_size(items_of(answer));
}

static const char *kind_name(json_int_t kind)
{
    static const char *const names[] = {[2] = "method",
                                        [3] = "function",
                                        [5] = "field",
                                        [6] = "variable",
                                        [7] = "struct",
                                        [8] = "trait",
                                        [9] = "module",
                                        [14] = "keyword",
                                        [19] = "package",
                                        [22] = "struct"};
    const char *name = kind > 0 && (size_t) kind < MC_LENGTH(names) ? names[kind] : NULL;
    return name ? name : "alias";
}

/* The first lines of the last block of Mojo in a text of markdown; NULL where there is none. */
static json_t *signature_in(const char *markdown)
{
    static const char fence[] = "```mojo\n";
    const char *last = NULL;
    for (const char *at = markdown; (at = strstr(at, fence)); at += sizeof fence - 1) {
        last = at + sizeof fence - 1;
    }
    const char *end = last ? strstr(last, "\n```") : NULL;
    return end ? mc_text_json(last, (size_t) (end - last)) : NULL;
}

static json_t *item_of(const json_t *one)
{
    const char *label = text_of(one, "label");
    json_t *item = json_pack("{s:s, s:s}", "label", label, "kind", kind_name(number(one, "kind")));
    json_t *signature = signature_in(text_of(json_object_get(one, "documentation"), "value"));
    if (signature) {
        json_object_set_new(item, "signature", signature);
    }
    return item;
}

json_t *mc_language_items(const json_t *answer, const struct mc_language_text *text)
{
    json_t *made = json_array();
    json_t *hidden = json_array();
    const char *word = text->text.data + text->word;
    size_t length = text->cursor - text->word;
    size_t i;
    json_t *one;
    json_array_foreach(items_of(answer), i, one)
    {
        const char *label = text_of(one, "label");
        if (strncmp(label, word, length) == 0 && !starts(label, MC_LANGUAGE_NAME)) {
            json_array_append_new(label[0] == '_' ? hidden : made, item_of(one));
        }
    }
    json_array_extend(made, hidden);
    json_decref(hidden);
    return made;
}

/* ---- help ---- */

/* Markdown of the server's kind as text: without fences, headings' marks and entities. */
static void add_plain(struct mc_buf *ret, const char *markdown)
{
    for (const char *line = markdown; *line;) {
        size_t length = strcspn(line, "\n");
        const char *text = line;
        while (*text == '#' || (*text == ' ' && text > line && text[-1] == '#')) {
            text++;
        }
        bool drops =
            starts(line, "```") || starts(line, "---") || (length > 0 && text == line + length);
        for (const char *c = text; !drops && c < line + length; c++) {
            if (starts(c, "&nbsp;")) {
                mc_buf_addc(ret, ' ');
                c += strlen("&nbsp;") - 1;
            } else if (*c != '\\' || c + 1 < line + length) {
                mc_buf_addc(ret, *c);
            }
        }
        line += length + (line[length] == '\n');
        if (!drops && (length == 0 || text[0] != '\\')) {
            mc_buf_addc(ret, '\n');
        }
    }
    while (ret->length > 0 && ret->data[ret->length - 1] == '\n') {
        ret->data[--ret->length] = '\0';
    }
}

/* What stands in the first block of Mojo, without the word in parentheses before it. */
static json_t *first_signature(const char *markdown)
{
    static const char fence[] = "```mojo\n";
    const char *text = strstr(markdown, fence);
    const char *end = text ? strstr(text, "\n```") : NULL;
    if (!end) {
        return json_string("");
    }
    text += sizeof fence - 1;
    const char *close = *text == '(' ? strstr(text, ") ") : NULL;
    text = close && close < end ? close + 2 : text;
    return mc_text_json(text, (size_t) (end - text));
}

static json_t *help(json_t *signature, const char *markdown)
{
    mc_autobuf plain = MC_BUF_INIT;
    add_plain(&plain, markdown);
    const char *text = plain.data ? plain.data : "";
    const char *kind = *text == '(' ? strstr(text, ") ") : NULL; /* "(function) def f(…" */
    text = kind && kind < strchrnul(text, '\n') ? kind + 2 : text;
    return json_pack("{s:o, s:s, s:s}", "signature", signature, "markdown", markdown, "text", text);
}

json_t *mc_language_help(const json_t *answer)
{
    const char *markdown = text_of(json_object_get(answer, "contents"), "value");
    return *markdown ? help(first_signature(markdown), markdown) : json_null();
}

json_t *mc_language_signatures(const json_t *answer)
{
    const json_t *first = json_array_get(json_object_get(answer, "signatures"), 0);
    const char *markdown = text_of(json_object_get(first, "documentation"), "value");
    return first ? help(json_string(text_of(first, "label")), markdown) : json_null();
}
