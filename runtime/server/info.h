/* The operation `info`: what the daemon says of itself, of the compiler that a caller would get,
 * and of the modules that the caller's cells can import. */
#pragma once

#include "server/core.h"

#include <jansson.h>

struct mc_request;

void mc_info_start(struct mc_request *request);

/* How many compilers were started, and for whom. */
json_t *mc_info_compilations(const struct mc_counters *counters);
