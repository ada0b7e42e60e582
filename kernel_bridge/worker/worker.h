/* Isolated calls: the functions of an artifact, called in processes of their own through shared
 * memory. A set of workers serves one artifact; each is a child of the daemon's runner, started
 * with the first call, ended by a crash, a limit, an interrupt or a minute without a call, and
 * started again by the next one. */
#pragma once

#include "abi/thunk.h"
#include "abi/type.h"
#include "abi/words.h"
#include "base/err.h"
#include "kernel_bridge/client/client.h"

#include <stdbool.h>
#include <stdint.h>

struct mc_workers;
struct mc_worker;

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

enum mc_worker_outcome_kind {
    MC_WORKER_RETURNED, /* status is the thunk's */
    MC_WORKER_CRASHED,  /* signal, stack_overflow, message */
    MC_WORKER_LIMIT,    /* limit: "wall", "cpu", "memory", "output", "processes"; message */
    MC_WORKER_INTERRUPTED,
};

struct mc_worker_outcome {
    enum mc_worker_outcome_kind kind;
    int32_t status;
    int signal; /* 0 where the worker ended by itself, as with exit() */
    bool stack_overflow;
    char limit[16];
    char message[MC_WORDS_TEXT];
    long line, column; /* of a crash that tells; 0: it does not */
    char module[32];   /* which one of those that the cell uses that is in; empty: the cell */
    char library[128]; /* the place of a check that failed in the standard library; or empty */
    char inside[128];  /* the function of the source that it happened in; or empty */
    uint64_t frames[MC_WORDS_FRAMES]; /* the artifact's calls that led there, as in mc_words */
    uint32_t count;
    struct mc_worker *worker; /* for mc_workers_done */
};

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
