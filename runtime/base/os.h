/* What differs between operating systems and has a name of its own: clocks, processors, memory, the
 * life of processes. Linux is implemented. What needs Linux beside this is listed in
 * docs/architecture.md. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Monotonic nanoseconds. */
int64_t mc_os_now(void);

/* Seconds as nanoseconds: never less than 0, and what no clock reaches is INT64_MAX. */
int64_t mc_os_ns(double seconds);

/* A descriptor that becomes readable when the process ends. */
int mc_os_pidfd(pid_t pid, int *ret_fd, mc_err *err) MC_MUST_USE;

/* When the process dies, its orphaned descendants become children of this process. */
int mc_os_subreaper(mc_err *err) MC_MUST_USE;

/* This process gets `signal` when its parent dies. Call after fork with the parent's pid: a parent
 * already gone counts. */
int mc_os_parent_death(pid_t parent, int signal, mc_err *err) MC_MUST_USE;

/* Processors this process may use: affinity and the cgroup's quota, at least 1. */
int mc_os_cpus(void);

/* Bytes of memory this machine or its cgroup gives this process. */
int64_t mc_os_memory(void);

/* Bytes of memory this process could still get without anybody's loss, by the machine and by its
 * cgroup; -1 where nothing says so. */
int64_t mc_os_memory_left(void);

/* Returns what the allocator holds for later to the system. */
void mc_os_return_memory(void);

/* Resident bytes of a process, or -1. */
int64_t mc_os_rss(pid_t pid);

/* Marks every descriptor from `lowest` on close-on-exec. */
void mc_os_cloexec_from(int lowest);

/* The path that is this process's executable, wherever that is now. */
#define MC_OS_SELF "/proc/self/exe"

/* The name that the calling process has in lists of processes; the first 15 bytes count. */
void mc_os_set_name(const char *name);

/* A file in memory alone, closed at exec: its descriptor, or -1 with errno. */
int mc_os_memory_file(const char *name);

/* Bytes of private writable memory of the calling process, as RLIMIT_DATA counts them, or a page or
 * two more; 0 where nothing says so. Safe between fork and exec. */
int64_t mc_os_data(void);
