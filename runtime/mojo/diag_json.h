/* A diagnostic as the protocol has it. */
#pragma once

#include "mojo/diag_finding.h"

#include <jansson.h>

json_t *mc_finding_json(const struct mc_findings *reader, const struct mc_finding *f);

/* Puts a hint into `json`, which may be NULL. Returns whether there is one. */
bool mc_finding_hint(const struct mc_finding *f, json_t *json);
