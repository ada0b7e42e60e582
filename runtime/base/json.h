/* What jansson does not tell: where memory for a piece is refused, json_dumps and json_loadb go on
 * and give text, or values, that lack it, or end the process by an assertion. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

static inline int mc_json_piece(const char *bytes, size_t length, void *ret)
{
    mc_buf_add(ret, bytes, length);
    return 0;
}

/* For json_set_alloc_funcs: an allocator that remembers. */
void *mc_json_malloc(size_t size);
void mc_json_free(void *bytes);

/* json_loadb, which with this allocator gives up at once where memory is refused: then NULL, and
 * mc_json_refused is true. */
json_t *mc_json_read(const char *bytes, size_t length, size_t flags, json_error_t *ret);

/* Whether it refused memory to this thread since the last call. */
bool mc_json_refused(void);

/* Adds the text to `ret`, whole, or fails. `flags` are those of json_dumps. NO_MEMORY, also for a
 * `json` of NULL. */
static inline int mc_json_text(const json_t *json, size_t flags, struct mc_buf *ret, mc_err *err)
{
    if (!json || json_dump_callback(json, mc_json_piece, ret, flags) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    return mc_buf_check(ret, err);
}
