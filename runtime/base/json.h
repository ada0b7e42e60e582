/* JSON as text. jansson's own json_dumps goes on where memory for a piece is refused, and returns
 * text that lacks it: here the whole is there, or an error. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

static inline int mc_json_piece(const char *bytes, size_t length, void *ret)
{
    mc_buf_add(ret, bytes, length);
    return 0;
}

/* Adds the text to `ret`. `flags` are those of json_dumps. NO_MEMORY, also for a `json` of NULL. */
static inline int mc_json_text(const json_t *json, size_t flags, struct mc_buf *ret, mc_err *err)
{
    if (!json || json_dump_callback(json, mc_json_piece, ret, flags) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    return mc_buf_check(ret, err);
}
