/* Reads the fields of a request's header against a table: types, ranges, and names that are not
 * known. */
#pragma once

#include "base/err.h"
#include "server/ask.h"

/* The op of a wire name, or MC_OP_COUNT. */
enum mc_op mc_read_op(const char *name);

/* Refuses fields that the op does not have and values of the wrong type, by name. */
int mc_read_check(enum mc_op op, const json_t *header, mc_err *err) MC_MUST_USE;

/* Fills *ret from a checked header of `compile` or `run`. `frames` counts the binary frames of the
 * message. */
int mc_read_ask(enum mc_op op,
                const json_t *header,
                size_t frames,
                struct mc_ask *ret,
                size_t *ret_stdin_frame,
                mc_err *err) MC_MUST_USE;
