/* The operations: which function answers which. */
#pragma once

#include "server/request.h"

/* Starts, and for all but `compile` and `run` answers, the request. */
void mc_ops_start(struct mc_request *request);
