#include "mojo/repair_edits.h"

#include "base/mem.h"
#include "mojo/diag_text.h"

#include <string.h>

void mc_edits_fini(struct mc_edits *edits)
{
    for (size_t i = 0; i < edits->count; i++) {
        free(edits->items[i].text);
        free(edits->items[i].message);
    }
    free(edits->items);
    *edits = (struct mc_edits) {0};
}

void mc_edits_add(
    struct mc_edits *edits, size_t start, size_t end, const char *text, const char *message)
{
    struct mc_edit *items = realloc(edits->items, (edits->count + 1) * sizeof *items);
    if (items == NULL) {
        edits->failed = true;
        return;
    }
    edits->items = items;
    struct mc_edit *edit = &items[edits->count];
    *edit = (struct mc_edit) {.start = start,
                              .end = end,
                              .text = strdup(text),
                              .message = strdup(message),
                              .group = edits->group,
                              .order = edits->count};
    edits->failed |= edit->text == NULL || edit->message == NULL;
    edits->count++;
}

void mc_edits_begin_group(struct mc_edits *edits)
{
    edits->group = ++edits->groups;
}

void mc_edits_end_group(struct mc_edits *edits)
{
    edits->group = 0;
}

static int by_place(const void *x, const void *y)
{
    const struct mc_edit *a = x;
    const struct mc_edit *b = y;
    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }
    if (a->end != b->end) {
        return a->end < b->end ? -1 : 1;
    }
    return a->order < b->order ? -1 : 1;
}

static void drop(struct mc_edits *edits, size_t i)
{
    free(edits->items[i].text);
    free(edits->items[i].message);
    edits->count--;
    memmove(&edits->items[i], &edits->items[i + 1], (edits->count - i) * sizeof *edits->items);
}

/* Half of a change is worse than none. */
static void drop_group(struct mc_edits *edits, size_t group)
{
    for (size_t i = edits->count; i-- > 0;) {
        if (edits->items[i].group == group) {
            drop(edits, i);
        }
    }
}

static size_t first_overlap(const struct mc_edits *edits, size_t length)
{
    for (size_t i = 0; i < edits->count; i++) {
        const struct mc_edit *edit = &edits->items[i];
        const struct mc_edit *last = i > 0 ? &edits->items[i - 1] : NULL;
        if (edit->start > edit->end || edit->end > length ||
            (last != NULL && (edit->start < last->end || edit->start == last->start))) {
            return i;
        }
    }
    return edits->count;
}

/* The same place may be named by several errors, and by a rule as well as by a fix-it. */
static void drop_overlapping(struct mc_edits *edits, size_t length)
{
    size_t i;
    qsort(edits->items, edits->count, sizeof *edits->items, by_place);
    while ((i = first_overlap(edits, length)) < edits->count) {
        if (edits->items[i].group > 0) {
            drop_group(edits, edits->items[i].group);
        } else {
            drop(edits, i);
        }
    }
}

/* source[from, to) as edits [first, last) change it. */
static void change(const struct mc_edits *edits,
                   size_t first,
                   size_t last,
                   const char *source,
                   size_t from,
                   size_t to,
                   struct mc_buf *ret)
{
    for (size_t i = first; i < last; i++) {
        const struct mc_edit *edit = &edits->items[i];
        mc_buf_add(ret, source + from, edit->start - from);
        mc_buf_adds(ret, edit->text);
        from = edit->end;
    }
    mc_buf_add(ret, source + from, to - from);
}

static size_t line_start(const char *source, size_t at)
{
    while (at > 0 && source[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_end(const char *source, size_t length, size_t at)
{
    const char *newline = memchr(source + at, '\n', length - at);
    return newline != NULL ? (size_t) (newline - source) : length;
}

static json_t *text_json(const char *text, size_t length)
{
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n')) {
        length--;
    }
    return mc_text_json(text, length);
}

static json_t *changes_json(const struct mc_edits *edits, const char *source, size_t length)
{
    json_t *changes = json_array();
    size_t line = 1;
    size_t counted = 0;
    for (size_t i = 0; i < edits->count;) {
        mc_autobuf after = MC_BUF_INIT;
        size_t from = line_start(source, edits->items[i].start);
        size_t to = line_end(source, length, edits->items[i].end);
        size_t last = i + 1;
        for (; last < edits->count && edits->items[last].start <= to; last++) {
            to = line_end(source, length, edits->items[last].end);
        }
        change(edits, i, last, source, from, to, &after);
        for (; counted < from; counted++) {
            line += source[counted] == '\n';
        }
        mc_buf_adds(&after, "");
        json_array_append_new(
            changes,
            json_pack("{s:I, s:o, s:o, s:o}",
                      "line",
                      (json_int_t) line,
                      "message",
                      mc_text_json(edits->items[i].message, strlen(edits->items[i].message)),
                      "before",
                      text_json(source + from, to - from),
                      "after",
                      text_json(after.data != NULL ? after.data : "", after.length)));
        i = last;
    }
    return changes;
}

int mc_edits_apply(struct mc_edits *edits,
                   const char *source,
                   size_t length,
                   struct mc_buf *ret,
                   json_t **ret_changes,
                   mc_err *err)
{
    if (edits->failed) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    drop_overlapping(edits, length);
    change(edits, 0, edits->count, source, 0, length, ret);
    json_t *changes = changes_json(edits, source, length);
    if (changes == NULL || mc_buf_check(ret, err) < 0) {
        json_decref(changes);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    *ret_changes = changes;
    return 0;
}
