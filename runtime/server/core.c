#include "server/core.h"

#include "base/fault.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void mc_log(const char *format, ...)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%F %T", &local);
    fprintf(stderr, "%s ", stamp);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void mc_core_adopt(struct mc_core *core, struct mc_child *child)
{
    mc_list_add(&core->children, &child->node);
}

void mc_core_forget(struct mc_child *child)
{
    mc_node_remove(&child->node);
    child->pid = 0;
}

static struct mc_child *find_child(struct mc_core *core, pid_t pid)
{
    MC_LIST_EACH(&core->children, struct mc_child, child, node)
    {
        if (child->pid == pid) {
            return child;
        }
    }
    return NULL;
}

void mc_core_reap(struct mc_core *core)
{
    int status;
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        struct mc_child *child = find_child(core, pid);
        if (child) {
            mc_core_forget(child);
            child->ended(child, pid, status, &usage);
        }
    }
}

int mc_core_pipe(int *ret_read, int *ret_write, mc_err *err)
{
    int fds[2];
    if (mc_fault("pipe") || pipe2(fds, O_CLOEXEC) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make a pipe");
    }
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    *ret_read = fds[0];
    *ret_write = fds[1];
    return 0;
}
