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
    int fds[MC_WIRE_FDS]; /* payload, in, out, err */
    int slot_fd;
    struct mc_wire_slot *slot;
};

/* Becomes the program, in a process just forked. */
_Noreturn void mc_child_forked(const struct mc_child_host *host, const struct mc_child *child);

/* Becomes the program, in a process just executed with --exec: the libraries are loaded, 0, 1 and 2
 * in place. */
_Noreturn void mc_child_executed(const struct mc_child_host *host, int slot_fd, int payload_fd);

int mc_child_load_libraries(char *const *libraries, char *ret_message, size_t size);

/* A page of shared memory for what a run says to its runner; NULL with errno. */
struct mc_wire_slot *mc_child_map_slot(int fd);
