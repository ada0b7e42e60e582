/* The key of an artifact: SHA-256 over tagged parts, and beside it what each part was, so that two
 * keys of the same cell can be compared in words. */
#pragma once

#include "base/hash.h"

#include <jansson.h>

struct mc_key {
    struct mc_hash hash;
    json_t *parts; /* tag → short text: the value where it is short, else the start of its digest */
    bool failed;
};

int mc_key_init(struct mc_key *key, mc_err *err) MC_MUST_USE;
void mc_key_fini(struct mc_key *key);

/* Parts count in the order they are added. A tag is one of the table in key.c; it may come several
 * times ("flag"). Failures are told by finish. */
void mc_key_add(struct mc_key *key, const char *tag, const void *bytes, size_t length);
void mc_key_add_string(struct mc_key *key, const char *tag, const char *text);

/* The key as hex, and the parts (a new reference): {tag: text, …}, an array of texts where a tag
 * came several times. */
int mc_key_finish(struct mc_key *key,
                  char ret_hex[static MC_HASH_HEX],
                  json_t **ret_parts,
                  mc_err *err) MC_MUST_USE;

/* What differs between two parts objects, as sentences: "the source changed", "-O2 is new", … */
json_t *mc_key_compare(const json_t *before, const json_t *after);

/* The first of it as one word, for counting: "source", "flags", "toolchain", "target", "exports",
 * "using", "inputs", "outputs", "imports"; "other" where another version's parts differ. Static. */
const char *mc_key_reason(const json_t *before, const json_t *after);
