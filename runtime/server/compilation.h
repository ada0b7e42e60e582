/* A compilation in flight, shared by everyone who needs the same key: private directory, compiler
 * process, repairs of older sources and another round, publication in the cache. Made by the first,
 * freed when the last has left it, which also ends a compiler that still runs. */
#pragma once

#include "server/compilation_turns.h"
#include "server/compilation_user.h"
#include "server/core.h"

#include <jansson.h>

struct mc_compilation;
struct mc_strv;
struct mc_toolchain;
struct mc_using;

/* What to compile. Everything is copied but the toolchain. */
struct mc_compilation_spec {
    const char *key;
    const char *module; /* name of the cell's module */
    const struct mc_toolchain *toolchain;
    const struct mc_strv *flags; /* canonical */
    const char *source;
    size_t source_length;
    const struct mc_using *using;
    const json_t *exports; /* or NULL */
    const json_t *loops;   /* or NULL */
    const json_t *inputs;  /* mojo/cell_io.h, or NULL */
    const json_t *outputs;
    bool modernize;
    bool forced;
};

enum mc_join {
    MC_JOIN_FAILED = -1,
    MC_JOIN_STARTED, /* or it will be, as soon as the loop is reached */
    MC_JOIN_QUEUED,  /* others that are as urgent are before it */
    MC_JOIN_JOINED,  /* one that was there */
};

/* The compilation of that key, started where there is none. The user is woken when it is over, and
 * leaves it in any case. */
enum mc_join mc_compilation_join(struct mc_compilations *all,
                                 const struct mc_compilation_spec *spec,
                                 struct mc_compilation_user *user,
                                 struct mc_compilation **ret,
                                 mc_err *err) MC_MUST_USE;
void mc_compilation_leave(struct mc_compilation *compilation, struct mc_compilation_user *user);

/* What has become of it. Everything is the compilation's. */
struct mc_compiled {
    const mc_err *error;       /* it could not be done; NULL: the compiler had its say */
    const char *artifact;      /* NULL: the source does not compile */
    json_t *meta;              /* of the artifact */
    json_t *diagnostics;       /* of a source that does not compile */
    json_t *changes;           /* the repairs that were made, or NULL */
    const struct mc_buf *text; /* the source after them */
    bool from_cache;           /* the compiler's own */
    int64_t queued;            /* nanoseconds */
    int64_t took;              /* nanoseconds */
};

/* Not before the user was woken. */
void mc_compilation_result(const struct mc_compilation *compilation, struct mc_compiled *ret);
