/* What was found wrong with sources that were compiled ahead, by key: whoever asks for such a
 * source is told at once. The latest are kept, while the daemon lives. */
#pragma once

#include "base/list.h"

struct mc_compiled;

struct mc_refusals {
    struct mc_list all; /* the oldest first */
    int count;
};

void mc_refusals_init(struct mc_refusals *refusals);
void mc_refusals_fini(struct mc_refusals *refusals);

/* Remembers what does not compile; nothing where there is no memory for it. */
void mc_refusals_add(struct mc_refusals *refusals,
                     const char *key,
                     const struct mc_compiled *compiled);

/* Whether the key is known; *ret is what was remembered and stays so until the next one is added.
 */
bool mc_refusals_find(const struct mc_refusals *refusals, const char *key, struct mc_compiled *ret);
