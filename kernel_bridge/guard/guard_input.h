/* What guarded calls read of standard input: whoever shows what they print is asked for each line.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* Adds a line with its end; nothing: the input is at its end. False where the call is to end soon.
 * The thread is in no guarded call meanwhile. */
typedef bool mc_guard_ask(struct mc_buf *ret);

/* Before any artifact is loaded; without it the process's own standard input is read. */
void mc_guard_ask_with(mc_guard_ask *function);
