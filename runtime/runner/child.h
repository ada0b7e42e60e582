/* The side of a run that is the program's own process: from the fork, or the exec, to its end. */
#pragma once

#include "runner/wire.h"

/* What the runner was started with and every run's process needs; filled once by main. */
struct mc_child_host {
    int argc;
    char **argv;
    char *tag_at; /* value of MOJOCELL_RUN in the memory this process was executed with, or NULL */
    char **libraries; /* "--library PATH …" as given, for an exec; NULL-terminated */
    int close_fds[2]; /* the runner's own, of no business to a program; -1: none */
};

struct mc_child {
    pid_t runner;
    uint64_t id;          /* of the run */
    int fds[MC_WIRE_FDS]; /* payload, in, out, err, order */
    int slot_fd;
    struct mc_wire_slot *slot;
};

/* Becomes the program, in a process just forked. */
_Noreturn void mc_child_forked(const struct mc_child_host *host, const struct mc_child *child);

/* An artifact for a process that is forked ahead, and what its file says. */
struct mc_child_ahead {
    struct mc_wire_artifact artifact; /* .path "": none */
    bool wants_device;                /* asynchronous tasks of the runtime */
    bool prints_alone;                /* mc_calls_print_alone */
};

/* Whether it may be loaded before it is asked for: nothing of it runs then, and nothing else is
 * loaded with it. Fills *ret where that is so. */
bool mc_child_may_load(const struct mc_wire_artifact *artifact, struct mc_child_ahead *ret);

/* The same as mc_child_forked in a process forked ahead: it loads that artifact, unless it is NULL,
 * and waits at `socket` for the run's descriptors. */
_Noreturn void mc_child_spare(const struct mc_child_host *host,
                              struct mc_child *child,
                              int socket,
                              const struct mc_child_ahead *wanted);

/* Becomes the program, in a process just executed with --exec: the libraries are loaded, 0, 1 and 2
 * in place. The descriptors are of the slot, the payload and the order. */
_Noreturn void mc_child_executed(const struct mc_child_host *host, const int fds[3]);

int mc_child_load_libraries(char *const *libraries, char *ret_message, size_t size);

/* Some pages of shared memory for what a run says to its runner. */
int mc_child_make_slot(int *ret_fd, struct mc_wire_slot **ret, mc_err *err) MC_MUST_USE;
struct mc_wire_slot *mc_child_map_slot(int fd);      /* NULL with errno */
void mc_child_unmap_slot(struct mc_wire_slot *slot); /* takes NULL */

/* In the runner, once the run's process is forked: those that are forked later do not have it. */
void mc_child_keep_slot(struct mc_wire_slot *slot);
