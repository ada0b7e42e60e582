/* Names of a cell: the variables that its statements bind, or its definitions. Points into the
 * source. For the cell alone. */
#pragma once

#include "mojo/scan.h"

struct mc_name {
    const char *text;
    size_t length;
    size_t count; /* how often it was added */
    bool bound;   /* a variable; else a comptime name that may become one */
};

struct mc_names {
    struct mc_name *items; /* sorted once collected */
    size_t count;
    size_t capacity;
};

#define MC_NAMES_INIT ((struct mc_names) {0})

/* Adds what the statements among the items bind, and the names of the comptime items, not bound
 * yet; sorts. -1 when out of memory. */
int mc_names_collect(struct mc_names *names, const struct mc_scan *scan);
/* Adds the names of all definitions; sorts. -1 when out of memory. */
int mc_names_of_definitions(struct mc_names *names, const struct mc_scan *scan);
void mc_names_fini(struct mc_names *names);

/* The entry of that name, or NULL. */
struct mc_name *mc_names_find(const struct mc_names *names, const char *text, size_t length);
