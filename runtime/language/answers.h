/* What a language server answers, in the protocol's terms: places in the cell, in characters. */
#pragma once

#include "base/err.h"

#include <jansson.h>

#include <stddef.h>

struct mc_cell;
struct mc_language_text;

/* The diagnostics (docs/protocol.md) of a cell: what is wrong without a look at the language, or
 * what the server, asked about `text`, said of it (`found`; NULL: it was not asked). A new array;
 * NULL when out of memory. `cell` may be NULL, and `text`, where the server read the source. */
json_t *mc_language_diagnostics(const char *source,
                                size_t length,
                                const struct mc_cell *cell,
                                const struct mc_language_text *text,
                                const json_t *found);

/* Those of the server's items that begin as the word at the cursor does, in its order, those that
 * begin with an underscore last: a new array
 * of {label, kind, signature?}. */
json_t *mc_language_items(const json_t *answer, const struct mc_language_text *text);

/* How many items an answer has. */
size_t mc_language_count(const json_t *answer);

/* An answer to "hover", or to "signatureHelp", as a new object {signature, markdown, text}; JSON's
 * null where it says nothing. */
json_t *mc_language_help(const json_t *answer);
json_t *mc_language_signatures(const json_t *answer);
