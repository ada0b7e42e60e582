#include "proc/group.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_ENTRY     MC_TAG_NAME "="
#define ENVIRON_LIMIT (1 << 20) /* of a process's environment, looked at */
#define KILL_PASSES   20

int mc_group_signal(pid_t pgid, int signal)
{
    if (pgid < 2) {
        return 1;
    }
    return kill(-pgid, signal) < 0 && errno == ESRCH;
}

/* Reads a file of /proc/<pid> into a NUL-terminated buffer; its length, or -1. */
static ssize_t read_proc(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, name);
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    size_t length = 0;
    while (length + 1 < size) {
        ssize_t n = read(fd, text + length, size - 1 - length);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        length += (size_t) n;
    }
    text[length] = '\0';
    return (ssize_t) length;
}

/* The tag's value in an environment block, or NULL. */
static const char *find_tag(const char *block, size_t length)
{
    const size_t prefix = strlen(TAG_ENTRY);
    const char *end = block + length;
    while (block < end) {
        size_t entry = strnlen(block, (size_t) (end - block));
        if (entry >= prefix && memcmp(block, TAG_ENTRY, prefix) == 0) {
            return block + prefix;
        }
        block += entry + 1;
    }
    return NULL;
}

int mc_group_tag(pid_t pid, char ret[static MC_TAG_MAX + 1])
{
    char head[4096]; /* we put the tag first, and most programs leave it there */
    mc_autofree char *whole = NULL;
    ssize_t length = read_proc(pid, "environ", head, sizeof head);
    const char *tag = length > 0 ? find_tag(head, (size_t) length) : NULL;
    if (!tag && length == (ssize_t) sizeof head - 1) {
        whole = malloc(ENVIRON_LIMIT);
        length = whole ? read_proc(pid, "environ", whole, ENVIRON_LIMIT) : -1;
        tag = length > 0 ? find_tag(whole, (size_t) length) : NULL;
    }
    size_t size = tag ? strlen(tag) : 0;
    if (size == 0 || size > MC_TAG_MAX) {
        return 0;
    }
    memcpy(ret, tag, size + 1);
    return 1;
}

typedef void each_process(pid_t pid, bool own, void *data);

/* Calls `each` for all processes but this one; `own`: of this user. */
static void walk(each_process *each, void *data)
{
    DIR *dir = opendir("/proc");
    if (!dir) {
        return;
    }
    pid_t self = getpid();
    uid_t user = geteuid();
    for (struct dirent *entry; (entry = readdir(dir));) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        struct stat status;
        if (pid < 2 || *end || pid == self || fstatat(dirfd(dir), entry->d_name, &status, 0) < 0) {
            continue;
        }
        each((pid_t) pid, status.st_uid == user, data);
    }
    closedir(dir);
}

/* The process group of a live process, or -1: also for a zombie. */
static pid_t live_group(pid_t pid)
{
    char text[512];
    char state;
    int group;
    const char *after = read_proc(pid, "stat", text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
    if (!after || sscanf(after + 1, " %c %*d %d", &state, &group) != 2) {
        return -1;
    }
    return state == 'Z' || state == 'X' ? -1 : group;
}

struct usage_walk {
    pid_t pgid;
    const char *tag;
    struct mc_group_usage usage;
};

static void add_usage(pid_t pid, bool own, void *data)
{
    struct usage_walk *w = data;
    char tag[MC_TAG_MAX + 1];
    pid_t group = live_group(pid);
    bool tagged = group >= 0 && group != w->pgid && own && w->tag && mc_group_tag(pid, tag) &&
                  strcmp(tag, w->tag) == 0;
    if (group != w->pgid && !tagged) {
        return;
    }
    char text[256];
    long long resident = 0;
    long long shared = 0;
    if (read_proc(pid, "statm", text, sizeof text) > 0 &&
        sscanf(text, "%*s %lld %lld", &resident, &shared) == 2) {
        long page = sysconf(_SC_PAGESIZE);
        w->usage.resident += resident * page;
        w->usage.anonymous += (resident - shared) * page;
    }
    w->usage.processes++;
}

void mc_group_usage(pid_t pgid, const char *tag, struct mc_group_usage *ret)
{
    struct usage_walk w = {.pgid = pgid, .tag = tag};
    walk(add_usage, &w);
    *ret = w.usage;
}

struct kill_walk {
    const char *tag;
    int killed;
};

static void kill_tagged(pid_t pid, bool own, void *data)
{
    struct kill_walk *w = data;
    char tag[MC_TAG_MAX + 1];
    if (own && mc_group_tag(pid, tag) && strcmp(tag, w->tag) == 0 && live_group(pid) >= 0 &&
        kill(pid, SIGKILL) == 0) {
        w->killed++;
    }
}

/* Between two passes a process may have forked; a killed one that is not gone yet is found, and
 * counted, once more. */
int mc_group_kill_tagged(const char *tag)
{
    int total = 0;
    for (int pass = 0; pass < KILL_PASSES && tag[0]; pass++) {
        struct kill_walk w = {.tag = tag};
        walk(kill_tagged, &w);
        if (w.killed == 0) {
            break;
        }
        total += w.killed;
    }
    return total;
}
