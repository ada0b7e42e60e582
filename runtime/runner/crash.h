/* What a dying program leaves behind besides its signal: the text of a failed assertion, and
 * whether its stack ran out. */
#pragma once

#include "runner/wire.h"

/* From now on this process notes both in the slot. */
void mc_crash_watch(struct mc_wire_slot *slot);

/* Stands before the Mojo runtime's function of this name, through which the text of a failed bounds
 * check or assertion goes to stdout just before the process kills itself; formatted output of
 * programs goes this way as well and passes. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int KGEN_CompilerRT_fprintf(void *file, const char *format, ...)
    __attribute__((visibility("default"), format(printf, 2, 3)));
