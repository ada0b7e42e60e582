/* Isolated calls: the functions of an artifact, called in processes of their own through shared
 * memory. A set of workers serves one artifact; each is a child of the daemon's runner, started
 * with the first call, ended by a crash, a limit, an interrupt or a minute without a call, and
 * started again by the next one. */
#pragma once

#include "base/err.h"
#include "kernel_bridge/client/client.h"
#include "kernel_bridge/worker/worker_call.h"

#include <stdint.h>

struct mc_workers;

struct mc_workers_options {
    struct mc_client *client; /* lives longer */
    const char *header;    /* JSON: the `run` request of the source, as docs/protocol.md has it */
    const char *table;     /* "symbol signature\n" for each function */
    const char *directory; /* where the sockets are, private to the user; NULL: the client's */
    int idle_seconds;      /* 0: 60 */
    int most;              /* workers at once, for calls of several threads; 0: 8 */
    int64_t silence_ns;    /* as of a request (client.h), while a worker starts; 0: none */
};

/* Copies the options. Starts nothing yet. */
int mc_workers_new(const struct mc_workers_options *options,
                   struct mc_workers **ret,
                   mc_err *err) MC_MUST_USE;

/* Ends the workers. No call may be under way. Takes NULL; returns NULL. */
struct mc_workers *mc_workers_free(struct mc_workers *workers);

/* Calls, in any thread; several at once run at once. Arguments with memory are copied, those of a
 * MutSpan also back. Whatever *ret says, mc_workers_done must follow. -1 where it could not even be
 * tried, or the daemon was lost: DAEMON_UNAVAILABLE, DAEMON_LOST, RUNNER_FAILED, COMPILE_FAILED,
 * NO_MEMORY, INTERRUPTED (before it began); then nothing must follow. */
int mc_workers_call(struct mc_workers *workers,
                    const struct mc_worker_call *call,
                    struct mc_worker_outcome *ret,
                    mc_err *err) MC_MUST_USE;

/* The results in `out` have been read. */
void mc_workers_done(struct mc_workers *workers, struct mc_worker_outcome *outcome);

/* Interrupts the calls whose `thread` this is. */
void mc_workers_interrupt(struct mc_workers *workers, uint64_t thread);

/* Processes that exist now. */
int mc_workers_count(struct mc_workers *workers);
