#include "runner/farewell.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_MOST_KB (64 << 10)

static struct mc_wire_slot *told; /* NULL: this is no program */
static pid_t program;
static pid_t runner;

static bool has_threads(void)
{
    struct stat tasks; /* "." and "..", and a directory for each */
    return stat("/proc/self/task", &tasks) < 0 || tasks.st_nlink != 3;
}

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static void add_time(struct timeval *to, struct timeval more)
{
    to->tv_sec += more.tv_sec + (to->tv_usec + more.tv_usec) / 1000000;
    to->tv_usec = (to->tv_usec + more.tv_usec) % 1000000;
}

/* As wait4 would: with those it has waited for. */
static void get_usage(struct rusage *ret)
{
    struct rusage children;
    getrusage(RUSAGE_SELF, ret);
    getrusage(RUSAGE_CHILDREN, &children);
    add_time(&ret->ru_utime, children.ru_utime);
    add_time(&ret->ru_stime, children.ru_stime);
    if (ret->ru_maxrss < children.ru_maxrss) {
        ret->ru_maxrss = children.ru_maxrss;
    }
}

/* Freeing its memory is all that is left to this process: it must not keep the processor from those
 * who tell the end. */
static void make_way(void)
{
    const struct sched_param none = {0};
    (void) sched_setscheduler(0, SCHED_IDLE, &none);
}

static void say(int status, void *unused)
{
    (void) unused;
    struct mc_wire_slot *slot = told;
    if (!slot || getpid() != program || has_threads() || has_children()) {
        return;
    }
    get_usage(&slot->usage);
    if (slot->usage.ru_maxrss > MEMORY_MOST_KB) {
        return;
    }
    fflush(NULL);
    slot->status = status;
    if (syscall(SYS_close_range, 0, ~0U, 0) == 0) {
        make_way();
        atomic_store(&slot->over, 1);
        kill(runner, SIGCHLD);
    }
}

void mc_farewell_watch(struct mc_wire_slot *slot)
{
    program = getpid();
    runner = getppid();
    told = slot;
}

#ifndef __SANITIZE_THREAD__ /* it is not there yet so early */
/* What is registered first is called last. The loader's own handler, which calls the destructors of
 * libraries, is registered between this and main. */
__attribute__((no_sanitize_address)) static void enroll(void)
{
    (void) on_exit(say, NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = enroll;
#endif
