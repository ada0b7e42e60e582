#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t mc_os_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t mc_os_ns(double seconds)
{
    double ns = seconds * 1e9;
    if (!(ns > 0)) {
        return 0;
    }
    return ns < 9.2e18 ? (int64_t) ns : INT64_MAX;
}

int mc_os_pidfd(pid_t pid, int *ret_fd, mc_err *err)
{
    int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "watch process %d", (int) pid);
    }
    *ret_fd = fd;
    return 0;
}

int mc_os_subreaper(mc_err *err)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? mc_err_errno(err, MC_SYSTEM, "become subreaper")
                                                : 0;
}

int mc_os_parent_death(pid_t parent, int signal, mc_err *err)
{
    if (prctl(PR_SET_PDEATHSIG, signal) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "set the death signal");
    }
    if (getppid() != parent) {
        return mc_err_set(err, MC_SYSTEM, "the parent process is gone");
    }
    return 0;
}

static int64_t read_number(const char *path)
{
    long long value = -1;
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%lld", &value) != 1) {
            value = -1;
        }
        fclose(file);
    }
    return value;
}

/* cgroup v2 "quota period", seen from inside a container's own root. */
static int quota_cpus(void)
{
    long long quota = -1;
    long long period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2) {
            quota = -1;
        }
        fclose(file);
    }
    return quota > 0 && period > 0 ? (int) ((quota + period - 1) / period) : -1;
}

int mc_os_cpus(void)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = quota_cpus();
    if (quota > 0 && quota < cpus) {
        cpus = quota;
    }
    return cpus > 0 ? cpus : 1;
}

int64_t mc_os_memory(void)
{
    int64_t physical = (int64_t) sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = read_number("/sys/fs/cgroup/memory.max");
    return limit > 0 && limit < physical ? limit : physical;
}

/* The number after `name` at the start of a line, or -1. */
static int64_t read_entry(const char *path, const char *name)
{
    char line[128];
    long long value = -1;
    FILE *file = fopen(path, "re");
    while (file && value < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lld", &value) != 1) {
            value = -1;
        }
    }
    if (file) {
        fclose(file);
    }
    return value;
}

/* What the cgroup holds of files that nobody used for long is given back before anything fails. */
static int64_t cgroup_memory_left(void)
{
    int64_t limit = read_number("/sys/fs/cgroup/memory.max");
    int64_t used = limit > 0 ? read_number("/sys/fs/cgroup/memory.current") : -1;
    int64_t spare = used > 0 ? read_entry("/sys/fs/cgroup/memory.stat", "inactive_file ") : 0;
    return used > 0 ? limit - used + (spare > 0 ? spare : 0) : -1;
}

int64_t mc_os_memory_left(void)
{
    int64_t machine = read_entry("/proc/meminfo", "MemAvailable:");
    int64_t cgroup = cgroup_memory_left();
    machine = machine < 0 ? -1 : machine * 1024;
    return machine < 0 || (cgroup >= 0 && cgroup < machine) ? cgroup : machine;
}

void mc_os_return_memory(void)
{
    malloc_trim(0);
}

int64_t mc_os_rss(pid_t pid)
{
    char path[64];
    long long pages = -1;
    snprintf(path, sizeof path, "/proc/%d/statm", (int) pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        return -1;
    }
    if (fscanf(file, "%*s %lld", &pages) != 1) {
        pages = -1;
    }
    fclose(file);
    return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

void mc_os_cloexec_from(int lowest)
{
    syscall(SYS_close_range, (unsigned) lowest, ~0U, CLOSE_RANGE_CLOEXEC);
}

void mc_os_set_name(const char *name)
{
    prctl(PR_SET_NAME, name);
}

int mc_os_memory_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

/* /proc/self/statm: size resident shared text lib data dirty, in pages. Its data includes the
 * stack, which RLIMIT_DATA does not count: a page or two more than promised. */
int64_t mc_os_data(void)
{
    char text[256];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    int field = 0;
    int64_t pages = 0;
    for (ssize_t i = 0; i < length && field < 6; i++) {
        if (text[i] == ' ') {
            field++;
        } else if (field == 5 && text[i] >= '0' && text[i] <= '9') {
            pages = pages * 10 + (text[i] - '0');
        }
    }
    return pages * sysconf(_SC_PAGESIZE);
}
