#include "cache/history.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "cache/key.h"

#include <string.h>
#include <time.h>

enum { MOST_CELLS = 400, MOST_EXPLAINED = 20 };
static const size_t LARGEST_FILE = 4 << 20;

static const char *const outcome_names[] = {"hit", "miss", "joined", "forced"};

int mc_history_open(struct mc_history *history, const char *path, mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_err unreadable;
    *history = (struct mc_history) {0};
    if (mc_fs_read(path, LARGEST_FILE, &text, &unreadable) == 0 && text.length) {
        history->cells = mc_json_read(text.data, text.length, 0, NULL);
    }
    if (!json_is_object(history->cells)) {
        json_decref(history->cells);
        history->cells = json_object();
    }
    return history->cells ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

void mc_history_fini(struct mc_history *history)
{
    json_decref(history->cells);
    history->cells = NULL;
}

int mc_history_save(struct mc_history *history, const char *path, mc_err *err)
{
    if (!history->changed) {
        return 0;
    }
    mc_autobuf text = MC_BUF_INIT;
    if (mc_json_text(history->cells, JSON_COMPACT, &text, err) < 0 ||
        mc_fs_write_atomic(path, text.data, text.length, 0600, err) < 0) {
        return -1;
    }
    history->changed = false;
    return 0;
}

/* Makes room by dropping the cells noted longest ago: the object keeps the order of insertion. */
static void bound(json_t *cells)
{
    while (json_object_size(cells) > MOST_CELLS) {
        const char *oldest = json_object_iter_key(json_object_iter(cells));
        mc_autofree char *name = strdup(oldest);
        if (!name || json_object_del(cells, name) < 0) {
            return;
        }
    }
}

static const char *explain_miss(const json_t *last,
                                const char *key,
                                const json_t *parts,
                                const char *absence,
                                json_t **ret_reasons)
{
    const char *last_key = json_string_value(json_object_get(last, "key"));
    if (!last) {
        *ret_reasons = json_pack("[s]",
                                 absence ? "the artifact was damaged and is made again"
                                         : "this cell was not compiled before");
        return absence ? absence : "new";
    }
    if (last_key && strcmp(last_key, key) == 0) {
        bool damaged = absence && strcmp(absence, "damaged") == 0;
        *ret_reasons = json_pack("[s]",
                                 damaged ? "the artifact was damaged and is made again"
                                         : "the artifact is no longer in the cache");
        return damaged ? "damaged" : "evicted";
    }
    const json_t *before = json_object_get(last, "parts");
    *ret_reasons = mc_key_compare(before, parts);
    return mc_key_reason(before, parts);
}

const char *mc_history_note(struct mc_history *history,
                            const char *cell,
                            const char *key,
                            const json_t *parts,
                            enum mc_lookup outcome,
                            const char *absence)
{
    const json_t *last = json_object_get(history->cells, cell);
    const char *reason = "";
    json_t *reasons = NULL;
    if (outcome == MC_LOOKUP_HIT && last) {
        const char *last_key = json_string_value(json_object_get(last, "key"));
        const char *last_outcome = json_string_value(json_object_get(last, "outcome"));
        if (last_key && strcmp(last_key, key) == 0 && last_outcome &&
            strcmp(last_outcome, "hit") == 0) {
            return reason; /* nothing new: the common case costs nothing */
        }
    }
    switch (outcome) {
    case MC_LOOKUP_HIT:
        reasons = json_pack("[s]", "the artifact was in the cache");
        break;
    case MC_LOOKUP_JOINED:
        reasons = json_pack("[s]", "an equal request was being compiled");
        break;
    case MC_LOOKUP_FORCED:
        reasons = json_pack("[s]", "compiling was asked for");
        reason = "forced";
        break;
    case MC_LOOKUP_MISS:
        reason = explain_miss(last, key, parts, absence, &reasons);
        break;
    }
    json_t *note = json_pack("{s:s, s:O, s:s, s:o, s:I}",
                             "key",
                             key,
                             "parts",
                             parts,
                             "outcome",
                             outcome_names[outcome],
                             "reasons",
                             reasons,
                             "at",
                             (json_int_t) time(NULL));
    json_object_del(history->cells, cell); /* so that it becomes the newest */
    if (note && json_object_set_new(history->cells, cell, note) == 0) {
        bound(history->cells);
        history->changed = true;
    }
    return reason;
}

static json_t *one_explanation(const char *cell, const json_t *note)
{
    return json_pack("{s:s, s:O, s:O, s:O}",
                     "cell",
                     cell,
                     "outcome",
                     json_object_get(note, "outcome"),
                     "key",
                     json_object_get(note, "key"),
                     "reasons",
                     json_object_get(note, "reasons"));
}

json_t *mc_history_explain(const struct mc_history *history, const char *cell)
{
    json_t *array = json_array();
    const char *name;
    json_t *note;
    if (cell) {
        note = json_object_get(history->cells, cell);
        if (note) {
            json_array_append_new(array, one_explanation(cell, note));
        }
        return array;
    }
    json_object_foreach(history->cells, name, note)
    {
        json_array_insert_new(array, 0, one_explanation(name, note));
    }
    while (json_array_size(array) > MOST_EXPLAINED) {
        json_array_remove(array, json_array_size(array) - 1);
    }
    return array;
}
