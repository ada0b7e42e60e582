/* What the daemon and a runner say to each other, over a SOCK_SEQPACKET socketpair: one fixed-size
 * message a packet. Both ends come from one build, so the messages are C structs; the version
 * catches a mixed installation.
 *
 * to the runner:   struct mc_wire_request
 *   RUN            with five descriptors (SCM_RIGHTS): the payload, the program's 0, 1 and 2, and
 *                  its order (abi/order.h)
 *   SIGNAL         for the process group of run `id`
 * from the runner: struct mc_wire_event
 *                  struct mc_wire_ahead, with a descriptor: the socket of a process that was forked
 *                  ahead, for the daemon to give a run to
 * to a process forked ahead: struct mc_wire_gift, with the descriptors of a RUN
 *
 * The payload of a RUN may be megabytes (an environment, arguments), more than a packet holds: it
 * is a memfd, read by the run's own process and never by the runner, whose memory stays as it is.
 *
 *   payload = struct mc_wire_payload, string*
 *   strings = artifact, name, cwd, tag, library_dir, worker, then n_args times argv[1…], then n_env
 * times NAME=value; each ends with a NUL */
#pragma once

#include "base/buf.h"
#include "proc/group.h"
#include "runner/exchange.h"

#include <stdatomic.h>
#include <time.h>

#define MC_WIRE_VERSION 7
#define MC_WIRE_FDS     5

enum mc_wire_kind {
    MC_WIRE_RUN = 1,
    MC_WIRE_SIGNAL = 2,
};

/* Which file an artifact is: the loader knows a library by its name, a name may get another file.
 */
struct mc_wire_artifact {
    char path[1024]; /* "": a longer one, or no file, and equal to none */
    uint64_t device;
    uint64_t inode;
    int64_t size;
    struct timespec modified;
    struct timespec changed;
};

void mc_wire_identify(const char *path, struct mc_wire_artifact *ret);
bool mc_wire_same(const struct mc_wire_artifact *a, const struct mc_wire_artifact *b);

struct mc_wire_request {
    uint32_t version;
    uint32_t kind;
    uint64_t id;
    int32_t signal;
    int32_t ahead;            /* of a RUN, as the next: who has it already; 0: nobody */
    char tag[MC_TAG_MAX + 1]; /* the runner itself needs to know it */
    struct mc_wire_artifact artifact;
};

struct mc_wire_event {
    uint32_t version;
    struct mc_runner_event event;
};

struct mc_wire_ahead {
    uint32_t version;
    int32_t pid;
    struct mc_wire_artifact artifact; /* that it has loaded; .path "": none */
};

struct mc_wire_gift {
    uint64_t id; /* of the run */
};

struct mc_wire_payload {
    uint32_t version;
    uint32_t umask;
    struct mc_limits limits;
    uint32_t fresh;
    uint32_t asks;
    uint32_t n_args;
    uint32_t n_env;
};

/* A payload taken apart; everything points into one allocation that lives as long as the process.
 */
struct mc_wire_run {
    struct mc_wire_payload head;
    const char *artifact;
    const char *name;
    const char *cwd;
    const char *tag;
    const char *library_dir; /* "": none */
    const char *worker;      /* the socket of a caller, instead of mc_main; "": none */
    char **argv;             /* name, the arguments, NULL */
    char **envp;             /* MOJOCELL_RUN=<tag>, the environment without such an entry, NULL */
};

/* One message with that many descriptors, which stay the caller's. 0, or -1 with errno. */
int mc_wire_send(
    int socket, const void *message, size_t size, const int *fds, size_t count, int flags);

/* One message, and its descriptors, which are the caller's to close. Returns the bytes, 0 at the
 * end of the socket, -1 with errno. Fewer descriptors than were sent: no room for more. */
ssize_t mc_wire_receive(
    int socket, void *ret, size_t size, int ret_fds[MC_WIRE_FDS], size_t *ret_count, int flags);

int mc_wire_encode(const struct mc_runner_run *run, struct mc_buf *ret, mc_err *err) MC_MUST_USE;

/* Reads and checks a payload from the descriptor's start. */
int mc_wire_decode(int fd, struct mc_wire_run *ret, mc_err *err) MC_MUST_USE;

/* What a run's process writes and its runner reads: a shared mapping of some pages. The program
 * can scribble over it, so the runner trusts nothing in it. */
enum mc_wire_phase {
    MC_PHASE_SETUP,
    MC_PHASE_LOAD,
    MC_PHASE_RUN,
};

struct mc_wire_slot {
    atomic_int phase;
    atomic_int stack_overflow;
    atomic_int executed;
    _Atomic uint32_t go; /* set by the runner once it has told that the run has started: to
                            mc_wire_go of its id */
    _Atomic uint32_t waits_for_go;
    atomic_int over; /* told by the program itself, which is about to end, with the next two */
    int status;      /* of exit() */
    struct rusage usage;
    int64_t began_at;  /* mc_os_now(): when the runner took up the run */
    int64_t called_at; /* mc_main */
    char missing[sizeof((struct mc_runner_event *) 0)->missing];
    char message[sizeof((struct mc_runner_event *) 0)->message];
    struct mc_words words;
    char reason[sizeof((struct mc_runner_event *) 0)->reason];
};

/* A process runs what both have given it: whoever sent the descriptors, and the runner. */
static inline uint32_t mc_wire_go(uint64_t id)
{
    return (uint32_t) id | 1U << 31;
}
