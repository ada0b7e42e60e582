/* The compiler's JSON diagnostics, read tolerantly and told in terms of the user's cell: the
 * `diagnostics` array of docs/protocol.md. Also what a crashed program left in its output. Every
 * function takes bytes that nobody vouches for. */
#pragma once

#include "base/err.h"
#include "mojo/diag_file.h"

#include <jansson.h>

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
