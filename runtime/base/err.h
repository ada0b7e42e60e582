/* One error: a value the caller owns, of fixed size, filled where something first goes wrong and
 * given context on the way up. A fallible function returns 0, or -1 with *err set, or an outcome
 * above 0 that its header documents. */
#pragma once

#include <stdbool.h>

enum mc_code {
    MC_OK = 0,
#define MC_CODE(name, wire) MC_##name,
#include "base/errors.def"
#undef MC_CODE
    MC_CODE_COUNT
};

typedef struct mc_err {
    enum mc_code code;
    int sys;           /* errno, or 0 */
    const char *where; /* static: function that failed */
    char message[512]; /* one line, without a newline */
    char hint[256];    /* what the user can do, or empty */
} mc_err;

#define MC_MUST_USE __attribute__((warn_unused_result))

/* Sets *err and returns -1. err may be NULL. A message longer than fits is cut. */
#define mc_err_set(err, code, ...) mc_err_set_at((err), (code), 0, __func__, __VA_ARGS__)
/* The same from errno: ": <strerror>" is appended. */
#define mc_err_errno(err, code, ...) mc_err_errno_at((err), (code), __func__, __VA_ARGS__)

int mc_err_set_at(
    mc_err *err, enum mc_code code, int sys, const char *where, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
int mc_err_errno_at(mc_err *err, enum mc_code code, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "<context>: " before the message and returns -1. */
int mc_err_wrap(mc_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the hint and returns -1. */
int mc_err_hint(mc_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The wire name of a code ("internal", …; "ok" for MC_OK), and back; an unknown name is
 * MC_INTERNAL. */
const char *mc_code_name(enum mc_code code);
enum mc_code mc_code_from_name(const char *name);
