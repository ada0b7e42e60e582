/* The artifacts of compiled cells on disk, by key: published atomically, verified before they are
 * first used, bounded in size. Any number of processes may share a directory; one object belongs to
 * one thread.
 *
 *   <dir>/v1/<first two digits>/<key>.json           the entry (meta.h), names its artifact
 *   <dir>/v1/<first two digits>/<key>.<random>.so    the artifact; each publication has a name of
 * its own, because the dynamic loader gives the old library for a path it knows
 *   <dir>/v1/history.json  <dir>/v1/counters.json    why cells missed; counters of all daemons so
 * far
 *
 * A cache that cannot be read or written never fails the user's work: look-ups miss, publications
 * are CACHE_UNAVAILABLE and the caller goes on with the file it has. */
#pragma once

#include "base/err.h"
#include "cache/history.h"

#include <jansson.h>

#include <stdint.h>

struct mc_store;

struct mc_store_entry {
    char *artifact; /* absolute path, owned */
    json_t *meta;   /* what was published with it, owned */
};
void mc_store_entry_fini(struct mc_store_entry *entry);

/* $MOJOCELL_CACHE_DIR, else $XDG_CACHE_HOME/mojocell, else ~/.cache/mojocell; to be freed. */
int mc_store_default_dir(char *const *envp, char **ret, mc_err *err) MC_MUST_USE;
/* Bytes: $MOJOCELL_CACHE_LIMIT in MB, else 2 GiB. */
int64_t mc_store_default_limit(char *const *envp);

/* Nothing is made before it is needed. `limit` in bytes; 0: none. */
int mc_store_open(const char *dir, int64_t limit, struct mc_store **ret, mc_err *err) MC_MUST_USE;
/* Writes what maintain would; takes NULL; returns NULL. */
struct mc_store *mc_store_close(struct mc_store *store);

/* Returns 1 and fills *ret where there is a sound artifact, else 0. One that is not sound is
 * removed and counted. */
int mc_store_lookup(struct mc_store *store,
                    const char *key,
                    struct mc_store_entry *ret) MC_MUST_USE;

/* Copies the file into the cache and fills *ret. CACHE_UNAVAILABLE where that cannot be done. */
int mc_store_publish(struct mc_store *store,
                     const char *key,
                     const char *file,
                     json_t *meta,
                     struct mc_store_entry *ret,
                     mc_err *err) MC_MUST_USE;

/* Counts the outcome of a look-up and remembers it for explanations. */
void mc_store_note(struct mc_store *store,
                   const char *cell,
                   const char *key,
                   const json_t *parts,
                   enum mc_lookup outcome);

/* {hits, misses, joined, evictions, damaged, entries, bytes, limit, directory, reasons: {…},
 * session: {…}, problem?} */
json_t *mc_store_stats(struct mc_store *store);
json_t *mc_store_explain(const struct mc_store *store, const char *cell);

/* Removes every entry; what another process still has loaded stays valid for it. */
int mc_store_clear(struct mc_store *store, int64_t *ret_entries, int64_t *ret_bytes, mc_err *err)
    MC_MUST_USE;

/* Writes counters and history where they changed, evicts above the limit. To be called every few
 * seconds; cheap where nothing happened. */
void mc_store_maintain(struct mc_store *store);
