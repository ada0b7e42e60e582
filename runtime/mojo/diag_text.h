/* Places in text: lines found, bytes counted as characters, anything made valid UTF-8. For the
 * files of the diagnostics alone. */
#pragma once

#include "mojo/diag_file.h"

#include <jansson.h>

#include <stdbool.h>

/* The line (from 1) without its end, within text; *ret_length is 0 where there is none. */
const char *mc_text_line(const char *text, size_t length, long line, size_t *ret_length);

/* Characters from 1 for bytes from 1, within a line; places beyond its end keep their distance. */
long mc_text_column(const char *line, size_t length, long byte_column);
/* And back. */
long mc_text_byte_column(const char *line, size_t length, long column);

/* A new JSON string; bytes that are no UTF-8, and NULs, become "?". */
json_t *mc_text_json(const char *text, size_t length);

/* Whether the text begins so. */
bool mc_text_starts(const char *text, const char *prefix);

/* The last component of a path. */
const char *mc_text_base_name(const char *path);

/* The source that the compiler means by `file`, or NULL. */
const struct mc_diag_source *
mc_text_source(const struct mc_diag_source *sources, size_t n_sources, const char *file);

/* A place of the compiler's (bytes from 1) in the source's cell (characters from 1); line 0 where
 * it is not the user's. */
void mc_text_map(
    const struct mc_diag_source *source, long line, long column, long *ret_line, long *ret_column);
