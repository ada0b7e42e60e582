/* SHA-256 over tagged, length-delimited parts, so that no two different lists of parts are the same
 * bytes. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define MC_HASH_SIZE 32
#define MC_HASH_HEX  (2 * MC_HASH_SIZE + 1)

struct mc_hash {
    void *context; /* EVP_MD_CTX */
};

int mc_hash_init(struct mc_hash *hash, mc_err *err) MC_MUST_USE;
void mc_hash_fini(struct mc_hash *hash);

/* Raw bytes, as sha256sum would see them. */
void mc_hash_update(struct mc_hash *hash, const void *bytes, size_t length);
/* The tag with its length, then the bytes with theirs. */
void mc_hash_part(struct mc_hash *hash, const char *tag, const void *bytes, size_t length);
void mc_hash_part_string(struct mc_hash *hash, const char *tag, const char *text);

/* The digest as hex; the hash can then only be finished. */
void mc_hash_hex(struct mc_hash *hash, char ret_hex[static MC_HASH_HEX]);

int mc_hash_bytes(const void *bytes, size_t length, char ret_hex[static MC_HASH_HEX], mc_err *err)
    MC_MUST_USE;
/* Of everything readable from the descriptor, from its current position. */
int mc_hash_fd(int fd, char ret_hex[static MC_HASH_HEX], mc_err *err) MC_MUST_USE;
int mc_hash_file(const char *path, char ret_hex[static MC_HASH_HEX], mc_err *err) MC_MUST_USE;
