#include "cache/meta.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void mc_meta_fini(struct mc_meta *meta)
{
    json_decref(meta->meta);
    *meta = (struct mc_meta) {0};
}

int mc_meta_write(const struct mc_meta *meta, struct mc_buf *ret, mc_err *err)
{
    char digest[MC_HASH_HEX];
    json_t *object = json_pack("{s:i, s:s, s:s, s:I, s:s, s:O}",
                               "format",
                               1,
                               "key",
                               meta->key,
                               "artifact",
                               meta->artifact,
                               "size",
                               (json_int_t) meta->size,
                               "sha256",
                               meta->sha256,
                               "meta",
                               meta->meta);
    mc_autobuf line = MC_BUF_INIT;
    int result = mc_json_text(object, JSON_COMPACT | JSON_SORT_KEYS, &line, err);
    json_decref(object);
    if (result < 0 || mc_hash_bytes(line.data, line.length, digest, err) < 0) {
        return -1;
    }
    mc_buf_addf(ret, "%s\n%s\n", line.data, digest);
    return mc_buf_check(ret, err);
}

static bool is_hex(const char *text)
{
    return text && strlen(text) == MC_HASH_HEX - 1 &&
           strspn(text, "0123456789abcdef") == MC_HASH_HEX - 1;
}

static int take_fields(json_t *object, struct mc_meta *ret)
{
    int format = 0;
    const char *key = NULL;
    const char *artifact = NULL;
    const char *sha256 = NULL;
    json_int_t size = -1;
    json_t *meta = NULL;
    if (json_unpack(object,
                    "{s:i, s:s, s:s, s:I, s:s, s:o !}",
                    "format",
                    &format,
                    "key",
                    &key,
                    "artifact",
                    &artifact,
                    "size",
                    &size,
                    "sha256",
                    &sha256,
                    "meta",
                    &meta) < 0 ||
        format != 1 || !is_hex(key) || !is_hex(sha256) || size < 0 || !json_is_object(meta) ||
        !*artifact || artifact[0] == '.' || strchr(artifact, '/') ||
        strlen(artifact) >= sizeof ret->artifact) {
        return -1;
    }
    memcpy(ret->key, key, sizeof ret->key);
    memcpy(ret->sha256, sha256, sizeof ret->sha256);
    snprintf(ret->artifact, sizeof ret->artifact, "%s", artifact);
    ret->size = size;
    ret->meta = json_incref(meta);
    return 0;
}

int mc_meta_read(const char *bytes, size_t length, struct mc_meta *ret, mc_err *err)
{
    enum { TAIL = MC_HASH_HEX + 1 }; /* LF, digest, LF */
    char digest[MC_HASH_HEX];
    *ret = (struct mc_meta) {0};
    if (length <= TAIL || bytes[length - 1] != '\n' || bytes[length - TAIL] != '\n') {
        return mc_err_set(err, MC_CACHE_DAMAGED, "a description is cut short");
    }
    size_t line = length - TAIL;
    if (mc_hash_bytes(bytes, line, digest, err) < 0) {
        return -1;
    }
    if (memcmp(digest, bytes + line + 1, MC_HASH_HEX - 1) != 0) {
        return mc_err_set(err, MC_CACHE_DAMAGED, "a description does not match its digest");
    }
    json_t *object = mc_json_read(bytes, line, JSON_REJECT_DUPLICATES, NULL);
    int result = object ? take_fields(object, ret) : -1;
    json_decref(object);
    return result < 0
               ? mc_err_set(err, MC_CACHE_DAMAGED, "a description has not the fields it should")
               : 0;
}
