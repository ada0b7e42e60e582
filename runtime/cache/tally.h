/* How often what happened: counted in this process, and now and then added to a file that all
 * processes with the same cache share. */
#pragma once

#include <jansson.h>

#include <stdbool.h>

struct mc_tally {
    json_t *counted; /* of this process */
    json_t *flushed; /* those of them that are in the file already */
    bool changed;    /* the two differ */
};

void mc_tally_init(struct mc_tally *tally);
void mc_tally_fini(struct mc_tally *tally);

void mc_tally_add(struct mc_tally *tally, const char *name, json_int_t more);

/* What the file in the cache's directory has, and what this process has counted since it last wrote
 * there. */
json_t *mc_tally_total(const struct mc_tally *tally, const char *dir);

/* Writes it there, waiting so many milliseconds for others that do; else another time. */
void mc_tally_flush(struct mc_tally *tally, const char *dir, int patience);

/* {hits, misses, joined, evictions, damaged, reasons: {…}} of counters as they are in the file. */
json_t *mc_tally_json(json_t *counters);
