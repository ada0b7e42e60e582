/* A cell: what kind of source it is, the module and the entry that are compiled for it, and the way
 * back from positions in the module to positions in the cell. Owns a copy of the source, without
 * its comments: two cells that differ in nothing else are one. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

enum mc_cell_kind {
    MC_CELL_PROGRAM,     /* has `def main` or `fn main` at the top level */
    MC_CELL_STATEMENTS,  /* has bare statements: they become `main` */
    MC_CELL_DEFINITIONS, /* neither; also an empty cell */
};

struct mc_cell;
struct mc_cell_io;

/* INVALID_CELL where there are both `main` and bare statements: the message has the lines of both.
 * TOO_LARGE. */
int mc_cell_parse(const char *source, size_t length, struct mc_cell **ret, mc_err *err) MC_MUST_USE;
/* The same of a cell that takes and gives values (cell_io.h; borrowed for the cell's life): its
 * statements become `mc_run` instead of `main`, which nothing but a thunk can call. INVALID_CELL
 * also where there are no statements. */
int mc_cell_parse_io(const char *source,
                     size_t length,
                     const struct mc_cell_io *io,
                     struct mc_cell **ret,
                     mc_err *err) MC_MUST_USE;
/* NULL is fine; returns NULL. */
struct mc_cell *mc_cell_free(struct mc_cell *cell);

enum mc_cell_kind mc_cell_kind(const struct mc_cell *cell);
/* "program", "statements", "definitions". */
const char *mc_cell_kind_name(enum mc_cell_kind kind);

/* Its source without comments (comments.h), which is what is compiled; the cell's. */
const char *mc_cell_text(const struct mc_cell *cell, size_t *ret_length);

/* Whether it has nothing but comments. */
bool mc_cell_is_empty(const struct mc_cell *cell);

/* Whether a line is one of the last expression, whose value is shown. */
bool mc_cell_shows(const struct mc_cell *cell, long line);

/* The line of `main`, or of the first statement; 0 in a cell of definitions. */
long mc_cell_main_line(const struct mc_cell *cell);

/* The `cell` object of docs/protocol.md, a new reference; NULL when out of memory. Text that is not
 * UTF-8 comes with U+FFFD in the place of what is not. */
json_t *mc_cell_json(const struct mc_cell *cell);

/* Adds the text of the module file. Of a program and of definitions that is the cell without
 * comments and byte order mark; of statements twice the cell's lines: definitions where they were,
 * then `def main() raises:`, then the statements, each on its own line and indented, and last what
 * shows the value of the last expression. -1 when out of memory. */
int mc_cell_module(const struct mc_cell *cell, struct mc_buf *ret);

/* Adds, for below that text, what shows a value of Python's, where the cell itself does not import
 * Python: one that it uses does. */
void mc_cell_show_python(const struct mc_cell *cell, struct mc_buf *ret);

/* Adds the text of an entry module: it imports the module `module_name` as `m`, refers to what that
 * defines, and, of a program or of statements, exports `mc_main`, which runs `main` and returns 0,
 * or 1 after printing what main raised as the compiler's own executables do. Definitions mostly
 * need none: their module is compiled by itself (bind.h). -1 when out of memory. */
int mc_cell_entry(const struct mc_cell *cell, const char *module_name, struct mc_buf *ret);

/* The place in the cell of a place in the module file: lines and byte columns from 1. What is not
 * from the cell has line 0 (and column 0). A column past the line's end stays there. */
void mc_cell_map(
    const struct mc_cell *cell, long line, long column, long *ret_line, long *ret_column);

/* A hint for "use of unknown declaration 'name'" at `line` of the cell (from 1): where the line is
 * in a definition and the name is a variable of the cell's statements. Static text, or NULL. */
const char *mc_cell_hint(const struct mc_cell *cell, const char *name, long line);
