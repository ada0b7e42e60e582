/* A growable run of bytes, owned by whoever embeds it; always followed by a NUL that its length
 * does not count. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mc_buf {
    char *data; /* NULL while nothing was added */
    size_t length;
    size_t capacity;
    bool failed; /* an allocation failed: everything added since is lost; see mc_buf_check */
};

#define MC_BUF_INIT ((struct mc_buf) {0})

void mc_buf_fini(struct mc_buf *buf);
void mc_buf_clear(struct mc_buf *buf); /* length 0, memory kept */

/* Additions never fail on the spot; ask once at the end with mc_buf_check. */
void mc_buf_add(struct mc_buf *buf, const void *bytes, size_t length);
void mc_buf_adds(struct mc_buf *buf, const char *text);
void mc_buf_addc(struct mc_buf *buf, char c);
void mc_buf_addf(struct mc_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first `length` bytes. */
void mc_buf_consume(struct mc_buf *buf, size_t length);

/* -1 with NO_MEMORY if any addition failed. */
int mc_buf_check(const struct mc_buf *buf, mc_err *err) MC_MUST_USE;

/* Hands over the NUL-terminated bytes (free() them; "" where empty), and empties the buffer; NULL
 * if an addition failed. */
char *mc_buf_steal(struct mc_buf *buf);

/* Hex digits of `length` bytes into `ret_hex`, which has room for 2 * length + 1. */
void mc_hex(const uint8_t *bytes, size_t length, char *ret_hex);

#define mc_autobuf __attribute__((cleanup(mc_buf_fini))) struct mc_buf
