/* What a dying program leaves behind besides its signal: its last words, where it was, and whether
 * its stack ran out. */
#pragma once

#include "runner/wire.h"

/* From now on this process notes them in the slot, of what happens in the library (of dlopen).
 * `name`: as mc_words_watch has it. */
void mc_crash_watch(struct mc_wire_slot *slot, void *library, const char *name);
