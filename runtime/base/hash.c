#include "base/hash.h"

#include "base/buf.h"
#include "base/mem.h"

#include <openssl/evp.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static const EVP_MD *sha256;

/* Looked for by name once: with each digest it costs more than the digest of a cell. */
static void find_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int mc_hash_init(struct mc_hash *hash, mc_err *err)
{
    static pthread_once_t found = PTHREAD_ONCE_INIT;
    pthread_once(&found, find_sha256);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    hash->context = NULL;
    if (!context || !sha256 || EVP_DigestInit_ex(context, sha256, NULL) != 1) {
        EVP_MD_CTX_free(context);
        return mc_err_set(err, MC_NO_MEMORY, "no SHA-256 context");
    }
    hash->context = context;
    return 0;
}

void mc_hash_fini(struct mc_hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

void mc_hash_update(struct mc_hash *hash, const void *bytes, size_t length)
{
    EVP_DigestUpdate(hash->context, bytes, length);
}

void mc_hash_part(struct mc_hash *hash, const char *tag, const void *bytes, size_t length)
{
    uint64_t sizes[2] = {htole64(strlen(tag)), htole64(length)};
    mc_hash_update(hash, sizes, sizeof sizes);
    mc_hash_update(hash, tag, strlen(tag));
    mc_hash_update(hash, bytes, length);
}

void mc_hash_part_string(struct mc_hash *hash, const char *tag, const char *text)
{
    mc_hash_part(hash, tag, text, strlen(text));
}

void mc_hash_hex(struct mc_hash *hash, char ret_hex[static MC_HASH_HEX])
{
    uint8_t digest[MC_HASH_SIZE];
    EVP_DigestFinal_ex(hash->context, digest, NULL);
    mc_hex(digest, sizeof digest, ret_hex);
}

int mc_hash_bytes(const void *bytes, size_t length, char ret_hex[static MC_HASH_HEX], mc_err *err)
{
    struct mc_hash hash;
    if (mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    mc_hash_update(&hash, bytes, length);
    mc_hash_hex(&hash, ret_hex);
    mc_hash_fini(&hash);
    return 0;
}

int mc_hash_fd(int fd, char ret_hex[static MC_HASH_HEX], mc_err *err)
{
    enum { CHUNK = 256 * 1024 };
    mc_autofree char *chunk = malloc(CHUNK);
    struct mc_hash hash;
    if (!chunk) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    ssize_t got;
    while ((got = read(fd, chunk, CHUNK)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0) {
            mc_hash_update(&hash, chunk, (size_t) got);
        }
    }
    if (got < 0) {
        mc_err_errno(err, MC_IO, "read");
        mc_hash_fini(&hash);
        return -1;
    }
    mc_hash_hex(&hash, ret_hex);
    mc_hash_fini(&hash);
    return 0;
}

int mc_hash_file(const char *path, char ret_hex[static MC_HASH_HEX], mc_err *err)
{
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mc_err_errno(err, errno == ENOENT ? MC_NOT_FOUND : MC_IO, "open '%s'", path);
    }
    return mc_hash_fd(fd, ret_hex, err) < 0 ? mc_err_wrap(err, "hash '%s'", path) : 0;
}
