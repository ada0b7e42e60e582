/* The files of a cache directory: walking, measuring, evicting, copying in. Internal to the store.
 */
#pragma once

#include "base/err.h"
#include "base/hash.h"

#include <stdint.h>

struct stat;

/* Seconds since the file was changed. A time in the future, of a clock that was wrong, is long ago:
 * such a file would stay for ever. But for some minutes, by which a file server's clock may be
 * ahead: that is now. */
int64_t mc_store_age(const struct stat *st);

/* "<directory of path>/<name>", to be freed. */
char *mc_store_beside(const char *path, const char *name);

/* The artifact that the entry at `path` names, where that can be read; to be freed. */
char *mc_store_artifact_of(const char *path);

/* Copies `file` beside `path` under a name of its own, synced to disk, and tells its size and
 * digest. */
int mc_store_copy(const char *file,
                  const char *path,
                  const char *key,
                  char **ret_artifact,
                  int64_t *ret_size,
                  char ret_sha256[static MC_HASH_HEX],
                  mc_err *err) MC_MUST_USE;

/* An exclusive lock of the directory, for counters; -1 where it cannot be had within so long, in
 * milliseconds: somebody else may hold it for ever. 0 does not wait. */
int mc_store_lock(const char *dir, int patience);

void mc_store_measure(const char *dir, int64_t *ret_entries, int64_t *ret_bytes);

/* Removes the least recently used entries until nine tenths of the limit are kept; none used within
 * the last minute. Returns how many. */
int mc_store_evict(const char *dir, int64_t limit);

/* Removes what interrupted publications left: temporary files and artifacts without an entry, older
 * than an hour. */
void mc_store_sweep(const char *dir);

int mc_store_remove_all(const char *dir, int64_t *ret_entries, int64_t *ret_bytes, mc_err *err)
    MC_MUST_USE;
