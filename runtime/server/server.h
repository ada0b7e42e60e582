/* mojocelld: one thread, one loop. The server owns every socket, child process, peer and request;
 * the other files of this folder are its parts, and each says which of these objects it makes and
 * ends. */
#pragma once

#include "base/err.h"
#include "server/loop.h"

#include <jansson.h>

#include <sys/resource.h>
#include <sys/types.h>

struct mc_store;
struct mc_peer;
struct mc_request;
struct mc_compilation;
struct mc_identified;
struct mc_runner_slot;

/* A child process of the daemon, embedded in its owner. `ended` is called once, after it was
 * reaped: `pid` of the object is 0 by then, the argument tells what it was. */
struct mc_child {
    pid_t pid; /* 0: none */
    void (*ended)(struct mc_child *child, pid_t pid, int status, const struct rusage *usage);
    void *owner;
    struct mc_child *next;
};

struct mc_server_options {
    const char *runtime_dir; /* checked, exists */
    const char *libexec;     /* where mojocell-runner and shim/ are */
    const char *cache_dir;
    int64_t cache_limit; /* bytes */
    int idle_seconds;    /* exit after this long without work; 0: never */
    int ready_fd;        /* gets one line when the socket listens; -1: none */
};

struct mc_server_counters {
    uint64_t requests;
    uint64_t compilations; /* compiler processes that were started for a cell */
    uint64_t joined;
    uint64_t repairs;
    uint64_t runs;
    uint64_t runners;
};

struct mc_server {
    struct mc_server_options options;
    struct mc_loop loop;
    void *zmq;
    void *router;
    char *socket_path;
    char *work_dir; /* private directories of compilations are made here */
    int lock_fd;
    int signal_fd;
    uint64_t socket_inode;
    struct mc_watch router_watch;
    struct mc_watch signal_watch;
    struct mc_timer idle_timer;  /* looks at idleness and at the socket's identity */
    struct mc_timer cache_timer; /* lets the cache write its counters */
    int64_t idle_since;
    int64_t started_at;
    bool leaving; /* finish what is open, take nothing new, then stop */

    struct mc_store *store;
    struct mc_child *children;
    struct mc_peer *peers;
    struct mc_request *requests;
    struct mc_compilation *compilations;
    struct mc_identified *identified;
    struct mc_runner_slot *runners;
    int compilers;     /* compiler processes alive */
    int max_compilers; /* by processors and memory */
    uint64_t serial;   /* makes names of this daemon's objects unique */
    struct mc_server_counters counters;
};

/* Takes the lock, binds the socket, writes the readiness line. Returns 1 where another daemon holds
 * the lock. */
int mc_server_open(struct mc_server *server,
                   const struct mc_server_options *options,
                   mc_err *err) MC_MUST_USE;
int mc_server_run(struct mc_server *server, mc_err *err) MC_MUST_USE;
/* Ends every child, then removes the socket. */
void mc_server_close(struct mc_server *server);

/* Watches a child that was just spawned. */
void mc_server_adopt(struct mc_server *server, struct mc_child *child);
/* No longer calls back; the process, if any, is still reaped. */
void mc_server_forget(struct mc_server *server, struct mc_child *child);

/* Stops the loop where the server is leaving and nothing is open. */
void mc_server_maybe_leave(struct mc_server *server);

/* One line to the log (stderr): time, then the text. Never source text. */
void mc_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
