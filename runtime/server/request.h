/* A request: what a peer asked, from its first frame to its one last event. A request is a list of
 * named steps (steps.h); between them it waits for a child, a compilation or a program. Freed by
 * mc_request_finish alone. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "mojo/cell_io.h"
#include "server/loop.h"
#include "server/peer.h"

#include <jansson.h>

struct mc_server;
struct mc_cell;
struct mc_toolchain;
struct mc_run;

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

/* What `compile` and `run` were asked; the strings belong to the request's header. */
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
    const json_t *env;   /* object of strings, or NULL */
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
    double wall;    /* limits; 0: none */
    double cpu;
    int64_t memory; /* bytes */
    int64_t output; /* bytes */
    int processes;
};

struct mc_times { /* nanoseconds */
    int64_t queue;
    int64_t identify;
    int64_t scan;
    int64_t compile;
    int64_t load;
    int64_t run;
};

struct mc_request {
    struct mc_server *server;
    struct mc_peer *peer;
    char *id;
    enum mc_op op;
    bool delimited; /* a REQ peer: one aggregated reply */
    json_t *header;
    void *input; /* owned copy of the stdin frame */
    struct mc_ask ask;

    const struct mc_step *step; /* where it is, while it waits or advances */
    struct mc_cell_io io;
    struct mc_cell *cell;                 /* borrows io */
    const struct mc_toolchain *toolchain; /* the server's */
    char *toolchain_root;
    const char *toolchain_how; /* static */
    struct mc_identified *identified;
    struct mc_prepared *prepared; /* what to compile and its key */
    struct mc_compilation *compilation;
    struct mc_request *next_waiter; /* of the compilation or the toolchain */
    struct mc_run *run;
    char *artifact;
    json_t *meta;      /* of the artifact */
    json_t *result;    /* grows along the way */
    struct mc_buf out; /* for a REQ peer */
    struct mc_buf err;
    struct mc_times times;
    int64_t began;
    struct mc_request *next; /* of the server's open requests */
};

struct mc_message;

/* Checks a message and starts what it asks; answers what is wrong with it: `malformed`, where it is
 * no message of the protocol at all. Takes nothing of the message. */
void mc_request_receive(struct mc_server *server,
                        const struct mc_message *message,
                        const mc_err *malformed);

/* Events before the last. `fields` is stolen and may be NULL. A REQ peer gets none; its output is
 * collected. */
void mc_request_event(struct mc_request *request, const char *event, json_t *fields);
void mc_request_output(struct mc_request *request,
                       bool is_stderr,
                       const void *bytes,
                       size_t length);

/* The last event. The request is freed. `fields` is stolen. */
void mc_request_finish(struct mc_request *request, bool ok, json_t *fields);
void mc_request_fail(struct mc_request *request, const mc_err *err);
/* A result with "ok": false and this failure; `failure` is stolen. */
void mc_request_refuse(struct mc_request *request, json_t *failure);

/* Ends what the request waits for and answers `cancelled`. */
void mc_request_cancel(struct mc_request *request);
void mc_request_cancel_all(struct mc_server *server,
                           const struct mc_peer *peer /* NULL: everyone's */);

struct mc_request *
mc_request_find(struct mc_server *server, const struct mc_peer *peer, const char *id);

/* {code, message, hint?} of an error, as `error` events and failures carry it. */
json_t *mc_failure(const char *code, const char *message, const char *hint);
