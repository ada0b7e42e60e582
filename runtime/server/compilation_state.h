/* The inside of a compilation, for the files that it is made of: compilation.c begins it and hands
 * out its result, compilation_round.c goes from round to round, compilation_end.c ends it. */
#pragma once

#include "base/buf.h"
#include "base/hash.h"
#include "base/strv.h"
#include "mojo/bind.h"
#include "mojo/cell.h"
#include "mojo/cell_io.h"
#include "protocol/request_fields.h"
#include "server/compiler.h"
#include "server/core.h"
#include "server/using.h"

struct mc_compilation {
    struct mc_core *core;
    struct mc_task *turns; /* looks anew at whose turn it is */
    struct mc_node node;
    struct mc_list waiters;
    int users;               /* waiting, or woken and not yet gone */
    enum mc_urgency urgency; /* the highest of the users' */
    char key[MC_HASH_HEX];
    char module[32];
    const struct mc_toolchain *toolchain;
    struct mc_strv flags;
    bool modernize;
    bool forced;

    struct mc_buf source; /* the cell, after repairs */
    struct mc_cell_io io;
    struct mc_cell *cell;         /* of that source; borrows io */
    struct mc_bindings *bindings; /* of that cell */
    json_t *exports;              /* or NULL */
    json_t *loops;                /* or NULL */
    struct mc_using using;
    char as_used[MC_USING_NAME]; /* what the source is called where others use it */
    bool has_entry;
    json_t *changes;  /* the repairs made, or NULL */
    int round;        /* of repairs */
    int crash_signal; /* of the compiler, for which the level of optimization was lowered; or 0 */

    struct mc_compiler compiler;
    int64_t queued_at;
    int64_t started_at; /* 0 while queued */

    bool over; /* then, and only then: */
    int64_t over_at;
    mc_err error;
    char *artifact;
    json_t *meta;
    json_t *diagnostics;
    bool from_cache;
};
