/* The compilations that are not over, and whose turn it is, by urgency (docs/protocol.md): as many
 * at a time as processors and memory allow, the most urgent first. While somebody waits for a
 * compiler, what is compiled ahead stands still; what is less urgent than all that has begun makes
 * room. */
#pragma once

#include "server/core.h"

struct mc_compilations {
    struct mc_core *core;
    struct mc_list all;   /* in the order in which they came */
    int most;             /* compilers at the same time, by processors and memory */
    int most_ahead;       /* begun for nobody who waits: standing still they keep their memory */
    struct mc_task turns; /* posted whenever one comes, is joined, left or over */
};

void mc_compilations_init(struct mc_compilations *all, struct mc_core *core);
