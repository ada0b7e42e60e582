#include "mojo/diag.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mojo/diag_hint.h"
#include "mojo/diag_parse.h"
#include "mojo/diag_text.h"

#include <ctype.h>
#include <string.h>

#define MAX_NOTES       12
#define MAX_DIAGNOSTICS 200
#define SYNTHETIC       "    # note - "

/* One diagnostic on its way: a record with the notes that follow it, and where the user sees it. */
struct finding {
    const struct mc_diag_record *record;
    const struct mc_diag_record *notes; /* those right after it */
    size_t n_notes;
    const struct mc_diag_source *source; /* whose cell it is in; NULL: another file, or nowhere */
    const char *message;
    long line, column, end; /* as the user counts; 0: none */
    long byte;              /* column in bytes of the cell's line */
    bool generated;         /* sits in a generated file, or says only that something failed */
    bool dropped;
    size_t order;
};

struct reader {
    const struct mc_diag_source *sources;
    size_t n_sources;
    struct mc_diag_records records;
    struct finding *findings;
    size_t count;
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_std(const char *file)
{
    return file != NULL && (starts(file, "Mojo/stdlib/") || strstr(file, "/stdlib/std/") != NULL);
}

/* Whether the record is at a place in a cell, which is given then. */
static const struct mc_diag_source *place(const struct reader *reader,
                                          const struct mc_diag_record *record,
                                          long *ret_line,
                                          long *ret_column)
{
    const struct mc_diag_source *source =
        mc_text_source(reader->sources, reader->n_sources, record->file);
    *ret_line = 0;
    if (source == NULL || source->name == NULL || record->line <= 0) {
        return NULL;
    }
    mc_text_map(source, record->line, record->column, ret_line, ret_column);
    return *ret_line > 0 ? source : NULL;
}

static const char *cell_line(const struct mc_diag_source *source, long line, size_t *ret_length)
{
    return mc_text_line(source->text, source->length, line, ret_length);
}

/* Where a word that starts at the column ends; one character where there is no word. */
static long word_end(const char *line, size_t length, long byte)
{
    size_t at = byte > 0 ? (size_t) byte - 1 : 0;
    while (at < length && (isalnum((unsigned char) line[at]) || line[at] == '_')) {
        at++;
    }
    return (long) at + 1 > byte ? (long) at + 1 : byte + 1;
}

static void settle(struct finding *f, const struct mc_diag_source *source, long line, long column)
{
    size_t length;
    const char *text = cell_line(source, line, &length);
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
static void promote(const struct reader *reader, struct finding *f)
{
    const struct mc_diag_source *best = NULL;
    long best_line = 0;
    long best_column = 0;
    bool best_is_call = false;
    for (size_t i = 0; i < f->n_notes && !best_is_call; i++) {
        long line;
        long column;
        const struct mc_diag_source *source = place(reader, &f->notes[i], &line, &column);
        bool call = starts(f->notes[i].message, "call expansion failed");
        if (source != NULL && (best == NULL || call)) {
            best = source;
            best_line = line;
            best_column = column;
            best_is_call = call;
        }
    }
    if (starts(f->record->message, "function instantiation failed") && f->n_notes > 0) {
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
        if (!best_is_call && starts(f->record->message, "function instantiation failed")) {
            f->end = f->column + 1;
        }
    }
}

/* The message; in one about a generated module its name is the user's. */
static json_t *message_json(const struct reader *reader, const char *message)
{
    mc_autobuf text = MC_BUF_INIT;
    const char *constraint = "constraint failed: ";
    if (starts(message, constraint)) {
        message += strlen(constraint);
    }
    const char *guess = strstr(message, "; did you mean 'std'?");
    const char *end = message + (guess != NULL ? (size_t) (guess - message) : strlen(message));
    while (message < end) {
        size_t skipped = 0;
        for (size_t i = 0; i < reader->n_sources; i++) {
            const char *base = mc_text_base_name(reader->sources[i].file);
            size_t stem = strcspn(base, ".");
            if (stem > 3 && reader->sources[i].name != NULL && strncmp(message, base, stem) == 0 &&
                !isalnum((unsigned char) message[stem])) {
                mc_buf_adds(&text, reader->sources[i].name);
                skipped = stem;
                break;
            }
        }
        if (skipped == 0) {
            mc_buf_addc(&text, *message);
        }
        message += skipped > 0 ? skipped : 1;
    }
    return mc_text_json(text.data != NULL ? text.data : "", text.length);
}

/* The line of source to show: the cell's own; the compiler's where it shows a declaration that it
 * made up, or where the file is not a cell. */
static json_t *
source_json(const struct mc_diag_source *source, long line, const struct mc_diag_record *record)
{
    size_t length;
    const char *made_up = record->text != NULL ? strstr(record->text, SYNTHETIC) : NULL;
    if (made_up != NULL) {
        return mc_text_json(record->text, (size_t) (made_up - record->text));
    }
    if (source != NULL) {
        const char *text = cell_line(source, line, &length);
        return mc_text_json(text, length < 2000 ? length : 2000);
    }
    return record->text != NULL ? mc_text_json(record->text, strlen(record->text)) : json_null();
}

/* A position of a fix-it: lines and bytes from 1, both in the file of the diagnostic. */
static bool fixit_place(const struct mc_diag_source *source,
                        const json_t *position,
                        long *ret_line,
                        long *ret_column)
{
    json_int_t line = json_integer_value(json_object_get(position, "line"));
    json_int_t column = json_integer_value(json_object_get(position, "column"));
    if (line < 1 || column < 1 || line > 100000000 || column > 100000000) {
        return false;
    }
    mc_text_map(source, (long) line, (long) column, ret_line, ret_column);
    return *ret_line > 0;
}

static json_t *fixits_json(const struct mc_diag_source *source, const json_t *fixits)
{
    json_t *array = json_array();
    size_t i;
    json_t *fixit;
    json_array_foreach(fixits, i, fixit)
    {
        long line;
        long column;
        long end_line;
        long end_column;
        const json_t *text = json_object_get(fixit, "text");
        if (json_is_string(text) &&
            fixit_place(source, json_object_get(fixit, "start"), &line, &column) &&
            fixit_place(source, json_object_get(fixit, "end"), &end_line, &end_column)) {
            json_array_append_new(array,
                                  json_pack("{s:I, s:I, s:I, s:I, s:O}",
                                            "line",
                                            (json_int_t) line,
                                            "column",
                                            (json_int_t) column,
                                            "end_line",
                                            (json_int_t) end_line,
                                            "end_column",
                                            (json_int_t) end_column,
                                            "text",
                                            text));
        }
    }
    return array;
}

static json_t *number(long value)
{
    return value > 0 ? json_integer(value) : json_null();
}

/* Names the file where that is not the first cell. */
static void set_file(const struct reader *reader,
                     json_t *json,
                     const struct mc_diag_source *source,
                     const char *file)
{
    if (source != NULL && source != reader->sources) {
        file = source->name;
    }
    if (file != NULL && source != reader->sources) {
        json_object_set_new(json, "file", mc_text_json(file, strlen(file)));
    }
}

/* NULL for a note that tells the user nothing: about generated code, or of the compiler's insides.
 */
static json_t *note_json(const struct reader *reader, const struct mc_diag_record *note)
{
    long line = 0;
    long column = 0;
    const struct mc_diag_source *source = place(reader, note, &line, &column);
    const struct mc_diag_source *given =
        mc_text_source(reader->sources, reader->n_sources, note->file);
    if ((given != NULL && source == NULL) || starts(note->message, "see current operation") ||
        strcmp(note->message, "function instantiation failed") == 0) {
        return NULL;
    }
    if (source == NULL) {
        line = note->line;
        column = note->text != NULL ? mc_text_column(note->text, strlen(note->text), note->column)
                                    : note->column;
    }
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}",
                             "message",
                             message_json(reader, note->message),
                             "line",
                             number(line),
                             "column",
                             number(line > 0 ? column : 0),
                             "source",
                             source_json(source, line, note));
    set_file(reader, json, source, note->file);
    if (is_std(note->file)) {
        json_object_set_new(json, "std", json_true());
    }
    if (source != NULL && json_array_size(note->fixits) > 0) {
        json_object_set_new(json, "fixits", fixits_json(source, note->fixits));
    }
    return json;
}

static json_t *notes_json(const struct reader *reader, const struct finding *f)
{
    json_t *array = json_array();
    for (size_t i = 0; i < f->n_notes && json_array_size(array) < MAX_NOTES; i++) {
        json_t *note = note_json(reader, &f->notes[i]);
        if (note != NULL) {
            json_array_append_new(array, note);
        }
    }
    return array;
}

/* What the cell itself knows about a name that the compiler does not. */
static void cell_hint(const struct finding *f, struct mc_buf *ret)
{
    static const char unknown[] = "use of unknown declaration '";
    if (f->source->hint != NULL && starts(f->message, unknown)) {
        const char *name = f->message + strlen(unknown);
        mc_autofree char *copy = strndup(name, strcspn(name, "'"));
        const char *hint = copy != NULL ? f->source->hint(f->source->cell, copy, f->line) : NULL;
        mc_buf_adds(ret, hint != NULL ? hint : "");
    }
}

/* Sets the hint of ours, where there is one. */
static bool set_hint(const struct finding *f, json_t *json)
{
    mc_autobuf hint = MC_BUF_INIT;
    size_t length;
    size_t above_length;
    if (f->source == NULL || strcmp(f->record->kind, "error") != 0) {
        return false;
    }
    const char *text = cell_line(f->source, f->line, &length);
    const char *above_text = cell_line(f->source, f->line - 1, &above_length);
    mc_autofree char *line = strndup(text, length);
    mc_autofree char *above = strndup(above_text, above_length);
    if (line == NULL || above == NULL) {
        return false;
    }
    cell_hint(f, &hint);
    if (hint.length == 0) {
        mc_diag_hint(f->message, line, f->byte, above, &hint);
    }
    if (hint.length == 0) {
        return false;
    }
    return json == NULL ||
           json_object_set_new(json, "hint", mc_text_json(hint.data, hint.length)) == 0;
}

/* Whether the fix-its mean something: the nearest name to one that is unknown is often "std". */
static bool believed(const struct finding *f)
{
    return f->source != NULL && !f->generated && strstr(f->message, "did you mean 'std'?") == NULL;
}

static json_t *finding_json(const struct reader *reader, const struct finding *f)
{
    const struct mc_diag_record *r = f->record;
    bool elsewhere = f->source == NULL && !f->generated;
    long line = elsewhere ? r->line : f->line;
    long column = elsewhere ? r->column : f->column;
    json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                             "kind",
                             r->kind,
                             "message",
                             message_json(reader, f->message),
                             "line",
                             number(line),
                             "column",
                             number(line > 0 ? column : 0),
                             "end_line",
                             number(line),
                             "end_column",
                             number(line > 0 ? (f->end > 0 ? f->end : column + 1) : 0),
                             "source",
                             line > 0 ? source_json(f->source, line, r) : json_null(),
                             "notes",
                             notes_json(reader, f),
                             "fixits",
                             believed(f) ? fixits_json(f->source, r->fixits) : json_array());
    if (elsewhere || f->source != NULL) {
        set_file(reader, json, f->source, elsewhere ? r->file : NULL);
    }
    set_hint(f, json);
    return json;
}

/* Errors and warnings with the notes that follow each. */
static bool gather(struct reader *reader)
{
    const struct mc_diag_records *records = &reader->records;
    reader->findings = calloc(records->count + 1, sizeof *reader->findings);
    if (reader->findings == NULL) {
        return false;
    }
    for (size_t i = 0; i < records->count; i++) {
        const struct mc_diag_record *record = &records->items[i];
        struct finding *last = reader->count > 0 ? &reader->findings[reader->count - 1] : NULL;
        if (strcmp(record->kind, "note") == 0 && last != NULL) {
            last->notes = last->n_notes == 0 ? record : last->notes;
            last->n_notes++;
            continue;
        }
        reader->findings[reader->count] =
            (struct finding) {.record = record, .message = record->message, .order = reader->count};
        reader->count++;
    }
    return true;
}

static void locate(const struct reader *reader, struct finding *f)
{
    long line;
    long column;
    const struct mc_diag_source *source = place(reader, f->record, &line, &column);
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

static bool same_place(const struct finding *a, const struct finding *b)
{
    return a->source == b->source && a->line == b->line && a->column == b->column;
}

/* Each byte of a character that is not understood has an error of its own. */
static bool continues(const struct finding *a, const struct finding *b)
{
    return a->source == b->source && a->line == b->line && b->column <= a->end &&
           b->column >= a->column && strcmp(b->message, "unexpected character") == 0;
}

/* Whether `b` only repeats, or follows from, `a`, which comes before it. */
static bool follows_from(const struct finding *a, const struct finding *b)
{
    bool same_message = strcmp(a->message, b->message) == 0;
    if (same_message && strcmp(a->record->kind, b->record->kind) == 0 &&
        (same_place(a, b) || continues(a, b))) {
        return a->source != NULL || a->record->line == b->record->line;
    }
    return a->source != NULL && a->source == b->source && a->line == b->line &&
           strcmp(a->record->kind, "error") == 0 &&
           starts(b->message, "statements must start at the beginning") && set_hint(a, NULL);
}

/* A warning that a value is unused on a line that is no statement at all says the wrong thing. */
static bool misled(const struct finding *warning, const struct finding *error)
{
    return strcmp(warning->record->kind, "warning") == 0 && warning->source != NULL &&
           warning->source == error->source && warning->line == error->line &&
           starts(error->message, "statements must start at the beginning");
}

static void drop_repeats(struct reader *reader)
{
    for (size_t i = 0; i < reader->count; i++) {
        struct finding *b = &reader->findings[i];
        for (size_t j = 0; j < i && !b->dropped; j++) {
            struct finding *a = &reader->findings[j];
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
static void drop_consequences(struct reader *reader)
{
    bool at_home = false;
    bool any = false;
    for (size_t i = 0; i < reader->count; i++) {
        const struct finding *f = &reader->findings[i];
        bool error = !f->dropped && strcmp(f->record->kind, "error") == 0 && !f->record->closing;
        at_home |= error && !f->generated && f->source != NULL;
        any |= error;
    }
    for (size_t i = 0; i < reader->count; i++) {
        struct finding *f = &reader->findings[i];
        bool instantiation = starts(f->record->message, "function instantiation failed");
        f->dropped |= (f->record->closing && any) || (f->generated && at_home && !instantiation) ||
                      (is_std(f->record->file) && at_home);
    }
}

static int by_place(const void *x, const void *y)
{
    const struct finding *a = x;
    const struct finding *b = y;
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

static json_t *tell(struct reader *reader)
{
    json_t *array = json_array();
    for (size_t i = 0; i < reader->count && json_array_size(array) < MAX_DIAGNOSTICS; i++) {
        if (!reader->findings[i].dropped) {
            json_array_append_new(array, finding_json(reader, &reader->findings[i]));
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
    struct reader reader = {.sources = sources, .n_sources = n_sources};
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
