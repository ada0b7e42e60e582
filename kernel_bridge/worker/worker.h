/* One worker as its caller sees it: the request that keeps it, the shared memory, the end. One of a
 * set (workers.h). */
#pragma once

#include "abi/share.h"
#include "abi/words.h"
#include "base/err.h"
#include "kernel_bridge/client/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What all workers of a set are started with. */
struct mc_worker_plan {
    struct mc_client *client;
    char *header;
    char *table;
    char *directory;
    int idle_seconds;
    long memory; /* MB, the limit; 0: none */
    uint32_t spins;
    int64_t silence_ns;
};

struct mc_worker {
    struct mc_worker *next;
    const struct mc_worker_plan *plan;
    bool busy;
    atomic_bool over; /* ended, or to be ended; looked at by those who count as well */

    /* The request, in a thread of its own from start to end. */
    pthread_t keeper;
    char *header;
    atomic_bool answered; /* then the next two are there */
    atomic_bool abandoned;
    struct mc_message answer;
    mc_err failure; /* code MC_OK: there is an answer */
    int wake;       /* eventfd, readable once answered */

    int socket;
    int file;
    pid_t pid;
    int pidfd;
    clockid_t cpu;
    struct mc_share *share;
    uint64_t mapped;
    uint32_t last; /* number of the latest call */
    struct mc_share_spins spins;
    int prints[2]; /* files of what it prints */
    uint64_t printed[2];
    int turns;      /* a file of those from one to the other */
    uint64_t taken; /* bytes of it */
    int64_t printed_in_call;
    bool told_memory; /* what it complained of last was memory */
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

/* Starts one and waits until it is ready. `check` as in a call. */
int mc_worker_start(const struct mc_worker_plan *plan,
                    int (*check)(void *),
                    void *arg,
                    struct mc_worker **ret,
                    mc_err *err) MC_MUST_USE;

/* Ends it where it has not ended, and frees everything. */
void mc_worker_end(struct mc_worker *worker);

/* Whether it is known to have ended; the second one looks. */
bool mc_worker_is_over(struct mc_worker *worker);
bool mc_worker_has_ended(struct mc_worker *worker);
void mc_worker_kill(struct mc_worker *worker);

/* Why it ended: waits for the daemon's answer. -1 where the daemon has none. */
int mc_worker_explain(struct mc_worker *worker,
                      struct mc_worker_outcome *ret,
                      mc_err *err) MC_MUST_USE;

/* Makes the shared file at least this large; follows what the worker made of it. */
int mc_worker_grow(struct mc_worker *worker, uint64_t size, mc_err *err) MC_MUST_USE;
int mc_worker_follow(struct mc_worker *worker, mc_err *err) MC_MUST_USE;

/* The place of a symbol in the table, or -1. */
long mc_worker_find(const struct mc_worker *worker, const char *symbol);
