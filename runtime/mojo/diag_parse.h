/* The first half of reading diagnostics: the compiler's bytes as a list of records, nothing yet
 * said about what they mean. For diag.c and its tests alone. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

struct mc_diag_record {
    const char *kind; /* static: "error", "warning" or "note" */
    char *message;
    char *file;     /* NULL: no place */
    char *text;     /* the line of source as the compiler shows it, or NULL */
    long line;      /* from 1 */
    long column;    /* bytes, from 1 */
    long end;       /* bytes, from 1, exclusive; 0: unknown */
    json_t *fixits; /* as the compiler gave them, or NULL */
    bool closing;   /* without a place, or on stdout: says only that it failed */
};

struct mc_diag_records {
    struct mc_diag_record *items;
    size_t count;
    struct mc_buf other; /* lines that are no diagnostics, bounded */
    bool failed;         /* out of memory */
};

void mc_diag_records_fini(struct mc_diag_records *records);

/* Adds what these bytes hold, in order. */
void mc_diag_parse(const char *bytes, size_t length, bool closing, struct mc_diag_records *records);
