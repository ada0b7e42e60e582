#include "cache/store.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "cache/meta.h"
#include "cache/store_files.h"
#include "cache/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TOUCH_SECONDS = 60, VERIFIED_SLOTS = 1024, CLOSE_PATIENCE_MS = 1000 };
static const size_t LARGEST_META = 16 << 20;
static const int64_t DEFAULT_LIMIT = 2LL << 30;

/* Which file it was, and that it has not changed. */
struct seen {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

/* Entries that this process has read and verified: a direct-mapped table, so that memory stays what
 * it is. */
struct verified {
    char key[MC_HASH_HEX];
    struct seen artifact;
    struct seen file; /* that describes it */
    struct mc_meta meta;
};

struct mc_store {
    char *dir; /* with the version: what is below is ours */
    int64_t limit;
    struct verified verified[VERIFIED_SLOTS];
    struct mc_history history;
    struct mc_tally tally;
    bool grown;          /* something was published since the last eviction */
    const char *absence; /* why the last look-up found nothing, where it is known */
    char problem[512];   /* why the cache could not be used the last time; or empty */
};

void mc_store_entry_fini(struct mc_store_entry *entry)
{
    free(entry->artifact);
    json_decref(entry->meta);
    *entry = (struct mc_store_entry) {0};
}

int mc_store_default_dir(char *const *envp, char **ret, mc_err *err)
{
    const char *own = mc_strv_getenv(envp, "MOJOCELL_CACHE_DIR");
    const char *xdg = mc_strv_getenv(envp, "XDG_CACHE_HOME");
    const char *home = mc_strv_getenv(envp, "HOME");
    if (own && *own) {
        *ret = strdup(own);
        return *ret ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (xdg && *xdg == '/') {
        *ret = mc_fs_join(xdg, "mojocell");
        return *ret ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : NULL;
    }
    if (!home) {
        /* A container with a user that nobody knows. It is checked before each use, as any other.
         */
        return asprintf(ret, "/tmp/mojocell-cache-%u", (unsigned) geteuid()) < 0
                   ? mc_err_set(err, MC_NO_MEMORY, "out of memory")
                   : 0;
    }
    *ret = mc_fs_join(home, ".cache/mojocell");
    return *ret ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

int64_t mc_store_default_limit(char *const *envp)
{
    const char *text = mc_strv_getenv(envp, "MOJOCELL_CACHE_LIMIT");
    char *end;
    long long megabytes = text ? strtoll(text, &end, 10) : 0;
    return text && *text && !*end && megabytes > 0 && megabytes < (1LL << 32) ? megabytes << 20
                                                                              : DEFAULT_LIMIT;
}

/* ---- whose it is ---- */

/* What another user can put there would be loaded into this user's programs: each directory down to
 * the entry is this user's and written by nobody else. What does not exist yet is nobody's. */
static int check_own(struct mc_store *store, const char *key, mc_err *err)
{
    mc_autofree char *base = mc_store_beside(store->dir, "");
    mc_autofree char *below = NULL;
    if (!base || asprintf(&below, "%s/%.2s", store->dir, key) < 0) {
        below = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    base[strlen(base) - 1] = '\0';
    const char *const places[] = {base, store->dir, below};
    for (size_t i = 0; i < MC_LENGTH(places); i++) {
        if (mc_fs_check_own(places[i], 022, err) < 0 && err->code != MC_NOT_FOUND) {
            mc_err_wrap(err, "the cache");
            snprintf(store->problem, sizeof store->problem, "%s", err->message);
            return -1;
        }
    }
    return 0;
}

static bool is_own_file(const char *path, struct stat *ret)
{
    *ret = (struct stat) {0};
    return lstat(path, ret) < 0 || ret->st_uid == geteuid();
}

/* ---- life ---- */

int mc_store_open(const char *dir, int64_t limit, struct mc_store **ret, mc_err *err)
{
    mc_autofree struct mc_store *store = calloc(1, sizeof *store);
    mc_autofree char *own = mc_fs_join(dir, "v1");
    mc_autofree char *history = own ? mc_fs_join(own, "history.json") : NULL;
    mc_err not_own;
    if (!store || !history) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_history_open(&store->history, history, err) < 0) {
        return -1;
    }
    store->dir = mc_take(&own);
    store->limit = limit;
    mc_tally_init(&store->tally);
    if (check_own(store, "", &not_own) == 0) {
        mc_store_sweep(store->dir);
    }
    *ret = mc_take(&store);
    return 0;
}

static void forget(struct verified *slot)
{
    mc_meta_fini(&slot->meta);
    *slot = (struct verified) {0};
}

static void forget_all(struct mc_store *store)
{
    for (size_t i = 0; i < VERIFIED_SLOTS; i++) {
        forget(&store->verified[i]);
    }
}

static void save_history(struct mc_store *store)
{
    mc_err err;
    struct stat st;
    mc_autofree char *path = mc_fs_join(store->dir, "history.json");
    if (path && store->history.changed && stat(store->dir, &st) == 0 &&
        mc_history_save(&store->history, path, &err) < 0) {
        snprintf(store->problem, sizeof store->problem, "%s", err.message);
    }
}

static void maintain(struct mc_store *store, int patience)
{
    if (store->grown && store->limit > 0) {
        int evicted = mc_store_evict(store->dir, store->limit);
        store->grown = false;
        if (evicted > 0) {
            mc_tally_add(&store->tally, "evictions", evicted);
        }
    }
    mc_tally_flush(&store->tally, store->dir, patience);
    save_history(store);
}

void mc_store_maintain(struct mc_store *store)
{
    maintain(store, 0);
}

struct mc_store *mc_store_close(struct mc_store *store)
{
    if (store) {
        maintain(store, CLOSE_PATIENCE_MS);
        forget_all(store);
        mc_history_fini(&store->history);
        mc_tally_fini(&store->tally);
        free(store->dir);
        free(store);
    }
    return NULL;
}

/* ---- look-up ---- */

static char *entry_path(const struct mc_store *store, const char *key)
{
    char *path = NULL;
    return asprintf(&path, "%s/%.2s/%s.json", store->dir, key, key) < 0 ? NULL : path;
}

static struct verified *slot_of(struct mc_store *store, const char *key)
{
    unsigned slot = 0;
    sscanf(key, "%6x", &slot);
    return &store->verified[slot % VERIFIED_SLOTS];
}

static struct seen see(const struct stat *st)
{
    return (struct seen) {st->st_dev, st->st_ino, st->st_size, st->st_ctim};
}

static bool is_unchanged(const struct seen *seen, const struct stat *st)
{
    return seen->device == st->st_dev && seen->inode == st->st_ino && seen->size == st->st_size &&
           seen->changed.tv_sec == st->st_ctim.tv_sec &&
           seen->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* The key's slot, which may have been another key's. */
static struct verified *claim(struct mc_store *store, const char *key)
{
    struct verified *slot = slot_of(store, key);
    if (strcmp(slot->key, key) != 0) {
        forget(slot);
        snprintf(slot->key, sizeof slot->key, "%s", key);
    }
    return slot;
}

static bool is_verified(struct mc_store *store, const char *key, const struct stat *st)
{
    const struct verified *slot = slot_of(store, key);
    return strcmp(slot->key, key) == 0 && is_unchanged(&slot->artifact, st);
}

/* What the file at `path` says of the entry, as it was read before where it is still the same. */
static int describe(struct mc_store *store,
                    const char *key,
                    const char *path,
                    const struct stat *st,
                    struct mc_meta *ret,
                    mc_err *err)
{
    struct verified *slot = claim(store, key);
    if (!slot->meta.meta || !is_unchanged(&slot->file, st)) {
        mc_autobuf text = MC_BUF_INIT;
        mc_meta_fini(&slot->meta);
        if (mc_fs_read(path, LARGEST_META, &text, err) < 0 ||
            mc_meta_read(text.data ? text.data : "", text.length, &slot->meta, err) < 0) {
            return -1;
        }
        slot->file = see(st);
    }
    *ret = slot->meta;
    json_incref(ret->meta);
    if (strcmp(ret->key, key) != 0) {
        return mc_err_set(err, MC_CACHE_DAMAGED, "'%s' describes another key", path);
    }
    return 0;
}

/* Whether the artifact is what was published. Its first time in this process it is read whole. */
static int
verify(struct mc_store *store, const struct mc_meta *meta, const char *artifact, mc_err *err)
{
    struct stat st;
    char digest[MC_HASH_HEX];
    if (stat(artifact, &st) < 0) {
        return mc_err_errno(err, MC_CACHE_DAMAGED, "look at '%s'", artifact);
    }
    if (st.st_uid != geteuid()) {
        return mc_err_set(err, MC_CACHE_DAMAGED, "'%s' belongs to another user", artifact);
    }
    if (st.st_size != meta->size) {
        return mc_err_set(err, MC_CACHE_DAMAGED, "'%s' has another size", artifact);
    }
    if (is_verified(store, meta->key, &st)) {
        return 0;
    }
    if (mc_hash_file(artifact, digest, err) < 0) {
        err->code = MC_CACHE_DAMAGED;
        return -1;
    }
    if (strcmp(digest, meta->sha256) != 0) {
        return mc_err_set(err, MC_CACHE_DAMAGED, "'%s' has another content", artifact);
    }
    claim(store, meta->key)->artifact = see(&st);
    return 0;
}

static void drop_damaged(struct mc_store *store,
                         const char *path,
                         const struct mc_meta *meta,
                         const mc_err *why)
{
    snprintf(store->problem, sizeof store->problem, "%s", why->message);
    mc_tally_add(&store->tally, "damaged", 1);
    store->absence = "damaged";
    unlink(path);
    if (meta->artifact[0]) {
        mc_autofree char *artifact = mc_store_beside(path, meta->artifact);
        if (artifact) {
            unlink(artifact);
        }
    }
}

/* Whether another daemon has cleared or replaced the entry since it was read: nothing is damaged.
 */
static bool is_superseded(const char *path, const char *artifact)
{
    mc_autofree char *now = mc_store_artifact_of(path);
    return artifact && (!now || strcmp(now, artifact) != 0);
}

/* Tells the eviction that the entry was used; not on each use, the disk has better things to do. */
static void touch(const char *path, const struct stat *st)
{
    if (mc_store_age(st) > TOUCH_SECONDS) {
        utimensat(AT_FDCWD, path, NULL, 0);
    }
}

int mc_store_lookup(struct mc_store *store, const char *key, struct mc_store_entry *ret)
{
    mc_autofree char *path = entry_path(store, key);
    struct mc_meta meta = {0};
    struct stat st;
    mc_err err = {0};
    store->absence = NULL;
    if (!path || check_own(store, key, &err) < 0) {
        return 0;
    }
    if (!is_own_file(path, &st)) {
        mc_err_set(&err, MC_CACHE_DAMAGED, "'%s' belongs to another user", path);
        drop_damaged(store, path, &meta, &err);
        return 0;
    }
    int result = describe(store, key, path, &st, &meta, &err);
    if (result < 0 && err.code == MC_NOT_FOUND) {
        return 0;
    }
    mc_autofree char *artifact = result == 0 ? mc_store_beside(path, meta.artifact) : NULL;
    if (result == 0 && (!artifact || verify(store, &meta, artifact, &err) < 0)) {
        result = -1;
    }
    if (result < 0) {
        if (!is_superseded(path, artifact)) {
            drop_damaged(store, path, &meta, &err);
        }
    } else {
        touch(path, &st);
        ret->artifact = mc_take(&artifact);
        ret->meta = json_incref(meta.meta);
    }
    mc_meta_fini(&meta);
    return result == 0 ? 1 : 0;
}

/* ---- publication ---- */

static int write_entry(struct mc_store *store, const char *path, struct mc_meta *meta, mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    struct stat st;
    if (mc_meta_write(meta, &text, err) < 0 ||
        mc_fs_write_atomic(path, text.data, text.length, 0600, err) < 0) {
        return -1;
    }
    mc_autofree char *artifact = mc_store_beside(path, meta->artifact);
    if (artifact && stat(artifact, &st) == 0) {
        claim(store, meta->key)->artifact = see(&st);
    }
    return 0;
}

static int publish(
    struct mc_store *store, const char *path, const char *file, struct mc_meta *meta, mc_err *err)
{
    mc_autofree char *old = mc_store_artifact_of(path); /* of an entry that is replaced */
    mc_autofree char *artifact = NULL;
    if (mc_store_copy(file, path, meta->key, &artifact, &meta->size, meta->sha256, err) < 0) {
        return -1;
    }
    snprintf(meta->artifact, sizeof meta->artifact, "%s", strrchr(artifact, '/') + 1);
    if (write_entry(store, path, meta, err) < 0) {
        unlink(artifact);
        return -1;
    }
    if (old && strcmp(old, artifact) != 0) {
        unlink(old); /* whoever has it loaded keeps it */
    }
    return 0;
}

int mc_store_publish(struct mc_store *store,
                     const char *key,
                     const char *file,
                     json_t *meta,
                     struct mc_store_entry *ret,
                     mc_err *err)
{
    mc_autofree char *path = entry_path(store, key);
    mc_autofree char *dir = path ? mc_store_beside(path, "") : NULL;
    if (!dir) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_meta description = {.meta = meta};
    snprintf(description.key, sizeof description.key, "%s", key);
    if (mc_fs_mkdirs(dir, 0700, err) < 0 || check_own(store, key, err) < 0 ||
        publish(store, path, file, &description, err) < 0) {
        err->code = MC_CACHE_UNAVAILABLE;
        snprintf(store->problem, sizeof store->problem, "%s", err->message);
        return -1;
    }
    store->problem[0] = '\0';
    store->grown = true;
    ret->artifact = mc_store_beside(path, description.artifact);
    ret->meta = json_incref(meta);
    return ret->artifact ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

/* ---- telling ---- */

void mc_store_note(struct mc_store *store,
                   const char *cell,
                   const char *key,
                   const json_t *parts,
                   enum mc_lookup outcome)
{
    static const char *const names[] = {"hits", "misses", "joined", "misses"};
    const char *reason =
        mc_history_note(&store->history, cell, key, parts, outcome, store->absence);
    mc_tally_add(&store->tally, names[outcome], 1);
    if (*reason) {
        char name[64];
        snprintf(name, sizeof name, "reason.%s", reason);
        mc_tally_add(&store->tally, name, 1);
    }
    store->absence = NULL;
}

json_t *mc_store_stats(struct mc_store *store)
{
    json_t *total = mc_tally_total(&store->tally, store->dir);
    json_t *stats = mc_tally_json(total);
    int64_t entries;
    int64_t bytes;
    json_decref(total);
    mc_store_measure(store->dir, &entries, &bytes);
    json_object_set_new(stats, "session", mc_tally_json(store->tally.counted));
    json_object_set_new(stats, "entries", json_integer(entries));
    json_object_set_new(stats, "bytes", json_integer(bytes));
    json_object_set_new(stats, "limit", json_integer(store->limit));
    json_object_set_new(stats, "directory", json_string(store->dir));
    if (store->problem[0]) {
        json_object_set_new(stats, "problem", json_string(store->problem));
    }
    return stats;
}

json_t *mc_store_explain(const struct mc_store *store, const char *cell)
{
    return mc_history_explain(&store->history, cell);
}

int mc_store_clear(struct mc_store *store, int64_t *ret_entries, int64_t *ret_bytes, mc_err *err)
{
    forget_all(store);
    return mc_store_remove_all(store->dir, ret_entries, ret_bytes, err);
}
