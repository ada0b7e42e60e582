/* A request: what a peer asked, from its first frame to its one last event. Between its steps
 * (pipeline.h) it waits for a compiler, a compilation or a program, and is woken from the loop. The
 * last event takes it off everything; it is freed from the loop, in one place. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "mojo/cell_io.h"
#include "mojo/output_paths.h"
#include "protocol/fields.h"
#include "server/failure.h"
#include "server/peer.h"
#include "server/run.h"
#include "server/state.h"

struct mc_cell;
struct mc_cache_key;
struct mc_language_use;
struct mc_message;
struct mc_step;

struct mc_times { /* nanoseconds */
    int64_t queue;
    int64_t identify;
    int64_t scan;
    int64_t compile;
    int64_t load;
    int64_t run;
};

struct mc_request {
    struct mc_node node; /* of the server's open requests; in no list once it is answered */
    struct mc_server *server;
    struct mc_peer *peer; /* NULL once it is answered */
    char *id;
    enum mc_op op;
    bool delimited; /* a REQ peer: one aggregated reply */
    json_t *header;
    struct mc_fields fields; /* of the header */
    void *input;             /* owned copy of the stdin frame, or NULL */
    size_t input_length;
    struct mc_strv environment;

    const struct mc_step *step; /* where it is */
    struct mc_waiter toolchain_waiter;
    struct mc_compilation_user compilation_user;
    struct mc_run_user run_user;
    struct mc_toolchain_entry *toolchain_entry; /* left at the answer, as the next two */
    struct mc_compilation *compilation;
    struct mc_run *run;

    struct mc_language_use *language; /* of what asks about a text; left at the answer */

    struct mc_cell_io io;
    struct mc_cell *cell; /* borrows io */
    char *toolchain_root;
    const char *toolchain_how;            /* static */
    const struct mc_toolchain *toolchain; /* the server's */
    struct mc_cache_key *cache_key;       /* what to compile and its key */
    struct mc_output_paths output_paths;  /* of its output */
    char *artifact;
    json_t *meta;       /* of the artifact */
    bool told_compiled; /* the event was sent */
    int looked_again;   /* how often it was gone when it was to be loaded */
    json_t *result;     /* grows along the way */
    struct mc_buf out;  /* for a REQ peer */
    struct mc_buf err;
    mc_err lost; /* why an event before the last could not be sent; then this is its answer */
    struct mc_times times;
    int64_t began;
    struct mc_task freeing;
};

/* A request of this message, whose header was read as `fields`, among the server's open ones. Takes
 * nothing of the message. */
struct mc_request *mc_request_new(struct mc_server *server,
                                  struct mc_peer *peer,
                                  const struct mc_message *message,
                                  enum mc_op op,
                                  const struct mc_fields *fields,
                                  mc_err *err);

/* The peer's open request of that id, or NULL. */
struct mc_request *
mc_request_find(struct mc_server *server, const struct mc_peer *peer, const char *id);

/* Events before the last. `fields` is stolen; NULL: there was no memory for them. A REQ peer gets
 * none; its output is collected. */
void mc_request_event(struct mc_request *request, const char *event, json_t *fields);
void mc_request_output(struct mc_request *request, const struct mc_printed *printed);

/* The last event. The request stays where it is until the caller has returned to the loop,
 * answered: it waits for nothing and no more can be said. `fields` is stolen. */
void mc_request_finish(struct mc_request *request, bool ok, json_t *fields);
void mc_request_fail(struct mc_request *request, const mc_err *err);
/* A result with "ok": false and this failure; `failure` is stolen. */
void mc_request_refuse(struct mc_request *request, json_t *failure);

/* Ends what the request waits for and answers `cancelled`: at once, or where a program runs, when
 * it has ended. */
void mc_request_cancel(struct mc_request *request);
void mc_request_cancel_all(struct mc_server *server,
                           const struct mc_peer *peer /* NULL: everyone's */);

/* The same with what nobody waits for. */
void mc_request_cancel_ahead(struct mc_server *server);

/* Ends what is compiled for a text that nobody will ask for any more: speculations of the same
 * client that are older than this request, which came from `peer`. One that speculates takes the
 * place of them all, another one of its own cell's. After the request has joined what it needs. */
void mc_request_supersede(const struct mc_request *request, const struct mc_peer *peer);

/* Answers all that are open with `cancelled`, without waiting for programs. */
void mc_request_end_all(struct mc_server *server);
