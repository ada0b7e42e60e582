/* The runtime's device for asynchronous tasks: what the main of a Mojo executable makes first.
 * Threads, half a millisecond: only for those that want it. */
#pragma once

#include <stdbool.h>

bool mc_device_wanted(const char *artifact);
void mc_device_make(void);
