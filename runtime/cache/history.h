/* What each cell's key was last made of, to say why it missed: bounded, kept in one file of the
 * cache. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct mc_history {
    json_t *cells; /* identity → {key, parts, outcome, reasons, at}, oldest first */
    bool changed;
};

enum mc_lookup { MC_LOOKUP_HIT, MC_LOOKUP_MISS, MC_LOOKUP_JOINED, MC_LOOKUP_FORCED };

/* A file that is missing or damaged is an empty history. */
int mc_history_open(struct mc_history *history, const char *path, mc_err *err) MC_MUST_USE;
void mc_history_fini(struct mc_history *history);
int mc_history_save(struct mc_history *history, const char *path, mc_err *err) MC_MUST_USE;

/* Notes a look-up. `absence`: why a key that the cell had before is not there any more ("damaged",
 * "evicted"), or NULL. Returns the reason's short name for counting: "new", "forced", "damaged",
 * "evicted", or what mc_key_reason gives; "" for a hit. */
const char *mc_history_note(struct mc_history *history,
                            const char *cell,
                            const char *key,
                            const json_t *parts,
                            enum mc_lookup outcome,
                            const char *absence);

/* [{cell, outcome, key, reasons}] of that cell, or of the latest where `cell` is NULL; newest
 * first. */
json_t *mc_history_explain(const struct mc_history *history, const char *cell);
