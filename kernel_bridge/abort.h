/* What the interposer and the guard say to each other. The interposer is a library of its own,
 * because the one that Python loads is not seen by the Mojo runtime. */
#pragma once

#include <stdbool.h>

/* Takes the text of a failed check, where this thread is in a guarded call. */
typedef bool mc_abort_sink(const char *text);
