#include "abi/kind.h"
#include "base/buf.h"
#include "base/err.h"
#include "mojo/cell.h"
#include "mojo/cell_parts.h"
#include "mojo/lex.h"
#include "mojo/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The module of a statement cell:
 *
 *   lines 1 to n          the cell without its statements
 *   line n + 1            def main() raises:
 *   lines n + 2 to 2n + 1 the cell without its definitions, indented
 *   one line each         what gives an output away (the name is mc_run then)
 *   the rest              the function that shows the last value
 *
 * Only the first physical line of a logical line is indented, so that string literals stay what
 * they are. A statement behind a definition on one line (`import a; b = 1`) moves to the line's
 * beginning. */
#define INDENT "    "

struct layout {
    struct mc_cell *cell;
    struct mc_buf *out;
    bool body;         /* the second part */
    size_t line;       /* in this part, from 1: where the output is */
    size_t seen;       /* the last offset whose line was looked for */
    size_t seen_start; /* the beginning of that line */
    size_t column; /* in the cell: what the output on this line has reached; SIZE_MAX: the line is
                      empty */
};

static size_t longest_run(const struct mc_cell *cell, char c)
{
    size_t longest = 0;
    size_t run = 0;
    for (size_t i = 0; i < cell->length; i++) {
        run = cell->source[i] == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* A name that the source does not have: where the first choice is taken, one with more underscores
 * in a row than are anywhere in it. */
static void add_helper_name(const struct mc_cell *cell, struct mc_buf *ret)
{
    static const char name[] = "_mc_show";
    mc_buf_adds(ret, name);
    if (memmem(cell->source, cell->length, name, sizeof name - 1) != NULL) {
        for (size_t n = longest_run(cell, '_') + 1; n > 0; n--) {
            mc_buf_addc(ret, '_');
        }
    }
}

/* The beginning of the line that `offset` is on. Offsets come in ascending order, and so no byte is
 * looked at twice. */
static size_t line_start(struct layout *layout, size_t offset)
{
    const char *source = layout->cell->source;
    size_t at = offset;
    while (at > layout->seen && source[at - 1] != '\n' && source[at - 1] != '\r') {
        at--;
    }
    layout->seen_start = at > layout->seen ? at : layout->seen_start;
    layout->seen = offset;
    return layout->seen_start;
}

/* Bytes of a byte order mark on the line: the module has none. */
static long mark_on(const struct mc_cell *cell, size_t line)
{
    return line == 1 ? (long) cell->scan.tokens.start : 0;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\f') {
            return false;
        }
    }
    return true;
}

static void go_to_line(struct layout *layout, size_t line)
{
    for (; layout->line < line; layout->line++) {
        mc_buf_addc(layout->out, '\n');
        layout->column = SIZE_MAX;
    }
}

static void set_shift(struct layout *layout, size_t line, long shift)
{
    layout->cell->shift[layout->body ? 1 : 0][line - 1] = (int32_t) shift;
}

/* What comes before the item on its line, so that it stands in its old column where it can. */
static void add_margin(struct layout *layout, const struct mc_item *item)
{
    const struct mc_cell *cell = layout->cell;
    size_t start = line_start(layout, item->span.start);
    size_t column = item->span.start - start;
    if (layout->column != SIZE_MAX) {
        for (; layout->column < column; layout->column++) {
            mc_buf_addc(layout->out, ' ');
        }
        return;
    }
    bool blank = is_blank(cell->source + start, column);
    mc_buf_adds(layout->out, layout->body ? INDENT : "");
    mc_buf_add(layout->out, cell->source + start, blank ? column : 0);
    set_shift(layout,
              item->first_line,
              (layout->body ? (long) strlen(INDENT) : 0) - (blank ? 0 : (long) column));
}

/* The item's text; in the body each of its logical lines but the first is indented. */
static void add_text(struct layout *layout, const struct mc_item *item)
{
    const struct mc_tokens *tokens = &layout->cell->scan.tokens;
    size_t copied = item->span.start;
    for (size_t i = item->first_token + 1; layout->body && i < item->end_token; i++) {
        const struct mc_token *token = &tokens->items[i];
        if (token->flags & MC_TOKEN_FIRST) {
            size_t start = line_start(layout, token->start);
            mc_buf_add(layout->out, tokens->source + copied, start - copied);
            mc_buf_adds(layout->out, INDENT);
            set_shift(layout, token->line, (long) strlen(INDENT));
            copied = start;
        }
    }
    mc_buf_add(layout->out, tokens->source + copied, item->span.end - copied);
    layout->line = item->last_line;
    layout->column = item->span.end - line_start(layout, item->span.end);
}

static void add_item(struct layout *layout, size_t i)
{
    struct mc_cell *cell = layout->cell;
    const struct mc_item *item = &cell->scan.items[i];
    go_to_line(layout, item->first_line);
    add_margin(layout, item);
    if (i != cell->shown) {
        add_text(layout, item);
        return;
    }
    size_t before = layout->out->length;
    cell->show_column = item->span.start - line_start(layout, item->span.start);
    add_helper_name(cell, layout->out);
    mc_buf_adds(layout->out, "((");
    cell->show_length = layout->out->length - before;
    add_text(layout, item);
    mc_buf_adds(layout->out, "))");
}

static void add_part(struct mc_cell *cell, bool body)
{
    struct layout layout = {.cell = cell,
                            .out = &cell->module,
                            .body = body,
                            .line = 1,
                            .column = SIZE_MAX,
                            .seen = cell->scan.tokens.start,
                            .seen_start = cell->scan.tokens.start};
    for (size_t i = 0; i < cell->scan.count; i++) {
        if (cell->in_main[i] == body) {
            add_item(&layout, i);
        }
    }
    go_to_line(&layout, cell->lines + 1);
}

static bool imports_python(const struct mc_cell *cell)
{
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        size_t length = item->span.end - item->span.start;
        if (item->kind == MC_ITEM_IMPORT &&
            memmem(cell->source + item->span.start, length, "python", strlen("python"))) {
            return true;
        }
    }
    return false;
}

/* What calls of Python give. Its module costs a second of compiling, which such a cell pays anyway.
 * A front end that can show more than text says where it takes that from; what has no more than
 * text is refused by the package's own code, and printed. */
static void add_helper_of_python(const char *helper, struct mc_buf *ret)
{
    mc_buf_addf(ret,
                "\n\nfrom std.python import PythonObject as %s_object\n\n\n"
                "def %s(value: %s_object):\n    from std.io import print as %s_print\n"
                "    from std.os import getenv as %s_getenv\n"
                "    from std.python import Python as %s_Python\n\n"
                "    if value is %s_object(None):\n        return\n"
                "    if %s_getenv(\"MOJOCELL_SHOW\"):\n        try:\n"
                "            _ = %s_Python.import_module(\"mojocell.show.value\").give(value)\n"
                "            return\n        except:\n            pass\n"
                "    %s_print(value)\n",
                helper,
                helper,
                helper,
                helper,
                helper,
                helper,
                helper,
                helper,
                helper,
                helper);
}

/* What shows a value: nothing for None, also that of Python, and for what cannot be written. */
static void add_helper(const struct mc_cell *cell, struct mc_buf *ret)
{
    mc_autobuf name = MC_BUF_INIT;
    add_helper_name(cell, &name);
    const char *helper = name.data != NULL ? name.data : "";
    mc_buf_addf(ret,
                "\n\ndef %s(value: None):\n    pass\n\n\ndef %s[T: AnyType](value: T):\n"
                "    from std.io import print as %s_print\n\n"
                "    comptime if conforms_to(T, Writable):\n        %s_print(value)\n",
                helper,
                helper,
                helper,
                helper);
    if (imports_python(cell)) {
        add_helper_of_python(helper, ret);
    }
}

void mc_cell_show_python(const struct mc_cell *cell, struct mc_buf *ret)
{
    if (cell->kind == MC_CELL_STATEMENTS && cell->shown != SIZE_MAX && !imports_python(cell)) {
        mc_autobuf name = MC_BUF_INIT;
        add_helper_name(cell, &name);
        add_helper_of_python(name.data != NULL ? name.data : "", ret);
    }
}

static void add_header(struct mc_cell *cell)
{
    const struct mc_cell_io *io = cell->io;
    if (!io) {
        mc_buf_adds(&cell->module, "def main() raises:\n");
        return;
    }
    mc_buf_adds(&cell->module, "def mc_run(");
    for (size_t i = 0; i < io->n_inputs; i++) {
        mc_buf_addf(&cell->module, "%s: ", io->inputs[i].name);
        mc_type_write_mojo(&io->inputs[i].type, &cell->module);
        mc_buf_adds(&cell->module, ", ");
    }
    mc_buf_adds(&cell->module, "mc_out: Pointer[UInt64, MutAnyOrigin]) raises:\n");
}

static void add_outputs(struct mc_cell *cell)
{
    for (size_t i = 0; cell->io && i < cell->io->n_outputs; i++) {
        mc_buf_addf(&cell->module,
                    INDENT "mc_put_any(%s, mc_out, %zu)\n",
                    cell->io->outputs[i],
                    MC_ANY_WORDS * i);
    }
}

int mc_cell_layout(struct mc_cell *cell, mc_err *err)
{
    for (size_t part = 0; part < 2; part++) {
        cell->shift[part] = calloc(cell->lines, sizeof *cell->shift[part]);
        if (cell->shift[part] == NULL) {
            return mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
    }
    add_part(cell, false);
    add_header(cell);
    add_part(cell, true);
    add_outputs(cell);
    if (cell->shown != SIZE_MAX) {
        add_helper(cell, &cell->module);
    }
    return mc_buf_check(&cell->module, err);
}

static long at_least(long value, long least)
{
    return value > least ? value : least;
}

void mc_cell_map(
    const struct mc_cell *cell, long line, long column, long *ret_line, long *ret_column)
{
    long lines = (long) cell->lines;
    *ret_line = 0;
    *ret_column = 0;
    if (cell->kind != MC_CELL_STATEMENTS) {
        *ret_line = line >= 1 && line <= lines ? line : 0;
        *ret_column = *ret_line > 0 ? at_least(column, 1) + mark_on(cell, (size_t) line) : 0;
        return;
    }
    bool body = line > lines + 1;
    long at = body ? line - lines - 1 : line;
    if (cell->io && at > lines && at <= lines + (long) cell->io->n_outputs) {
        *ret_line = (long) cell->scan.items[cell->scan.count - 1].last_line;
        *ret_column = 1;
        return;
    }
    if (at < 1 || at > lines || line == lines + 1) {
        return;
    }
    *ret_line = at;
    *ret_column = at_least(column - cell->shift[body ? 1 : 0][at - 1], 1);
    if (body && cell->shown != SIZE_MAX && at == (long) cell->scan.items[cell->shown].first_line &&
        *ret_column > (long) cell->show_column) {
        *ret_column =
            at_least(*ret_column - (long) cell->show_length, (long) cell->show_column + 1);
    }
    *ret_column += mark_on(cell, (size_t) at);
}
