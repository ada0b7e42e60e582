/* A program's processes as a whole: its process group, and what escaped from it but still carries
 * its tag, an entry MOJOCELL_RUN=<tag> of the environment. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

#define MC_TAG_NAME "MOJOCELL_RUN"
#define MC_TAG_MAX  48 /* bytes, without the NUL; letters, digits, '.', '_' and '-' */

/* Signals the process group. Returns 1 where there is no such group any more, else 0 (one not
 * permitted counts as sent). pgid below 2 is refused: a bug must not signal everybody. */
int mc_group_signal(pid_t pgid, int signal);

/* The tag of a process of this user; returns 1 with it in `ret`, 0 where it has none or cannot be
 * read. */
int mc_group_tag(pid_t pid, char ret[static MC_TAG_MAX + 1]);

struct mc_group_usage {
    int processes;
    int64_t resident;  /* bytes, summed; pages shared between the processes count in each */
    int64_t anonymous; /* of these, not backed by files or shared memory: what to hold against a
                          memory limit */
};

/* One pass over /proc: the group's processes, and where `tag` is not NULL those of this user with
 * the tag as well. Costs about 8 µs for each process of the machine, with a tag a third more: not
 * for every turn of a loop. */
void mc_group_usage(pid_t pgid, const char *tag, struct mc_group_usage *ret);

/* Kills (SIGKILL) every process of this user that carries the tag, until a pass over /proc finds
 * none or, at most, 20 passes were made. Never the calling process. Returns
 * how many signals it sent: 0 where there was nothing to kill. */
int mc_group_kill_tagged(const char *tag);
