/* How a compilation ends. Each of these wakes those who wait for it; nobody joins it any more. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct mc_compilation;

/* It could not be done. */
void mc_compilation_fail(struct mc_compilation *compilation, const mc_err *err);
/* The source does not compile; `diagnostics` are stolen. */
void mc_compilation_refuse(struct mc_compilation *compilation, json_t *diagnostics);
/* The artifact is published with what is known of it; `diagnostics` are stolen. */
void mc_compilation_succeed(struct mc_compilation *compilation, json_t *diagnostics);

/* What to do where the disk has no room. */
void mc_compilation_hint_at_room(const struct mc_compilation *compilation, mc_err *err);
