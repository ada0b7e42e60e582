/* A NULL-terminated vector of owned strings, as argv and environ are. */
#pragma once

#include "base/buf.h"

struct mc_strv {
    char **items; /* NULL-terminated once anything was added; else NULL */
    size_t count;
    bool failed;
};

#define MC_STRV_INIT ((struct mc_strv) {0})

void mc_strv_fini(struct mc_strv *strv);

/* Copies `text`. As with mc_buf, failures are asked for once, with mc_strv_check. */
void mc_strv_add(struct mc_strv *strv, const char *text);
void mc_strv_addf(struct mc_strv *strv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds each text of a block, in which a NUL ends each; what is after the last one is left out. */
void mc_strv_add_block(struct mc_strv *strv, const char *block, size_t length);
/* The value of NAME in an environment vector, or NULL. */
const char *mc_strv_getenv(char *const *envp, const char *name);

int mc_strv_check(const struct mc_strv *strv, mc_err *err) MC_MUST_USE;

#define mc_autostrv __attribute__((cleanup(mc_strv_fini))) struct mc_strv
