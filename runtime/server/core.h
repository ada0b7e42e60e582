/* What every part of the server stands on: its options, the loop, the store, the child processes
 * and the log. The parts know this and each other's headers downwards alone:
 *
 *   core ◀─ peer
 *   core ◀─ toolchains, compiler ◀─ compilation, runner_slot ◀─ run
 *   all of them ◀─ request ◀─ steps ◀─ ops ◀─ receive ◀─ server ◀─ main */
#pragma once

#include "base/err.h"
#include "server/loop.h"

#include <sys/resource.h>
#include <sys/types.h>

struct mc_store;

/* A child process of the daemon, embedded in its owner. `ended` is called once, after it was
 * reaped: `pid` of the object is 0 by then, the argument tells what it was. */
struct mc_child {
    struct mc_node node; /* the core's */
    pid_t pid;           /* 0: none */
    void (*ended)(struct mc_child *child, pid_t pid, int status, const struct rusage *usage);
    void *owner;
};

struct mc_options {
    const char *runtime_dir; /* checked, exists */
    const char *libexec;     /* where mojocell-runner and shim/ are */
    const char *package;     /* where Mojo finds the package mojocell */
    const char *cache_dir;
    int64_t cache_limit;     /* bytes */
    int idle_seconds;        /* exit after this long without work; 0: never */
    int language_seconds;    /* a language server that is silent for so long hangs */
    int64_t language_memory; /* bytes; one that has more is replaced */
    int ready_fd;            /* gets one line when the socket listens; -1: none */
};

struct mc_counters {
    uint64_t requests;
    uint64_t compilations; /* compiler processes that were started for a cell */
    uint64_t speculated;   /* of them, for a text that may be asked for */
    uint64_t prefetched;   /* of them, for a notebook that was opened */
    uint64_t promoted;     /* begun ahead, and then asked for */
    uint64_t superseded;   /* requests that a newer text ended */
    uint64_t joined;
    uint64_t repairs;
    uint64_t runs;
    uint64_t runners;
    uint64_t language_servers;
};

struct mc_core {
    struct mc_options options;
    struct mc_loop loop;
    struct mc_store *store;
    char *work_dir; /* private directories of compilations are made here */
    struct mc_list children;
    uint64_t serial; /* makes names of this daemon's objects unique */
    struct mc_counters counters;
};

/* Watches a child that was just spawned. */
void mc_core_adopt(struct mc_core *core, struct mc_child *child);
/* No longer calls back; the process, if any, is still reaped. */
void mc_core_forget(struct mc_child *child);
/* Everything that ended: our own children by their objects, adopted orphans without a word. */
void mc_core_reap(struct mc_core *core);

/* A pipe whose reading end does not block. */
int mc_core_pipe(int *ret_read, int *ret_write, mc_err *err) MC_MUST_USE;

/* One line to the log (stderr): time, then the text. Never source text. */
void mc_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
