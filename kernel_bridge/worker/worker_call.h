/* One call of one worker: its arguments there, its limits, what it prints, its result back. */
#pragma once

#include "abi/signature.h"
#include "kernel_bridge/worker/worker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mc_worker_call {
    const char *symbol; /* one of the table; NULL: nothing is called, and the result is None */
    const struct mc_signature *signature;
    const uint64_t *in; /* words with this process's addresses */
    uint64_t *out;      /* as a thunk would fill it; addresses are in the worker's memory, here */
    double wall;        /* limits of the call, in seconds; 0: none */
    double cpu;
    int64_t output;          /* bytes; 0: 64 MiB */
    int (*check)(void *arg); /* about every 50 ms, and after a signal; not 0: interrupt */
    void (*print)(void *arg, bool is_stderr, const char *bytes, size_t length); /* what it prints */
    void *arg;                                                                  /* of both */
    uint64_t thread; /* of the caller's choice, for mc_workers_interrupt */
};

/* A call from its beginning to its end, also while it waits for a worker. */
struct mc_worker_way {
    struct mc_worker_way *next;
    const struct mc_worker_call *call;
    atomic_bool interrupted;
};

/* Whether its caller has lost interest: a `check` of worker.h, whose `arg` is a struct
 * mc_worker_way. */
int mc_worker_is_stopped(void *arg);

/* Calls. 0: *ret says how it ended, and worker->over whether the worker can go on; 1 where the
 * worker ended before it had taken the call: another one may. */
int mc_worker_perform(struct mc_worker *worker,
                      struct mc_worker_way *way,
                      struct mc_worker_outcome *ret,
                      mc_err *err) MC_MUST_USE;

/* Ends the worker of a call that has not returned, hands on what it printed last, and says in *ret
 * why it ended where nothing does yet. */
int mc_worker_conclude(struct mc_worker *worker,
                       const struct mc_worker_call *call,
                       struct mc_worker_outcome *ret,
                       mc_err *err) MC_MUST_USE;
