#include "mojo/scan_imports.h"

#include "base/buf.h"

#include <stddef.h>

bool mc_import_at(const struct mc_cursor *cursor)
{
    bool dotted = mc_cursor_is_name(cursor, 1) || mc_cursor_is(cursor, 1, ".") ||
                  mc_cursor_is(cursor, 1, "...");
    return dotted && (mc_cursor_is(cursor, 0, "import") || mc_cursor_is(cursor, 0, "from"));
}

/* Adds the identifier at the cursor without its backticks. */
static void add_name(struct mc_cursor *cursor, struct mc_buf *ret)
{
    const struct mc_token *token = mc_cursor_peek(cursor, 0);
    const char *text = cursor->tokens->source + token->start;
    size_t length = token->length;
    if (token->kind == MC_TOKEN_BACKTICK) {
        text++;
        length -= token->flags & MC_TOKEN_UNTERMINATED ? 1 : 2;
    }
    mc_buf_add(ret, text, length);
    cursor->at++;
}

/* `..a.b` */
static void read_path(struct mc_cursor *cursor, struct mc_buf *ret)
{
    mc_buf_clear(ret);
    while (mc_cursor_is(cursor, 0, ".") || mc_cursor_is(cursor, 0, "...")) {
        mc_buf_adds(ret, mc_cursor_is(cursor, 0, ".") ? "." : "...");
        cursor->at++;
    }
    if (mc_cursor_is(cursor, 0, "import")) {
        return; /* from . import x */
    }
    while (mc_cursor_is_name(cursor, 0)) {
        add_name(cursor, ret);
        if (!mc_cursor_is(cursor, 0, ".") || !mc_cursor_is_name(cursor, 1)) {
            break;
        }
        mc_buf_addc(ret, '.');
        cursor->at++;
    }
}

static void read_as(struct mc_cursor *cursor, struct mc_buf *ret)
{
    mc_buf_clear(ret);
    if (mc_cursor_is(cursor, 0, "as") && mc_cursor_is_name(cursor, 1)) {
        cursor->at++;
        add_name(cursor, ret);
    }
}

struct reader {
    struct mc_cursor cursor;
    struct mc_buf module, name, as;
    struct mc_import import; /* offset and line are filled in */
    mc_import_each *each;
    void *data;
};

static void reader_fini(struct reader *reader)
{
    mc_buf_fini(&reader->module);
    mc_buf_fini(&reader->name);
    mc_buf_fini(&reader->as);
}

static int report(struct reader *reader, bool named, mc_err *err)
{
    if (mc_buf_check(&reader->module, err) < 0 || mc_buf_check(&reader->name, err) < 0 ||
        mc_buf_check(&reader->as, err) < 0) {
        return -1;
    }
    if (reader->module.length == 0) {
        return 0;
    }
    reader->import.module = reader->module.data;
    reader->import.name = named ? reader->name.data : NULL;
    reader->import.as = reader->as.length > 0 ? reader->as.data : NULL;
    return reader->each(&reader->import, reader->data);
}

static void read_module(struct reader *reader)
{
    reader->import.offset = mc_cursor_peek(&reader->cursor, 0)->start;
    reader->import.line = mc_cursor_peek(&reader->cursor, 0)->line;
    read_path(&reader->cursor, &reader->module);
}

/* import a.b as c, d */
static int read_modules(struct reader *reader, mc_err *err)
{
    do {
        read_module(reader);
        read_as(&reader->cursor, &reader->as);
        int ended = report(reader, false, err);
        if (ended != 0) {
            return ended;
        }
    } while (mc_cursor_accept(&reader->cursor, ","));
    return 0;
}

/* from a.b import (c as d, e) */
static int read_names(struct reader *reader, mc_err *err)
{
    read_module(reader);
    if (!mc_cursor_accept(&reader->cursor, "import")) {
        return 0;
    }
    mc_cursor_accept(&reader->cursor, "(");
    bool any = mc_cursor_is_name(&reader->cursor, 0);
    while (mc_cursor_is_name(&reader->cursor, 0) || mc_cursor_is(&reader->cursor, 0, "*")) {
        any = true;
        mc_buf_clear(&reader->name);
        add_name(&reader->cursor, &reader->name);
        read_as(&reader->cursor, &reader->as);
        int ended = report(reader, true, err);
        if (ended != 0) {
            return ended;
        }
        mc_cursor_accept(&reader->cursor, ",");
    }
    return any ? 0 : report(reader, false, err); /* the names are missing; the module is not */
}

int mc_import_read(struct mc_cursor cursor, mc_import_each *each, void *data, mc_err *err)
{
    __attribute__((cleanup(reader_fini))) struct reader reader = {
        .cursor = cursor, .each = each, .data = data};
    bool names = mc_cursor_is(&cursor, 0, "from");
    reader.cursor.at++;
    return names ? read_names(&reader, err) : read_modules(&reader, err);
}
