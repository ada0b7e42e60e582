/* The messages of a language server on a pipe: each is JSON behind a header with its length. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

struct mc_frames {
    struct mc_buf bytes; /* that came and are no whole message yet */
};

void mc_frames_fini(struct mc_frames *frames);
void mc_frames_add(struct mc_frames *frames, const void *bytes, size_t length);

/* Takes the next whole message: 1 with a new reference in *ret, 0 where more has to come, -1 with
 * TOOLCHAIN_FAILED for bytes that are no message. */
int mc_frames_next(struct mc_frames *frames, json_t **ret, mc_err *err) MC_MUST_USE;

/* Adds a message, which is stolen, to `ret`. */
int mc_frames_write(json_t *message, struct mc_buf *ret, mc_err *err) MC_MUST_USE;
