/* One connection to the daemon, used by one thread at a time: finds or starts the daemon, says
 * hello, notices its death. */
#pragma once

#include "base/err.h"
#include "protocol/message.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define MC_MS ((int64_t) 1000000)

/* What ends a wait early: a deadline, an interrupt, the caller's check. On the stack of a request.
 */
struct mc_pause {
    int wake_fd;                   /* readable when the generation has moved on */
    const atomic_uint *generation; /* of interrupts */
    unsigned seen;                 /* the generation when the request began */
    int (*check)(void *arg);
    void *arg;
    int64_t deadline; /* mc_os_now(); INT64_MAX: none */
    int64_t checked;  /* when `check` was asked last */
    bool over;        /* mc_pause_look has said so */
};

/* -1 with INTERRUPTED or TIMEOUT where the wait is over. Asks `check` when it is due, or `now_due`.
 */
int mc_pause_look(struct mc_pause *pause, bool now_due, mc_err *err) MC_MUST_USE;

/* What a connection needs to know of its client. */
struct mc_connection_options {
    const char *runtime_dir; /* checked */
    const char *socket_path;
    const char *start_lock;
    const char *daemon; /* NULL: none is to be had */
    char *const *envp;
    bool start_daemon;
    int start_timeout_ms;
};

struct mc_connection {
    void *socket; /* DEALER */
    int pidfd; /* of the daemon; -1 where there is none: then the socket is probed now and then */
    pid_t pid; /* of whoever listens, then what it said in hello; 0: unknown */
    const char *socket_path;
    int64_t probed;
    struct mc_connection *next; /* for the pool of the client */
};

/* Connects and says hello, each step within `patience_ms`. Returns 1 where the daemon that was
 * there ended meanwhile: try again. */
int mc_connection_open(void *zmq,
                       const struct mc_connection_options *options,
                       bool start,
                       int patience_ms,
                       struct mc_pause *pause,
                       struct mc_connection **ret,
                       mc_err *err) MC_MUST_USE;
struct mc_connection *mc_connection_free(struct mc_connection *connection);

/* Waits for a message: 0 (look for one), 1 where the daemon is dead, -1 where the pause ends it. */
int mc_connection_wait(struct mc_connection *connection,
                       struct mc_pause *pause,
                       mc_err *err) MC_MUST_USE;

/* Says hello once more: whoever hears it answers, with an event that is of no request. */
int mc_connection_ask(struct mc_connection *connection, mc_err *err) MC_MUST_USE;

/* Whether an `error` event says that the daemon takes no more clients; then *err does as well. */
bool mc_connection_is_refused(const struct mc_connection *connection,
                              const json_t *event,
                              mc_err *err);

/* DAEMON_UNAVAILABLE, with what to do about a daemon that lives and says nothing. */
int mc_connection_no_answer(const struct mc_connection *connection, mc_err *err);

bool mc_connection_is_dead(const struct mc_connection *connection);

/* Waits for the daemon's end, `ms` at most. 0 whether it came or not; -1 where the pause ends it.
 */
int mc_connection_await_end(struct mc_connection *connection,
                            int ms,
                            struct mc_pause *pause,
                            mc_err *err) MC_MUST_USE;
