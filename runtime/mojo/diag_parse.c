#include "mojo/diag_parse.h"

#include "base/json.h"
#include "base/mem.h"

#include <ctype.h>
#include <string.h>

#define MAX_RECORDS  4096
#define MAX_MESSAGE  4096
#define MAX_OTHER    8192
#define CRASHPAD     "Failed to initialize Crashpad."
#define MAX_POSITION 100000000

void mc_diag_records_fini(struct mc_diag_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        free(records->items[i].message);
        free(records->items[i].file);
        free(records->items[i].text);
        json_decref(records->items[i].fixits);
    }
    free(records->items);
    mc_buf_fini(&records->other);
    *records = (struct mc_diag_records) {0};
}

static struct mc_diag_record *add_record(struct mc_diag_records *records)
{
    if (records->count >= MAX_RECORDS) {
        return NULL;
    }
    if ((records->count & (records->count - 1)) == 0) { /* grows at powers of two */
        size_t room = records->count > 0 ? 2 * records->count : 1;
        struct mc_diag_record *items = realloc(records->items, room * sizeof *items);
        if (items == NULL) {
            records->failed = true;
            return NULL;
        }
        records->items = items;
    }
    struct mc_diag_record *record = &records->items[records->count++];
    *record = (struct mc_diag_record) {0};
    return record;
}

static const char *kind_of(const char *text, size_t length)
{
    static const char *const kinds[] = {"error", "warning", "note"};
    for (size_t i = 0; i < MC_LENGTH(kinds); i++) {
        if (strlen(kinds[i]) == length && memcmp(text, kinds[i], length) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

static char *copy(struct mc_diag_records *records, const char *text, size_t length)
{
    char *copied = text != NULL ? strndup(text, length < MAX_MESSAGE ? length : MAX_MESSAGE) : NULL;
    records->failed |= text != NULL && copied == NULL;
    return copied;
}

static char *copy_json(struct mc_diag_records *records, const json_t *value)
{
    return json_is_string(value)
               ? copy(records, json_string_value(value), json_string_length(value))
               : NULL;
}

static long position(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value >= 0 && value < MAX_POSITION ? (long) value : 0;
}

/* The end of the range that the location is in, where there is one; columns from 0. */
static long range_end(const json_t *ranges, long column)
{
    size_t i;
    json_t *range;
    json_array_foreach(ranges, i, range)
    {
        long start = position(range, "start");
        long end = position(range, "end");
        if (start <= column && column < end) {
            return end + 1;
        }
    }
    return 0;
}

static bool
parse_json(const char *line, size_t length, bool closing, struct mc_diag_records *records)
{
    json_t *json = mc_json_read(line, length, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *kind = json_object_get(json, "kind");
    const json_t *place = json_object_get(json, "diagnostic");
    const json_t *location = json_object_get(place, "location");
    const char *known =
        json_is_string(kind) ? kind_of(json_string_value(kind), json_string_length(kind)) : NULL;
    bool is_record = known != NULL && json_is_string(json_object_get(json, "message"));
    struct mc_diag_record *record = is_record ? add_record(records) : NULL;
    if (record != NULL) {
        record->kind = known;
        record->message = copy_json(records, json_object_get(json, "message"));
        record->file = copy_json(records, json_object_get(place, "file"));
        record->text = copy_json(records, json_object_get(place, "text"));
        record->line = position(location, "line");
        record->column = position(location, "column") + 1;
        record->end = range_end(json_object_get(place, "ranges"), record->column - 1);
        record->fixits = json_incref(json_object_get(place, "fixIts"));
        record->closing = closing || record->file == NULL;
    }
    json_decref(json);
    return is_record;
}

/* "FILE:LINE:COLUMN: KIND: MESSAGE", which some passes write although JSON was asked for. */
static bool parse_text(const char *line, size_t length, struct mc_diag_records *records)
{
    const char *end = line + length;
    for (const char *at = memchr(line, ':', length); at != NULL && at < end;
         at = memchr(at + 1, ':', (size_t) (end - at - 1))) {
        char *rest;
        long row = at + 1 < end && isdigit((unsigned char) at[1]) ? strtol(at + 1, &rest, 10) : 0;
        if (row <= 0 || row > MAX_POSITION || rest >= end || *rest != ':' || rest + 1 >= end ||
            !isdigit((unsigned char) rest[1])) {
            continue;
        }
        long column = strtol(rest + 1, &rest, 10);
        if (end - rest < 3 || rest[0] != ':' || rest[1] != ' ' || column > MAX_POSITION) {
            continue;
        }
        const char *word = rest + 2;
        const char *colon = memchr(word, ':', (size_t) (end - word));
        const char *kind = colon != NULL ? kind_of(word, (size_t) (colon - word)) : NULL;
        struct mc_diag_record *record = kind != NULL ? add_record(records) : NULL;
        if (record != NULL) {
            const char *message = colon + 1 + (colon + 1 < end && colon[1] == ' ');
            record->kind = kind;
            record->message = copy(records, message, (size_t) (end - message));
            record->file = copy(records, line, (size_t) (at - line));
            record->line = row;
            record->column = column > 0 ? column : 1;
        }
        return kind != NULL;
    }
    return false;
}

static void
parse_line(const char *line, size_t length, bool closing, struct mc_diag_records *records)
{
    while (length > 0 && isspace((unsigned char) line[length - 1])) {
        length--;
    }
    if (length == 0 ||
        (length >= strlen(CRASHPAD) && memcmp(line, CRASHPAD, strlen(CRASHPAD)) == 0) ||
        (line[0] == '{' && parse_json(line, length, closing, records)) ||
        parse_text(line, length, records)) {
        return;
    }
    if (records->other.length + length < MAX_OTHER) {
        mc_buf_add(&records->other, line, length);
        mc_buf_addc(&records->other, '\n');
    }
}

void mc_diag_parse(const char *bytes, size_t length, bool closing, struct mc_diag_records *records)
{
    /* strtol and the like may look one byte past a line: a copy ends with a NUL. */
    mc_autobuf all = MC_BUF_INIT;
    mc_buf_add(&all, bytes, length);
    if (all.failed) {
        records->failed = true;
        return;
    }
    for (size_t at = 0; at < all.length;) {
        const char *newline = memchr(all.data + at, '\n', all.length - at);
        size_t line = newline != NULL ? (size_t) (newline - all.data) - at : all.length - at;
        parse_line(all.data + at, line, closing, records);
        at += line + 1;
    }
}
