/* Reads the header of a request by the tables that are made of request.schema.json (operations,
 * struct mc_fields): what the schema forbids is refused here, by name. */
#pragma once

#include "base/err.h"
#include "protocol/request_fields.h"

/* The operation of a wire name, or MC_OP_COUNT. */
enum mc_op mc_op_of(const char *name);

/* The header's id; NULL where it has none of 1 to 64 characters. */
const char *mc_fields_id(const json_t *header);

/* INVALID_REQUEST, or TOO_LARGE, for what the operation does not take. *ret borrows the header. */
int mc_fields_read(enum mc_op op, const json_t *header, struct mc_fields *ret, mc_err *err)
    MC_MUST_USE;
