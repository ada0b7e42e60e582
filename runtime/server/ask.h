/* What `compile` and `run` were asked. */
#pragma once

#include "proc/limits.h"

#include <jansson.h>

#include <stddef.h>
#include <sys/types.h>

enum mc_op {
    MC_OP_HELLO,
    MC_OP_COMPILE,
    MC_OP_RUN,
    MC_OP_CANCEL,
    MC_OP_CREDIT,
    MC_OP_CACHE_STATS,
    MC_OP_CACHE_EXPLAIN,
    MC_OP_CACHE_CLEAR,
    MC_OP_INFO,
    MC_OP_SHUTDOWN,
    MC_OP_COUNT
};

/* The strings belong to the request's header. */
struct mc_ask {
    const char *source;
    size_t source_length;
    const char *name;
    const char *cell;
    const char *toolchain;
    const char *cwd;
    mode_t umask;
    bool force;
    bool modernize;
    bool fresh;
    const char *worker;  /* socket of who calls the functions, or NULL */
    char *const *envp;   /* or NULL */
    const json_t *sites; /* arrays of strings, or NULL */
    const json_t *flags;
    const json_t *args;
    const json_t *exports; /* array of strings, or NULL */
    const json_t *using;   /* server/using.h, or NULL */
    const json_t *inputs;  /* mojo/cell_io.h, or NULL */
    const json_t *outputs;
    const void *input; /* standard input, or NULL */
    size_t input_length;
    int64_t window; /* bytes, 0: no flow control */
    struct mc_limits limits;
};
