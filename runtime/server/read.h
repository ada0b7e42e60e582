/* Reads the fields of a request's header against a table: types, ranges, and names that are not
 * known. */
#pragma once

#include "base/err.h"
#include "server/ask.h"

/* The op of a wire name, or MC_OP_COUNT. */
enum mc_op mc_read_op(const char *name);

/* Refuses fields that the op does not have and values of the wrong type, by name. */
int mc_read_check(enum mc_op op, const json_t *header, mc_err *err) MC_MUST_USE;

/* Fills *ret from a checked header of `compile` or `run`; what is in frames is left to the caller. */
int mc_read_ask(enum mc_op op, const json_t *header, struct mc_ask *ret, mc_err *err) MC_MUST_USE;

/* The frame, of so many that the message has, which the field `name` names; SIZE_MAX where the
 * header has no such field. */
int mc_read_frame(const json_t *header,
                  const char *name,
                  size_t frames,
                  size_t *ret_frame,
                  mc_err *err) MC_MUST_USE;
