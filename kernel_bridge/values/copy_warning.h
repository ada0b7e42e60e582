/* Copies of arguments that Mojo only reads: counted, and told once for each place of a call, as
 * Python's warnings are. */
#pragma once

#include "kernel_bridge/values/conversion.h"

/* `why` and the line that avoids it are for the warning; NULL: there is none to give. -1 with an
 * exception, where warnings are errors. */
int mc_copies_note(const struct mc_conversion *conversion,
                   size_t bytes,
                   const char *why,
                   const char *line);
