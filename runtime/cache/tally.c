#include "cache/tally.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "cache/store_files.h"

#include <string.h>

#define FILE_NAME "counters.json"

void mc_tally_init(struct mc_tally *tally)
{
    *tally = (struct mc_tally) {.counted = json_object(), .flushed = json_object()};
}

void mc_tally_fini(struct mc_tally *tally)
{
    json_decref(tally->counted);
    json_decref(tally->flushed);
}

static void add_to(json_t *object, const char *name, json_int_t more)
{
    json_object_set_new(
        object, name, json_integer(json_integer_value(json_object_get(object, name)) + more));
}

void mc_tally_add(struct mc_tally *tally, const char *name, json_int_t more)
{
    add_to(tally->counted, name, more);
    tally->changed = true;
}

static json_t *read_file(const char *dir)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_err ignored;
    mc_autofree char *path = mc_fs_join(dir, FILE_NAME);
    json_t *object = NULL;
    if (path && mc_fs_read(path, 1 << 20, &text, &ignored) == 0 && text.length) {
        object = mc_json_read(text.data, text.length, 0, NULL);
    }
    if (!json_is_object(object)) {
        json_decref(object);
        object = json_object();
    }
    return object;
}

json_t *mc_tally_total(const struct mc_tally *tally, const char *dir)
{
    json_t *total = read_file(dir);
    const char *name;
    json_t *value;
    json_object_foreach(tally->counted, name, value)
    {
        json_int_t written = json_integer_value(json_object_get(tally->flushed, name));
        add_to(total, name, json_integer_value(value) - written);
    }
    return total;
}

void mc_tally_flush(struct mc_tally *tally, const char *dir, int patience)
{
    mc_err err;
    mc_autofree char *path = mc_fs_join(dir, FILE_NAME);
    if (!tally->changed || !path) {
        return;
    }
    mc_autoclose int lock = mc_store_lock(dir, patience);
    if (lock < 0) {
        return; /* nowhere to write, or another time */
    }
    json_t *total = mc_tally_total(tally, dir);
    mc_autobuf text = MC_BUF_INIT;
    int result = mc_json_text(total, JSON_COMPACT | JSON_SORT_KEYS, &text, &err);
    json_decref(total);
    if (result == 0 && mc_fs_write_atomic(path, text.data, text.length, 0600, &err) == 0) {
        json_decref(tally->flushed);
        tally->flushed = json_deep_copy(tally->counted);
        tally->changed = false;
    }
}

json_t *mc_tally_json(json_t *counters)
{
    static const char *const names[] = {"hits", "misses", "joined", "evictions", "damaged"};
    json_t *stats = json_object();
    json_t *reasons = json_object();
    const char *name;
    json_t *value;
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        json_object_set_new(
            stats, names[i], json_integer(json_integer_value(json_object_get(counters, names[i]))));
    }
    json_object_foreach(counters, name, value)
    {
        if (strncmp(name, "reason.", 7) == 0) {
            json_object_set(reasons, name + 7, value);
        }
    }
    json_object_set_new(stats, "reasons", reasons);
    return stats;
}
