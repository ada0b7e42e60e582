/* Comments, and blanks at the ends of lines: what of a source means nothing to the compiler. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* Adds the source without them: every token keeps its line and column, and two sources whose tokens
 * and their places are equal give the same text. It ends with the last token's line. Fails as
 * mc_lex does, or with NO_MEMORY. */
int mc_comments_strip(const char *source, size_t length, struct mc_buf *ret, mc_err *err)
    MC_MUST_USE;

/* Adds a text that was made of the stripped `source`, line by line, with the comments of `source`
 * in their lines. */
int mc_comments_restore(const char *text,
                        size_t text_length,
                        const char *source,
                        size_t length,
                        struct mc_buf *ret,
                        mc_err *err) MC_MUST_USE;

/* Lets diagnostics of a stripped source, and their notes, show the lines of `source`, which has the
 * comments. `diagnostics` (mojo/diag.h) is changed. */
void mc_comments_show(const char *source, size_t length, json_t *diagnostics);
