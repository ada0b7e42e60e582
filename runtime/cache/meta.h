/* The description of a cache entry as it lies on disk.
 *
 *   file  = json LF digest LF
 *   json  = one line: {"format": 1, "key": hex, "artifact": name, "size": bytes, "sha256": hex,
 * "meta": {…}} digest = SHA-256 of the json line as 64 hex digits
 *
 * Whatever does not match this, to the byte, is damaged. */
#pragma once

#include "base/buf.h"
#include "base/hash.h"

#include <jansson.h>

struct mc_meta {
    char key[MC_HASH_HEX];
    char artifact[128]; /* a name in the entry's own directory, without '/' */
    int64_t size;
    char sha256[MC_HASH_HEX]; /* of the artifact */
    json_t *meta;             /* the caller's, owned */
};

void mc_meta_fini(struct mc_meta *meta);

/* Adds the file's bytes to `ret`. */
int mc_meta_write(const struct mc_meta *meta, struct mc_buf *ret, mc_err *err) MC_MUST_USE;

/* Reads bytes that nobody vouches for: CACHE_DAMAGED for anything that mc_meta_write does not make.
 */
int mc_meta_read(const char *bytes, size_t length, struct mc_meta *ret, mc_err *err) MC_MUST_USE;
