/* Processes forked ahead of the runs they will be, as far as a run's process gets without knowing
 * the run: each waits at a socket of its own for the run's descriptors. One is plain; where the
 * same artifact was run twice in a row, another has loaded it. Owned by the runner; not to be seen
 * as runs: they have the runner's name, no tag, and die with it. */
#pragma once

#include "runner/child.h"

struct mc_spare {
    pid_t pid;  /* 0: an empty place */
    int socket; /* -1: it has been dismissed, and is not reaped yet */
    struct mc_wire_slot *slot;
    struct mc_wire_artifact artifact; /* that it has loaded; .path "": none */
};

struct mc_spares {
    struct mc_spare places[8];
    struct mc_wire_artifact recent; /* of the last run */
    struct mc_child_ahead wanted;   /* that is run again and again */
};

/* Takes note of a run: of what the next ones are likely to be. */
void mc_spares_note(struct mc_spares *spares, const struct mc_wire_artifact *artifact);

/* Whether mc_spares_fill has something to do. */
bool mc_spares_lack(const struct mc_spares *spares);

/* Forks one that is missing, and dismisses what is of no use any more. To be called with no
 * descriptors of a run open. *ret is the one it has forked, or NULL. -1 where it could not fork. */
int mc_spares_fill(struct mc_spares *spares,
                   const struct mc_child_host *host,
                   const struct mc_spare **ret);

/* Hands a run to the process that has its descriptors already, or else to one that fits: its pid
 * and slot are the run's from then on, and it goes on as far as its program, which it begins once
 * the slot says `go`. False where there is none. */
bool mc_spares_take(struct mc_spares *spares,
                    const struct mc_wire_request *request,
                    const int fds[MC_WIRE_FDS],
                    pid_t *ret_pid,
                    struct mc_wire_slot **ret_slot);

/* The run that this process was given will not be: it must not wait with its descriptors. */
void mc_spares_take_back(struct mc_spares *spares, pid_t pid);

/* Whether that child is one of them, or was until it is reaped. */
bool mc_spares_has(const struct mc_spares *spares, pid_t pid);
bool mc_spares_any(const struct mc_spares *spares);

/* That child was reaped. */
void mc_spares_reaped(struct mc_spares *spares, pid_t pid);

/* Kills all of them. */
void mc_spares_dismiss(struct mc_spares *spares);

/* In a process just forked: closes what it has of them. */
void mc_spares_close(const struct mc_spares *spares);
