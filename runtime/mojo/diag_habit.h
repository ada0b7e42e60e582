/* What to do about errors that habits of Python, and of older Mojo, lead to. For diag_hint.c alone.
 */
#pragma once

#include "base/buf.h"

/* Adds the hint for an error with this message on this line of source. Returns false where there is
 * none. */
bool mc_diag_habit(const char *message, const char *line, struct mc_buf *ret);
