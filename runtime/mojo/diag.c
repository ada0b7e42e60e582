#include "mojo/diag.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mojo/diag_finding.h"
#include "mojo/diag_json.h"
#include "mojo/diag_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIAGNOSTICS 200

/* Where a word that starts at the column ends; one character where there is no word. */
static long word_end(const char *line, size_t length, long byte)
{
    size_t at = byte > 0 ? (size_t) byte - 1 : 0;
    while (at < length && (isalnum((unsigned char) line[at]) || line[at] == '_')) {
        at++;
    }
    return (long) at + 1 > byte ? (long) at + 1 : byte + 1;
}

static void
settle(struct mc_finding *f, const struct mc_diag_source *source, long line, long column)
{
    size_t length;
    const char *text = mc_finding_line(source, line, &length);
    long width = f->record->end - f->record->column; /* in bytes, at either side of the mapping */
    f->source = source;
    f->line = line;
    f->column = column;
    f->byte = mc_text_byte_column(text, length, column);
    long end = f->record->end > 0 ? f->byte + width : word_end(text, length, f->byte);
    f->end = mc_text_column(text, length, end);
    f->end = f->end > column ? f->end : column + 1;
}

/* An error that sits where the user wrote nothing: the user's place is the first call among its
 * notes, else the first note in a cell, else the line of main; the reason is its last note. */
static void promote(const struct mc_findings *reader, struct mc_finding *f)
{
    const struct mc_diag_source *best = NULL;
    long best_line = 0;
    long best_column = 0;
    bool best_is_call = false;
    for (size_t i = 0; i < f->n_notes && !best_is_call; i++) {
        long line;
        long column;
        const struct mc_diag_source *source =
            mc_finding_place(reader, &f->notes[i], &line, &column);
        bool call = mc_text_starts(f->notes[i].message, "call expansion failed");
        if (source != NULL && (best == NULL || call)) {
            best = source;
            best_line = line;
            best_column = column;
            best_is_call = call;
        }
    }
    if (mc_text_starts(f->record->message, "function instantiation failed") && f->n_notes > 0) {
        f->message = f->notes[f->n_notes - 1].message;
    }
    for (size_t i = 0; i < reader->n_sources && best == NULL; i++) {
        if (reader->sources[i].name != NULL && reader->sources[i].main_line > 0) {
            best = &reader->sources[i];
            best_line = best->main_line;
            best_column = 1;
        }
    }
    if (best != NULL) {
        settle(f, best, best_line, best_column);
        if (!best_is_call && mc_text_starts(f->record->message, "function instantiation failed")) {
            f->end = f->column + 1;
        }
    }
}

/* Errors and warnings with the notes that follow each. */
static bool gather(struct mc_findings *reader)
{
    const struct mc_diag_records *records = &reader->records;
    reader->findings = calloc(records->count + 1, sizeof *reader->findings);
    if (reader->findings == NULL) {
        return false;
    }
    for (size_t i = 0; i < records->count; i++) {
        const struct mc_diag_record *record = &records->items[i];
        struct mc_finding *last = reader->count > 0 ? &reader->findings[reader->count - 1] : NULL;
        if (strcmp(record->kind, "note") == 0 && last != NULL) {
            last->notes = last->n_notes == 0 ? record : last->notes;
            last->n_notes++;
            continue;
        }
        reader->findings[reader->count] = (struct mc_finding) {
            .record = record, .message = record->message, .order = reader->count};
        reader->count++;
    }
    return true;
}

static void locate(const struct mc_findings *reader, struct mc_finding *f)
{
    long line;
    long column;
    const struct mc_diag_source *source = mc_finding_place(reader, f->record, &line, &column);
    if (source != NULL) {
        settle(f, source, line, column);
    } else if (f->record->closing || f->record->file == NULL ||
               mc_text_source(reader->sources, reader->n_sources, f->record->file) != NULL) {
        f->generated = true;
        f->dropped = strcmp(f->record->kind, "error") != 0; /* a warning about our own code */
        if (!f->record->closing) {
            promote(reader, f);
        }
    }
}

static bool same_place(const struct mc_finding *a, const struct mc_finding *b)
{
    return a->source == b->source && a->line == b->line && a->column == b->column;
}

/* Each byte of a character that is not understood has an error of its own. */
static bool continues(const struct mc_finding *a, const struct mc_finding *b)
{
    return a->source == b->source && a->line == b->line && b->column <= a->end &&
           b->column >= a->column && strcmp(b->message, "unexpected character") == 0;
}

/* Whether `b` only repeats, or follows from, `a`, which comes before it. */
static bool follows_from(const struct mc_finding *a, const struct mc_finding *b)
{
    bool same_message = strcmp(a->message, b->message) == 0;
    if (same_message && strcmp(a->record->kind, b->record->kind) == 0 &&
        (same_place(a, b) || continues(a, b))) {
        return a->source != NULL || a->record->line == b->record->line;
    }
    return a->source != NULL && a->source == b->source && a->line == b->line &&
           strcmp(a->record->kind, "error") == 0 &&
           mc_text_starts(b->message, "statements must start at the beginning") &&
           mc_finding_hint(a, NULL);
}

/* A warning that a value is unused on a line that is no statement at all says the wrong thing. */
static bool misled(const struct mc_finding *warning, const struct mc_finding *error)
{
    return strcmp(warning->record->kind, "warning") == 0 && warning->source != NULL &&
           warning->source == error->source && warning->line == error->line &&
           mc_text_starts(error->message, "statements must start at the beginning");
}

static void drop_repeats(struct mc_findings *reader)
{
    for (size_t i = 0; i < reader->count; i++) {
        struct mc_finding *b = &reader->findings[i];
        for (size_t j = 0; j < i && !b->dropped; j++) {
            struct mc_finding *a = &reader->findings[j];
            if (!a->dropped && follows_from(a, b)) {
                b->dropped = true;
                a->end = continues(a, b) && b->end > a->end ? b->end : a->end;
            } else if (misled(a, b)) {
                a->dropped = true;
            }
        }
    }
}

/* What is only the consequence of an error that the user sees: errors of generated code, of the
 * standard library about the same, and the closing line. */
static void drop_consequences(struct mc_findings *reader)
{
    bool at_home = false;
    bool any = false;
    for (size_t i = 0; i < reader->count; i++) {
        const struct mc_finding *f = &reader->findings[i];
        bool error = !f->dropped && strcmp(f->record->kind, "error") == 0 && !f->record->closing;
        at_home |= error && !f->generated && f->source != NULL;
        any |= error;
    }
    for (size_t i = 0; i < reader->count; i++) {
        struct mc_finding *f = &reader->findings[i];
        bool instantiation = mc_text_starts(f->record->message, "function instantiation failed");
        f->dropped |= (f->record->closing && any) || (f->generated && at_home && !instantiation) ||
                      (mc_finding_is_std(f->record->file) && at_home);
    }
}

static int by_place(const void *x, const void *y)
{
    const struct mc_finding *a = x;
    const struct mc_finding *b = y;
    if ((a->line == 0) != (b->line == 0)) {
        return a->line == 0 ? 1 : -1;
    }
    if (a->source != b->source) {
        return a->source < b->source ? -1 : 1;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    return a->order < b->order ? -1 : a->order > b->order;
}

static json_t *text_as_error(const struct mc_buf *text)
{
    size_t length = text->length;
    while (length > 0 && isspace((unsigned char) text->data[length - 1])) {
        length--;
    }
    return json_pack("{s:s, s:o, s:n, s:n, s:n, s:n, s:n, s:[], s:[]}",
                     "kind",
                     "error",
                     "message",
                     mc_text_json(text->data, length),
                     "line",
                     "column",
                     "end_line",
                     "end_column",
                     "source",
                     "notes",
                     "fixits");
}

static json_t *tell(struct mc_findings *reader)
{
    json_t *array = json_array();
    for (size_t i = 0; i < reader->count && json_array_size(array) < MAX_DIAGNOSTICS; i++) {
        if (!reader->findings[i].dropped) {
            json_array_append_new(array, mc_finding_json(reader, &reader->findings[i]));
        }
    }
    if (reader->records.other.length > 0 && !mc_diag_has_errors(array)) {
        json_array_append_new(array, text_as_error(&reader->records.other));
    }
    return array;
}

json_t *mc_diag_read(const char *stderr_bytes,
                     size_t stderr_length,
                     const char *stdout_bytes,
                     size_t stdout_length,
                     const struct mc_diag_source *sources,
                     size_t n_sources)
{
    struct mc_findings reader = {.sources = sources, .n_sources = n_sources};
    json_t *array = NULL;
    mc_diag_parse(stderr_bytes, stderr_length, false, &reader.records);
    mc_diag_parse(stdout_bytes, stdout_length, true, &reader.records);
    if (!reader.records.failed && gather(&reader)) {
        for (size_t i = 0; i < reader.count; i++) {
            locate(&reader, &reader.findings[i]);
        }
        drop_consequences(&reader);
        qsort(reader.findings, reader.count, sizeof *reader.findings, by_place);
        drop_repeats(&reader);
        array = tell(&reader);
    }
    free(reader.findings);
    mc_diag_records_fini(&reader.records);
    return array;
}

bool mc_diag_has_errors(const json_t *diagnostics)
{
    size_t i;
    json_t *item;
    json_array_foreach(diagnostics, i, item)
    {
        const char *kind = json_string_value(json_object_get(item, "kind"));
        if (kind != NULL && strcmp(kind, "error") == 0) {
            return true;
        }
    }
    return false;
}
