#include "proc/limits.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

const char *mc_limit_name(enum mc_limit limit)
{
    static const char *const names[] = {
        [MC_LIMIT_WALL] = "wall",
        [MC_LIMIT_CPU] = "cpu",
        [MC_LIMIT_MEMORY] = "memory",
        [MC_LIMIT_OUTPUT] = "output",
        [MC_LIMIT_PROCESSES] = "processes",
    };
    return names[limit];
}

/* Never above what the caller may have. */
static int lower_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) {
        return errno;
    }
    limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(resource, &limit) < 0 ? errno : 0;
}

int mc_limits_apply(const struct mc_limits *limits, int64_t base)
{
    int error = lower_limit(RLIMIT_CORE, 0, RLIM_INFINITY);
    if (!error && limits->cpu > 0) {
        /* SIGXCPU at the limit; a program that ignores it is killed a second later. */
        rlim_t seconds = limits->cpu < 1e9 ? (rlim_t) ceil(limits->cpu) : (rlim_t) 1000000000;
        error = lower_limit(RLIMIT_CPU, seconds, seconds + 1);
    }
    if (!error && limits->memory > 0) {
        rlim_t bytes = (rlim_t) limits->memory + (rlim_t) base;
        error = lower_limit(RLIMIT_DATA, bytes, bytes);
    }
    return error;
}

static struct rlimit files_before; /* all zero: never raised */

int mc_limits_raise_files(void)
{
    enum { ENOUGH = 1 << 20 };
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) {
        return ENOUGH;
    }
    struct rlimit raised = files;
    raised.rlim_cur = files.rlim_max < ENOUGH ? files.rlim_max : ENOUGH;
    if (raised.rlim_cur > files.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        files_before = files;
        return (int) raised.rlim_cur;
    }
    return files.rlim_cur < ENOUGH ? (int) files.rlim_cur : ENOUGH;
}

void mc_limits_restore_files(void)
{
    if (files_before.rlim_max) {
        setrlimit(RLIMIT_NOFILE, &files_before);
    }
}

enum mc_limit mc_limits_classify(const struct mc_limits *limits,
                                 const struct mc_limits_facts *facts)
{
    if (facts->killed_by != MC_LIMIT_NONE) {
        return facts->killed_by;
    }
    int signal = WIFSIGNALED(facts->status) ? WTERMSIG(facts->status) : 0;
    if (limits->cpu > 0 && signal == SIGXCPU) {
        return MC_LIMIT_CPU;
    }
    /* The kernel's own KILL comes at the hard limit; anyone else's comes at any time. */
    if (limits->cpu > 0 && signal == SIGKILL && facts->cpu >= ceil(limits->cpu)) {
        return MC_LIMIT_CPU;
    }
    bool failed = signal || WEXITSTATUS(facts->status) != 0;
    if (limits->memory > 0 && failed && facts->allocation_failed) {
        return MC_LIMIT_MEMORY;
    }
    return MC_LIMIT_NONE;
}

bool mc_limits_text_tells_memory(const char *text, size_t length)
{
    /* Mojo's allocation; its embedded allocator; C++; Python inside Mojo; what strerror says. */
    static const char *const tells[] = {
        "alloc failed",
        "tcmalloc/internal/system_allocator",
        "std::bad_alloc",
        "MemoryError",
        "Cannot allocate memory",
    };
    for (size_t i = 0; i < sizeof tells / sizeof tells[0]; i++) {
        if (memmem(text, length, tells[i], strlen(tells[i]))) {
            return true;
        }
    }
    return false;
}
