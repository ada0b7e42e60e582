/* A worker: a run's process that answers calls instead of running `main` (abi/share.h). */
#pragma once

#include "runner/wire.h"

/* Connects to the caller and serves it until it is gone or has been silent for as long as it said.
 * `library` is the loaded artifact. Does not return. */
_Noreturn void mc_serve(void *library, const char *socket_path, struct mc_wire_slot *slot);
