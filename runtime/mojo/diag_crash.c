#include "base/buf.h"
#include "base/mem.h"
#include "mojo/diag.h"
#include "mojo/diag_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A crash is the last thing a program says: what is earlier than this is not looked at. */
#define TAIL         65536
#define MAX_PATH     4096
#define MAX_POSITION 100000000

struct reader {
    const char *at;
    const char *end;
};

static bool take(struct reader *reader, const char *text)
{
    size_t length = strlen(text);
    if ((size_t) (reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0) {
        return false;
    }
    reader->at += length;
    return true;
}

static bool take_number(struct reader *reader, long *ret)
{
    const char *start = reader->at;
    *ret = 0;
    while (reader->at < reader->end && isdigit((unsigned char) *reader->at) &&
           *ret < MAX_POSITION) {
        *ret = *ret * 10 + (*reader->at++ - '0');
    }
    return reader->at > start;
}

/* "FILE:LINE:COLUMN: " where the file is one of Mojo's; the file's text is in *ret_file. */
static bool
take_place(struct reader *reader, struct reader *ret_file, long *ret_line, long *ret_column)
{
    static const char suffix[] = ".mojo:";
    const char *start = reader->at;
    const char *newline = memchr(start, '\n', (size_t) (reader->end - start));
    const char *end = newline != NULL ? newline : reader->end;
    const char *colon = memmem(start, (size_t) (end - start), suffix, strlen(suffix));
    if (colon == NULL || colon - start > MAX_PATH) {
        return false;
    }
    *ret_file = (struct reader) {start, colon + strlen(suffix) - 1};
    reader->at = colon + strlen(suffix);
    return take_number(reader, ret_line) && take(reader, ":") && take_number(reader, ret_column) &&
           take(reader, ": ");
}

static void set_message(struct mc_diag_crash *crash, const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char) text[length - 1])) {
        length--;
    }
    json_t *clean = mc_text_json(text, length);
    const char *from = clean != NULL ? json_string_value(clean) : "";
    size_t room = sizeof crash->message - 1;
    size_t n = strlen(from);
    for (n = n < room ? n : room; n < strlen(from) && n > 0 && (from[n] & 0xc0) == 0x80;) {
        n--; /* not in the middle of a character */
    }
    for (size_t i = 0; i < n; i++) {
        bool blank = iscntrl((unsigned char) from[i]) && from[i] != '\n';
        crash->message[i] = (char) (blank ? ' ' : from[i]);
    }
    crash->message[n] = '\0';
    json_decref(clean);
}

/* "…/Mojo/stdlib/std/collections/list.mojo" from its package on; another file as it is. A module
 * that was made for a cell is nobody's to look at. */
static void set_library(struct mc_diag_crash *crash, const char *path, long line)
{
    static const char root[] = "stdlib/";
    for (const char *next; (next = strstr(path, root));) {
        path = next + strlen(root);
    }
    if (strncmp(mc_text_base_name(path), "mc_", 3) != 0) {
        int n = snprintf(crash->library, sizeof crash->library, "%s:%ld", path, line);
        crash->library[n < (int) sizeof crash->library ? n : 0] = '\0';
    }
}

static void set_place(struct mc_diag_crash *crash,
                      const struct reader *file,
                      long line,
                      long column,
                      const struct mc_diag_source *sources,
                      size_t n_sources)
{
    mc_autofree char *path = strndup(file->at, (size_t) (file->end - file->at));
    const struct mc_diag_source *source =
        path != NULL ? mc_text_source(sources, n_sources, path) : NULL;
    if (source != NULL && source->name != NULL) {
        mc_text_map(source, line, column, &crash->line, &crash->column);
        crash->source = (size_t) (source - sources);
    } else if (source == NULL && path != NULL) {
        set_library(crash, path, line);
    }
}

/* Whether the text of an abort is here; fills *ret then, but for its start. */
static bool read_abort(struct reader reader,
                       const char *output,
                       const struct mc_diag_source *sources,
                       size_t n_sources,
                       struct mc_diag_crash *ret)
{
    struct reader file;
    long line;
    long column;
    bool abort = take(&reader, "ABORT: ");
    if ((!abort && !take(&reader, "At: ")) || !take_place(&reader, &file, &line, &column) ||
        (!abort && !take(&reader, "Assert Error: "))) {
        return false;
    }
    /* The message of abort() may have several lines, and ends all output. */
    const char *newline = memchr(reader.at, '\n', (size_t) (reader.end - reader.at));
    const char *end = !abort && newline != NULL ? newline + 1 : reader.end;
    *ret = (struct mc_diag_crash) {.end = (size_t) (end - output)};
    set_message(ret, reader.at, (size_t) (end - reader.at));
    set_place(ret, &file, line, column, sources, n_sources);
    return true;
}

int mc_diag_words(const char *words,
                  const struct mc_diag_source *sources,
                  size_t n_sources,
                  struct mc_diag_crash *ret)
{
    static const char usual[] = "ABORT: ";
    struct reader reader = {words, words + strlen(words)};
    struct reader file;
    long line;
    long column;
    *ret = (struct mc_diag_crash) {.end = strlen(words)};
    bool check = take(&reader, "At: ");
    const char *blank = check || take(&reader, usual) ? NULL : strchr(words, ' ');
    reader.at = blank != NULL ? blank + 1 : reader.at;
    if (!take_place(&reader, &file, &line, &column)) {
        set_message(ret, words, strlen(words));
        return words[0] != '\0';
    }
    if (check) {
        take(&reader, "Assert Error: ");
    }
    set_place(ret, &file, line, column, sources, n_sources);
    mc_autofree char *text = NULL;
    int length = blank != NULL
                     ? asprintf(&text, "%.*s%s", (int) (blank + 1 - words), words, reader.at)
                     : asprintf(&text, "%s", reader.at);
    set_message(ret, length < 0 ? "" : text, length < 0 ? 0 : (size_t) length);
    return 1;
}

int mc_diag_crash(const char *output,
                  size_t length,
                  const struct mc_diag_source *sources,
                  size_t n_sources,
                  struct mc_diag_crash *ret)
{
    size_t first = length > TAIL ? length - TAIL : 0;
    for (size_t i = length; i-- > first;) {
        struct reader reader = {output + i, output + length};
        struct mc_diag_crash crash;
        if (output[i] == 'A' && read_abort(reader, output, sources, n_sources, &crash)) {
            *ret = crash;
            ret->start = i;
            return 1;
        }
    }
    return 0;
}
