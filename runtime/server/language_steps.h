/* The steps of `check`, `complete`, `hover`, `signature` and `format`. */
#pragma once

#include "server/request.h"

/* Starts, or answers, one of these requests. */
void mc_language_start(struct mc_request *request);
