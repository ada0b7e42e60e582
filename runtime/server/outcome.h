/* How a program that has ended is told: which limit, crash, error or exit status it was, in the
 * result of its request. */
#pragma once

#include <jansson.h>

struct mc_request;
struct mc_run_result;

/* Puts what is told of every end into the request's result. Returns the failure where there is one,
 * else NULL. */
json_t *mc_outcome_tell(struct mc_request *request, const struct mc_run_result *end);
