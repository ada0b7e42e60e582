#include "base/buf.h"
#include "base/err.h"
#include "mojo/cell.h"
#include "mojo/cell_names.h"
#include "mojo/cell_parts.h"
#include "mojo/comments.h"
#include "mojo/lex.h"
#include "mojo/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A statement that does nothing and that the compiler accepts outside of functions. */
static bool is_inert(const struct mc_cell *cell, size_t i)
{
    const struct mc_item *item = &cell->scan.items[i];
    const struct mc_tokens *tokens = &cell->scan.tokens;
    const struct mc_token *token = &tokens->items[item->first_token];
    size_t n = item->end_token - item->first_token - (item->semicolon ? 1 : 0);
    return item->kind == MC_ITEM_STATEMENT && n == 1 &&
           (token->kind == MC_TOKEN_STRING || mc_token_is(tokens, token, "pass") ||
            mc_token_is(tokens, token, "..."));
}

/* The first item that has to be run, or `count`. A string at the top of definitions is their
 * module's documentation. */
static size_t first_statement(const struct mc_cell *cell)
{
    const struct mc_scan *scan = &cell->scan;
    size_t definitions = 0;
    for (size_t i = 0; i < scan->count; i++) {
        definitions += mc_item_is_definition(&scan->items[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < scan->count; i++) {
        const struct mc_token *token = &scan->tokens.items[scan->items[i].first_token];
        bool text = token->kind == MC_TOKEN_STRING && i > 0;
        bool idle = definitions > 0 && is_inert(cell, i) && !text;
        if (scan->items[i].kind == MC_ITEM_STATEMENT && !idle) {
            return i;
        }
    }
    return scan->count;
}

static int decide_kind(struct mc_cell *cell, mc_err *err)
{
    const struct mc_scan *scan = &cell->scan;
    size_t statement = first_statement(cell);
    if (scan->main == SIZE_MAX) {
        cell->kind = statement < scan->count ? MC_CELL_STATEMENTS : MC_CELL_DEFINITIONS;
        return 0;
    }
    cell->kind = MC_CELL_PROGRAM;
    if (statement == scan->count) {
        return 0;
    }
    mc_err_set(err,
               MC_INVALID_CELL,
               "the cell has both 'main' (line %u) and a statement outside of it (line %u)",
               scan->items[scan->main].line,
               scan->items[statement].line);
    return mc_err_hint(err,
                       "move the statement into 'main', or remove 'main': the statements of a cell "
                       "without it are the program");
}

/* Whether a comptime item needs a variable of the statements, and so cannot stand before them. */
static bool needs_variable(const struct mc_cell *cell, const struct mc_item *item)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    for (size_t i = item->first_token + 2; i < item->end_token; i++) {
        const struct mc_token *token = &tokens->items[i];
        bool member = mc_token_is(tokens, token - 1, ".");
        bool keyword = token->depth > 0 && mc_token_is(tokens, token + 1, "=");
        if (token->kind != MC_TOKEN_NAME || member || keyword) {
            continue;
        }
        const struct mc_name *name =
            mc_names_find(&cell->names, tokens->source + token->start, token->length);
        if (name != NULL && name->bound) {
            return true;
        }
    }
    return false;
}

static void put_into_main(struct mc_cell *cell)
{
    const struct mc_scan *scan = &cell->scan;
    for (size_t i = 0; i < scan->count; i++) {
        const struct mc_item *item = &scan->items[i];
        bool comptime = item->kind == MC_ITEM_COMPTIME && needs_variable(cell, item);
        if (comptime) {
            mc_names_find(&cell->names,
                          scan->tokens.source + item->name.start,
                          item->name.end - item->name.start)
                ->bound = true;
        }
        cell->in_main[i] = comptime || item->kind == MC_ITEM_STATEMENT;
        cell->n_in_main += cell->in_main[i] ? 1 : 0;
    }
    const struct mc_item *last = &scan->items[scan->count - 1];
    cell->shown = last->expression && !last->semicolon ? scan->count - 1 : SIZE_MAX;
}

static int refuse_output(const struct mc_cell *cell, const char *name, mc_err *err)
{
    mc_autobuf known = MC_BUF_INIT;
    for (size_t i = 0; i < cell->names.count && known.length < 100; i++) {
        const struct mc_name *one = &cell->names.items[i];
        if (one->bound && known.length > 0) {
            mc_buf_adds(&known, ", ");
        }
        mc_buf_add(&known, one->text, one->bound ? one->length : 0);
    }
    mc_err_set(err, MC_INVALID_CELL, "the cell has no variable '%.60s' to give back", name);
    if (known.length == 0) {
        return mc_err_hint(err, "a variable is what a statement of the cell gives a value to");
    }
    return mc_err_hint(
        err, "the variables of its statements are %.*s", (int) known.length, known.data);
}

/* What is to be given back has to be there: a variable, or what was taken. */
static int check_outputs(const struct mc_cell *cell, mc_err *err)
{
    for (size_t i = 0; cell->io && i < cell->io->n_outputs; i++) {
        const char *name = cell->io->outputs[i];
        const struct mc_name *found = mc_names_find(&cell->names, name, strlen(name));
        bool taken = false;
        for (size_t k = 0; k < cell->io->n_inputs; k++) {
            taken |= strcmp(cell->io->inputs[k].name, name) == 0;
        }
        if (!taken && !(found && found->bound)) {
            return refuse_output(cell, name, err);
        }
    }
    return 0;
}

static int make_statements(struct mc_cell *cell, mc_err *err)
{
    cell->in_main = calloc(cell->scan.count, sizeof *cell->in_main);
    if (cell->in_main == NULL || mc_names_collect(&cell->names, &cell->scan) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    put_into_main(cell);
    return check_outputs(cell, err) < 0 ? -1 : mc_cell_layout(cell, err);
}

static int parse(struct mc_cell *cell, const char *source, size_t length, mc_err *err)
{
    mc_autobuf plain = MC_BUF_INIT;
    cell->shown = SIZE_MAX;
    cell->scan = MC_SCAN_INIT;
    if (mc_comments_strip(source, length, &plain, err) < 0) {
        return -1;
    }
    cell->length = plain.length;
    cell->source = mc_buf_steal(&plain);
    if (cell->source == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    cell->lines = 1 + mc_lex_count_lines(cell->source, cell->length);
    if (mc_scan(cell->source, cell->length, &cell->scan, err) < 0 || decide_kind(cell, err) < 0) {
        return -1;
    }
    if (cell->io && cell->kind != MC_CELL_STATEMENTS) {
        mc_err_set(err, MC_INVALID_CELL, "only a cell of statements takes and gives variables");
        return mc_err_hint(err, "a function takes arguments and returns values: call it");
    }
    return cell->kind == MC_CELL_STATEMENTS ? make_statements(cell, err) : 0;
}

int mc_cell_parse(const char *source, size_t length, struct mc_cell **ret, mc_err *err)
{
    return mc_cell_parse_io(source, length, NULL, ret, err);
}

int mc_cell_parse_io(const char *source,
                     size_t length,
                     const struct mc_cell_io *io,
                     struct mc_cell **ret,
                     mc_err *err)
{
    struct mc_cell *cell = calloc(1, sizeof *cell);
    if (cell == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    cell->io = io && mc_cell_io_any(io) ? io : NULL;
    if (parse(cell, source, length, err) < 0) {
        mc_cell_free(cell);
        return -1;
    }
    *ret = cell;
    return 0;
}

struct mc_cell *mc_cell_free(struct mc_cell *cell)
{
    if (cell != NULL) {
        mc_scan_fini(&cell->scan);
        mc_names_fini(&cell->names);
        mc_buf_fini(&cell->module);
        free(cell->shift[0]);
        free(cell->shift[1]);
        free(cell->in_main);
        free(cell->source);
        free(cell);
    }
    return NULL;
}

enum mc_cell_kind mc_cell_kind(const struct mc_cell *cell)
{
    return cell->kind;
}

const char *mc_cell_kind_name(enum mc_cell_kind kind)
{
    static const char *const names[] = {
        [MC_CELL_PROGRAM] = "program",
        [MC_CELL_STATEMENTS] = "statements",
        [MC_CELL_DEFINITIONS] = "definitions",
    };
    return names[kind];
}

const char *mc_cell_text(const struct mc_cell *cell, size_t *ret_length)
{
    *ret_length = cell->length;
    return cell->source;
}

bool mc_cell_is_empty(const struct mc_cell *cell)
{
    return cell->scan.count == 0;
}

bool mc_cell_shows(const struct mc_cell *cell, long line)
{
    if (cell->shown == SIZE_MAX) {
        return false;
    }
    const struct mc_item *item = &cell->scan.items[cell->shown];
    return line >= (long) item->first_line && line <= (long) item->last_line;
}

long mc_cell_main_line(const struct mc_cell *cell)
{
    if (cell->kind == MC_CELL_PROGRAM) {
        return cell->scan.items[cell->scan.main].line;
    }
    size_t i = first_statement(cell);
    return cell->kind == MC_CELL_STATEMENTS ? cell->scan.items[i].line : 0;
}

int mc_cell_module(const struct mc_cell *cell, struct mc_buf *ret)
{
    if (cell->kind == MC_CELL_STATEMENTS) {
        mc_buf_add(ret, cell->module.data, cell->module.length);
    } else {
        size_t start = cell->scan.tokens.start;
        mc_buf_add(ret, cell->source + start, cell->length - start);
    }
    return ret->failed ? -1 : 0;
}

const char *mc_cell_hint(const struct mc_cell *cell, const char *name, long line)
{
    const struct mc_name *found = mc_names_find(&cell->names, name, strlen(name));
    if (found == NULL || !found->bound) {
        return NULL;
    }
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        if (!cell->in_main[i] && (long) item->first_line <= line &&
            line <= (long) item->last_line) {
            return "pass it as an argument: a definition does not see the variables of the cell's "
                   "statements";
        }
    }
    return NULL;
}
