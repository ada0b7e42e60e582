#include "cache/store_files.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cache/meta.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RECENT_SECONDS = 60, STALE_SECONDS = 3600, SKEW_SECONDS = 300, PAUSE_MS = 5 };

int64_t mc_store_age(const struct stat *st)
{
    int64_t age = (int64_t) time(NULL) - st->st_mtim.tv_sec;
    return age >= 0 ? age : age >= -SKEW_SECONDS ? 0 : INT64_MAX;
}

char *mc_store_beside(const char *path, const char *name)
{
    char *beside = NULL;
    int directory = (int) (strrchr(path, '/') - path);
    return asprintf(&beside, "%.*s/%s", directory, path, name) < 0 ? NULL : beside;
}

char *mc_store_artifact_of(const char *path)
{
    mc_autobuf text = MC_BUF_INIT;
    struct mc_meta meta = {0};
    mc_err ignored;
    char *artifact = NULL;
    if (mc_fs_read(path, 16 << 20, &text, &ignored) == 0 &&
        mc_meta_read(text.data ? text.data : "", text.length, &meta, &ignored) == 0) {
        artifact = mc_store_beside(path, meta.artifact);
    }
    mc_meta_fini(&meta);
    return artifact;
}

static int
copy_bytes(int from, int to, int64_t *ret_size, char ret_sha256[static MC_HASH_HEX], mc_err *err)
{
    struct mc_hash hash;
    char chunk[65536];
    ssize_t got;
    int result = 0;
    *ret_size = 0;
    if (mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    while (result == 0 &&
           ((got = read(from, chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR))) {
        if (got > 0) {
            mc_hash_update(&hash, chunk, (size_t) got);
            *ret_size += got;
            result = mc_fs_write_all(to, chunk, (size_t) got, err);
        }
    }
    if (result == 0 && got < 0) {
        result = mc_err_errno(err, MC_IO, "read the artifact");
    }
    if (result == 0 && fsync(to) < 0) {
        result = mc_err_errno(err, MC_IO, "sync the artifact");
    }
    mc_hash_hex(&hash, ret_sha256);
    mc_hash_fini(&hash);
    return result;
}

int mc_store_copy(const char *file,
                  const char *path,
                  const char *key,
                  char **ret_artifact,
                  int64_t *ret_size,
                  char ret_sha256[static MC_HASH_HEX],
                  mc_err *err)
{
    mc_autofree char *name = NULL;
    if (asprintf(&name, "%s.XXXXXX.so", key) < 0) {
        name = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autofree char *artifact = mc_store_beside(path, name);
    if (!artifact) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autoclose int from = open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return mc_err_errno(err, MC_IO, "open '%s'", file);
    }
    mc_autoclose int to = mkostemps(artifact, 3, O_CLOEXEC);
    if (to < 0) {
        return mc_err_errno(err, MC_IO, "create '%s'", artifact);
    }
    if (copy_bytes(from, to, ret_size, ret_sha256, err) < 0) {
        unlink(artifact);
        return mc_err_wrap(err, "'%s'", artifact);
    }
    *ret_artifact = mc_take(&artifact);
    return 0;
}

int mc_store_lock(const char *dir, int patience)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    mc_autofree char *path = mc_fs_join(dir, "lock");
    mc_autoclose int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || patience <= 0) {
            return -1;
        }
        nanosleep(&pause, NULL);
        patience -= PAUSE_MS;
    }
    return mc_take_fd(&fd);
}

/* ---- walking ---- */

enum kind { ENTRY, ARTIFACT, OTHER };

typedef void visit(void *context, const char *path, enum kind kind, const struct stat *st);

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void walk_one(const char *dir, visit *each, void *context)
{
    DIR *stream = opendir(dir);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        struct stat st;
        mc_autofree char *path = entry->d_name[0] == '.' ? NULL : mc_fs_join(dir, entry->d_name);
        if (path && lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            each(context,
                 path,
                 ends_with(path, ".json") ? ENTRY
                 : ends_with(path, ".so") ? ARTIFACT
                                          : OTHER,
                 &st);
        }
    }
    if (stream) {
        closedir(stream);
    }
}

static void walk(const char *dir, visit *each, void *context)
{
    DIR *stream = opendir(dir);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        if (strlen(entry->d_name) == 2 && strspn(entry->d_name, "0123456789abcdef") == 2) {
            mc_autofree char *below = mc_fs_join(dir, entry->d_name);
            if (below) {
                walk_one(below, each, context);
            }
        }
    }
    if (stream) {
        closedir(stream);
    }
}

struct sums {
    int64_t entries;
    int64_t bytes;
};

static void add_up(void *context, const char *path, enum kind kind, const struct stat *st)
{
    (void) path;
    struct sums *sums = context;
    sums->entries += kind == ENTRY;
    sums->bytes += st->st_size;
}

void mc_store_measure(const char *dir, int64_t *ret_entries, int64_t *ret_bytes)
{
    struct sums sums = {0};
    walk(dir, add_up, &sums);
    *ret_entries = sums.entries;
    *ret_bytes = sums.bytes;
}

/* ---- eviction ---- */

struct candidate {
    char *path;
    struct timespec used;
};

struct candidates {
    struct candidate *items;
    size_t count;
    size_t capacity;
};

static void collect(void *context, const char *path, enum kind kind, const struct stat *st)
{
    struct candidates *all = context;
    int64_t age = mc_store_age(st);
    if (kind != ENTRY || age < RECENT_SECONDS) {
        return;
    }
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 64;
        struct candidate *items = realloc(all->items, capacity * sizeof *items);
        if (!items) {
            return;
        }
        all->items = items;
        all->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy) {
        struct timespec used = age < INT64_MAX ? st->st_mtim : (struct timespec) {0};
        all->items[all->count++] = (struct candidate) {.path = copy, .used = used};
    }
}

static int by_use(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->used.tv_sec != y->used.tv_sec) {
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    }
    return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

static int64_t size_of(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 ? st.st_size : 0;
}

/* The entry goes first: from then on nobody finds the artifact. Returns the bytes freed. */
static int64_t remove_entry(const char *path)
{
    mc_autofree char *artifact = mc_store_artifact_of(path);
    int64_t freed = size_of(path) + size_of(artifact);
    unlink(path);
    if (artifact) {
        unlink(artifact);
    }
    return freed;
}

int mc_store_evict(const char *dir, int64_t limit)
{
    int64_t entries;
    int64_t bytes;
    int evicted = 0;
    mc_store_measure(dir, &entries, &bytes);
    if (bytes <= limit) {
        return 0;
    }
    struct candidates all = {0};
    walk(dir, collect, &all);
    if (all.count > 1) {
        qsort(all.items, all.count, sizeof *all.items, by_use);
    }
    for (size_t i = 0; i < all.count; i++) {
        if (bytes > limit / 10 * 9) {
            bytes -= remove_entry(all.items[i].path);
            evicted++;
        }
        free(all.items[i].path);
    }
    free(all.items);
    return evicted;
}

/* ---- sweeping and clearing ---- */

/* The entry that an artifact "<key>.<random>.so" belongs to names it, or it is nobody's. */
static bool is_named(const char *artifact)
{
    const char *name = strrchr(artifact, '/') + 1;
    mc_autofree char *entry = NULL;
    if (strlen(name) < MC_HASH_HEX ||
        asprintf(&entry, "%.*s.json", (int) (name - artifact) + MC_HASH_HEX - 1, artifact) < 0) {
        return false;
    }
    mc_autofree char *named = mc_store_artifact_of(entry);
    return named && strcmp(named, artifact) == 0;
}

static void sweep_one(void *context, const char *path, enum kind kind, const struct stat *st)
{
    (void) context;
    if (kind != ENTRY && mc_store_age(st) > STALE_SECONDS && (kind == OTHER || !is_named(path))) {
        unlink(path);
    }
}

void mc_store_sweep(const char *dir)
{
    walk(dir, sweep_one, NULL);
}

struct removal {
    bool entries; /* those, or all */
    int failed;
};

static void remove_one(void *context, const char *path, enum kind kind, const struct stat *st)
{
    (void) st;
    struct removal *removal = context;
    if ((kind == ENTRY || !removal->entries) && unlink(path) < 0 && errno != ENOENT) {
        removal->failed = errno;
    }
}

int mc_store_remove_all(const char *dir, int64_t *ret_entries, int64_t *ret_bytes, mc_err *err)
{
    struct removal removal = {.entries = true};
    mc_store_measure(dir, ret_entries, ret_bytes);
    walk(dir, remove_one, &removal); /* first: from then on nobody finds the artifacts */
    removal.entries = false;
    walk(dir, remove_one, &removal);
    if (removal.failed) {
        errno = removal.failed;
        return mc_err_errno(err, MC_CACHE_UNAVAILABLE, "clear the cache in '%s'", dir);
    }
    return 0;
}
