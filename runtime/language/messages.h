/* What is said to a language server. There is one notebook of two cells: what a cell has from
 * others, and the cell. */
#pragma once

#include <jansson.h>

#include <stddef.h>

/* The identity of the second cell. */
#define MC_LANGUAGE_CELL "vscode-notebook-cell:/mojocell/cell.ipynb#cell"

/* Each is a new object, NULL when out of memory. */
json_t *mc_language_initialize(json_int_t id);
json_t *mc_language_initialized(void);
json_t *mc_language_open(json_int_t version, const char *prelude, const char *text);
json_t *mc_language_change(json_int_t version, const char *prelude, const char *text);

/* A question, as "hover", about the place of `text` that is `offset` bytes from its beginning. */
json_t *mc_language_question(json_int_t id, const char *question, const char *text, size_t offset);
