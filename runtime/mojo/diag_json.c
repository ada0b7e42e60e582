#include "mojo/diag_json.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mojo/diag_hint.h"
#include "mojo/diag_text.h"

#include <ctype.h>
#include <string.h>

#define MAX_NOTES 12
#define SYNTHETIC "    # note - "

/* The message; in one about a generated module its name is the user's. */
static json_t *message_json(const struct mc_findings *reader, const char *message)
{
    mc_autobuf text = MC_BUF_INIT;
    const char *constraint = "constraint failed: ";
    if (mc_text_starts(message, constraint)) {
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
        const char *text = mc_finding_line(source, line, &length);
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
static void set_file(const struct mc_findings *reader,
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
static json_t *note_json(const struct mc_findings *reader, const struct mc_diag_record *note)
{
    long line = 0;
    long column = 0;
    const struct mc_diag_source *source = mc_finding_place(reader, note, &line, &column);
    const struct mc_diag_source *given =
        mc_text_source(reader->sources, reader->n_sources, note->file);
    if ((given != NULL && source == NULL) ||
        mc_text_starts(note->message, "see current operation") ||
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
    if (mc_finding_is_std(note->file)) {
        json_object_set_new(json, "std", json_true());
    }
    if (source != NULL && json_array_size(note->fixits) > 0) {
        json_object_set_new(json, "fixits", fixits_json(source, note->fixits));
    }
    return json;
}

static json_t *notes_json(const struct mc_findings *reader, const struct mc_finding *f)
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
static void cell_hint(const struct mc_finding *f, struct mc_buf *ret)
{
    static const char unknown[] = "use of unknown declaration '";
    if (f->source->hint != NULL && mc_text_starts(f->message, unknown)) {
        const char *name = f->message + strlen(unknown);
        mc_autofree char *copy = strndup(name, strcspn(name, "'"));
        const char *hint = copy != NULL ? f->source->hint(f->source->cell, copy, f->line) : NULL;
        mc_buf_adds(ret, hint != NULL ? hint : "");
    }
}

bool mc_finding_hint(const struct mc_finding *f, json_t *json)
{
    mc_autobuf hint = MC_BUF_INIT;
    size_t length;
    size_t above_length;
    if (f->source == NULL || strcmp(f->record->kind, "error") != 0) {
        return false;
    }
    const char *text = mc_finding_line(f->source, f->line, &length);
    const char *above_text = mc_finding_line(f->source, f->line - 1, &above_length);
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
static bool believed(const struct mc_finding *f)
{
    return f->source != NULL && !f->generated && strstr(f->message, "did you mean 'std'?") == NULL;
}

json_t *mc_finding_json(const struct mc_findings *reader, const struct mc_finding *f)
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
    mc_finding_hint(f, json);
    return json;
}
