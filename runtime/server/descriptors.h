/* Descriptors, of which a process has only so many. libzmq ends the process where it cannot accept
 * a connection for want of one: so the limit is raised as far as it goes, some are kept free of
 * connections, and one is kept for turning a connection away. */
#pragma once

#include "base/err.h"

/* Raises the limit; what the daemon starts has the one it came with. Call once, first. */
void mc_descriptors_open(void);

/* Whether the next client is to be told that there are too many. */
bool mc_descriptors_crowded(void);
