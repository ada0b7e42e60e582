/* Starting processes: the only place besides the runner that forks. Nothing between fork and exec
 * takes a lock or allocates, so a multithreaded caller (a Python interpreter) is safe. */
#pragma once

#include "base/err.h"
#include "proc/limits.h"

#include <stddef.h>
#include <sys/types.h>

struct mc_spawn_fd {
    int from; /* in the caller */
    int to;   /* its number in the child, 3 or above */
};

enum mc_spawn_group {
    MC_SPAWN_SAME_GROUP,
    MC_SPAWN_NEW_GROUP, /* the child leads its own process group: kill(-pid, …) reaches all of it */
    MC_SPAWN_NEW_SESSION,
};

#define MC_SPAWN_MAX_FDS 16

struct mc_spawn_spec {
    const char *path;  /* of the executable; PATH is not searched */
    char *const *argv; /* NULL-terminated */
    char *const *envp; /* NULL: the caller's */
    const char *cwd;   /* NULL: the caller's */
    int in, out,
        err; /* the child's 0, 1 and 2; -1: /dev/null. Any descriptor, the same one twice as well */
    const struct mc_spawn_fd *fds; /* more descriptors; all others are closed in the child */
    size_t n_fds;                  /* at most MC_SPAWN_MAX_FDS */
    int umask;                     /* -1: the caller's */
    enum mc_spawn_group group;
    int death_signal;               /* sent to the child when the calling thread ends; 0: none */
    const struct mc_limits *limits; /* NULL: none but the caller's own */
    int nice;                       /* added to the caller's */
};

/* All zero but the fields where 0 means something. */
#define MC_SPAWN_INIT ((struct mc_spawn_spec) {.in = -1, .out = -1, .err = -1, .umask = -1})

/* Starts the process: all signals default and unblocked, in its group already when this returns.
 * Returns once the exec happened; where a step failed, -1 and a message like "start 'x': chdir
 * '/y': No such file or directory" and nothing to wait for. `ret_pidfd` may be NULL. The caller
 * waits for *ret_pid and closes *ret_pidfd. */
int mc_spawn(const struct mc_spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, mc_err *err)
    MC_MUST_USE;

struct mc_spawn_daemon {
    struct mc_spawn_spec spec; /* group and death_signal are not looked at: it outlives all */
    int ready_fd; /* number under which the daemon finds the descriptor for its readiness line */
    int timeout_ms;
    int (*pause)(void *arg, mc_err *err); /* asked about every 50 ms; -1: give it up. May be NULL */
    void *arg;
};

/* Starts a process that is no child of the caller (a second fork, in a session of its own) and
 * waits until it has written one line to its ready descriptor: the line, without its newline and
 * cut to fit, is in ret_line. A daemon that closes the descriptor or dies before is
 * DAEMON_UNAVAILABLE; one that is not ready in time is killed and TIMEOUT, and one that is given
 * up is killed, with the error of `pause`. Leaves nothing to wait
 * for in any case. ret_pid may be NULL. */
int mc_spawn_daemon(const struct mc_spawn_daemon *daemon,
                    pid_t *ret_pid,
                    char *ret_line,
                    size_t line_size,
                    mc_err *err) MC_MUST_USE;
