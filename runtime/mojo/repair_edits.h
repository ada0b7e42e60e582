/* Changes to a source, gathered in any order and made at once. For the files of repair alone. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

struct mc_edit {
    size_t start, end; /* bytes replaced; equal: an insertion */
    char *text;
    char *message; /* why */
    size_t group;
    size_t order;
};

struct mc_edits {
    struct mc_edit *items;
    size_t count;
    size_t group;  /* of those that are added: made all or not at all; 0: each by itself */
    size_t groups; /* so far */
    bool failed;   /* out of memory: asked for once, by mc_edits_apply */
};

void mc_edits_fini(struct mc_edits *edits);

void mc_edits_add(
    struct mc_edits *edits, size_t start, size_t end, const char *text, const char *message);

/* What is added until the group ends belongs together. */
void mc_edits_begin_group(struct mc_edits *edits);
void mc_edits_end_group(struct mc_edits *edits);

/* Sorts the edits and drops those that overlap an earlier one; then adds the changed source to ret
 * and gives an array of {line, message, before, after}, one for each run of lines that touch. */
int mc_edits_apply(struct mc_edits *edits,
                   const char *source,
                   size_t length,
                   struct mc_buf *ret,
                   json_t **ret_changes,
                   mc_err *err) MC_MUST_USE;
