/* The compiler's JSON diagnostics, read tolerantly and told in terms of the user's cell: the
 * `diagnostics` array of docs/protocol.md. Also what a crashed program left in its output. Every
 * function takes bytes that nobody vouches for. */
#pragma once

#include "base/err.h"

#include <jansson.h>

#include <stddef.h>

/* Gives the place in the cell of a place in the generated file; lines and columns (bytes) count
 * from 1 on both sides. A place that is no part of the cell gives line 0. */
typedef void
mc_diag_map(const void *cell, long line, long column, long *ret_line, long *ret_column);

/* A hint for a name that is unknown at a line of the cell: static text, or NULL. */
typedef const char *mc_diag_name_hint(const void *cell, const char *name, long line);

/* A file that the compiler was given. Borrowed. */
struct mc_diag_source {
    const char *file; /* its path; a diagnostic whose file has the same base name is in it */
    const char *name; /* what the user calls it ("cell"); NULL: generated, the user knows nothing of
                         it and never sees a position in it */
    const char *text; /* the cell as the user wrote it; NULL where name is NULL */
    size_t length;
    mc_diag_map *map;        /* NULL: the file is the cell verbatim */
    mc_diag_name_hint *hint; /* may be NULL */
    const void *cell;        /* first argument of both */
    long main_line; /* where errors without a place of the user's are shown: the line of `main` or
                       of the first statement; 0: nowhere */
};

/* Reads what the compiler wrote. Returns a new array, sorted by line, errors about the cell without
 * duplicates, each
 *   {kind, message, line, column, end_line, end_column, source, file?, hint?, notes, fixits}
 * with lines and columns (characters) from 1, null where there is no place; ends are exclusive.
 * `file` is there where it is not the first source's cell. A note is {message, line, column,
 * source, file?, std?}; a fix-it {line, column, end_line, end_column, text}. Bytes that are no
 * diagnostics become one error with the text, bounded. NULL only when out of memory. */
json_t *mc_diag_read(const char *stderr_bytes,
                     size_t stderr_length,
                     const char *stdout_bytes,
                     size_t stdout_length,
                     const struct mc_diag_source *sources,
                     size_t n_sources);

/* Whether any of the diagnostics is an error. */
bool mc_diag_has_errors(const json_t *diagnostics);

#define MC_DIAG_MESSAGE 4096

struct mc_diag_crash {
    char message[MC_DIAG_MESSAGE]; /* what the program says, without place and prefix; UTF-8, all
                                      control characters but newlines spaces; empty where it says
                                      nothing */
    char library[128];             /* the place where that is in the standard library, as in
                                      "std/collections/list.mojo:1095"; else empty */
    long line;                     /* from 1; 0 where the place is not the user's */
    long column;                   /* in characters, from 1; 0 likewise */
    size_t source;                 /* which of the sources that line is in */
    size_t start, end;             /* bytes of the raw text in `output`, its newline included */
};

/* Reads the words of a crash (abi/words.h): "At: f:l:c: Assert Error: …", "ABORT: f:l:c: …", or
 * with another word of the program's choice, which its message then has. sources as for
 * mc_diag_read. Returns 1 and fills *ret, 0 where there are none. */
int mc_diag_words(const char *words,
                  const struct mc_diag_source *sources,
                  size_t n_sources,
                  struct mc_diag_crash *ret);

/* The same where they are somewhere at the end of a crashed program's output: the last ones count.
 */
int mc_diag_crash(const char *output,
                  size_t length,
                  const struct mc_diag_source *sources,
                  size_t n_sources,
                  struct mc_diag_crash *ret);

/* Looks for the backtrace that the runtime prints to stderr when a program crashes. Returns 1 with
 * its byte range and number of frames, else 0. ret_frames may be NULL. */
int mc_diag_backtrace(
    const char *error_output, size_t length, size_t *ret_start, size_t *ret_end, long *ret_frames);
