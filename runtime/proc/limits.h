/* What a program may use, how that is applied to a new process, and which limit ended one. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* 0 means no limit. CPU and memory are applied to the process itself; wall, output and processes
 * are for its supervisor to watch, memory as well, because what the kernel limits (private writable
 * memory) leaves out shared memory. */
struct mc_limits {
    double wall;       /* seconds */
    double cpu;        /* seconds of user and system time, rounded up to whole ones */
    int64_t memory;    /* bytes the program adds to what it starts with */
    int64_t output;    /* bytes on stdout and stderr together */
    int64_t processes; /* at the same time */
};

enum mc_limit {
    MC_LIMIT_NONE,
    MC_LIMIT_WALL,
    MC_LIMIT_CPU,
    MC_LIMIT_MEMORY,
    MC_LIMIT_OUTPUT,
    MC_LIMIT_PROCESSES,
};

/* The wire name ("wall", "cpu", "memory", "output", "processes"), or NULL for NONE. */
const char *mc_limit_name(enum mc_limit limit);

/* Applies CPU, memory and "no core file" to the calling process. Safe between fork and exec. `base`
 * is what the process has already: mc_os_data() where it will not exec, else 0. Returns 0 or an
 * errno. */
int mc_limits_apply(const struct mc_limits *limits, int64_t base);

/* Raises this process's limit of open files as far as it goes and returns it. What mc_spawn starts
 * gets back the one that there was: programs of long ago count on numbers below 1024. */
int mc_limits_raise_files(void);
/* Between fork and exec: that limit again, where it was raised. */
void mc_limits_restore_files(void);

/* How a program ended, as far as its supervisor knows. */
struct mc_limits_facts {
    int status;              /* of wait */
    double cpu;              /* seconds used, user and system */
    enum mc_limit killed_by; /* the supervisor killed it for this one; NONE where it did not */
    bool allocation_failed;  /* see mc_limits_text_tells_memory */
};

/* Which limit ended the program; NONE where it ended by itself (even by a crash). */
enum mc_limit mc_limits_classify(const struct mc_limits *limits,
                                 const struct mc_limits_facts *facts);

/* True where the last output of a program (of stdout or stderr, some KB) says that memory could not
 * be had. */
bool mc_limits_text_tells_memory(const char *text, size_t length);
