#include "mojo/diag_text.h"

#include "base/buf.h"

#include <string.h>

const char *mc_text_line(const char *text, size_t length, long line, size_t *ret_length)
{
    const char *end = text + length;
    const char *at = text;
    *ret_length = 0;
    for (long i = 1; i < line && at != NULL; i++) {
        at = memchr(at, '\n', (size_t) (end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    if (text == NULL || at == NULL || line < 1) {
        return "";
    }
    const char *newline = memchr(at, '\n', (size_t) (end - at));
    *ret_length = (size_t) ((newline != NULL ? newline : end) - at);
    if (*ret_length > 0 && at[*ret_length - 1] == '\r') {
        --*ret_length;
    }
    return at;
}

static bool continues(char c)
{
    return ((unsigned char) c & 0xc0) == 0x80;
}

long mc_text_column(const char *line, size_t length, long byte_column)
{
    long column = 1;
    size_t bytes = byte_column > 1 ? (size_t) byte_column - 1 : 0;
    for (size_t i = 0; i < length && i < bytes; i++) {
        /* A place inside a character is that character's. */
        column += i + 1 >= length || !continues(line[i + 1]);
    }
    return column + (bytes > length ? (long) (bytes - length) : 0);
}

long mc_text_byte_column(const char *line, size_t length, long column)
{
    size_t at = 0;
    while (column > 1 && at < length) {
        do {
            at++;
        } while (at < length && continues(line[at]));
        column--;
    }
    return (long) at + (column > 1 ? column : 1);
}

json_t *mc_text_json(const char *text, size_t length)
{
    json_t *string = memchr(text, '\0', length) == NULL ? json_stringn(text, length) : NULL;
    if (string != NULL) {
        return string;
    }
    mc_autobuf clean = MC_BUF_INIT;
    for (size_t i = 0; i < length; i++) {
        mc_buf_addc(&clean, text[i] > 0 ? text[i] : '?');
    }
    return json_stringn(clean.data != NULL ? clean.data : "", clean.length);
}

bool mc_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *mc_text_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

const struct mc_diag_source *
mc_text_source(const struct mc_diag_source *sources, size_t n_sources, const char *file)
{
    for (size_t i = 0; file != NULL && i < n_sources; i++) {
        if (strcmp(mc_text_base_name(sources[i].file), mc_text_base_name(file)) == 0) {
            return &sources[i];
        }
    }
    return NULL;
}

void mc_text_map(
    const struct mc_diag_source *source, long line, long column, long *ret_line, long *ret_column)
{
    size_t length;
    if (source->map != NULL) {
        source->map(source->cell, line, column, &line, &column);
    }
    const char *text = mc_text_line(source->text, source->length, line, &length);
    *ret_line = line;
    *ret_column = line > 0 ? mc_text_column(text, length, column) : 0;
}
