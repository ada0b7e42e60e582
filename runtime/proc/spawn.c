#include "proc/spawn.h"

#include "base/mem.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_NS 50000000

#ifdef __SANITIZE_THREAD__
/* The sanitizer has locks of its own, which only the fork that it knows leaves free in the child.
 */
#define _Fork fork
#endif

enum step {
    MC_STEP_PID, /* not a failure: the daemon's pid */
    MC_STEP_FORK,
    MC_STEP_SESSION,
    MC_STEP_GROUP,
    MC_STEP_DEATH_SIGNAL,
    MC_STEP_NULL,
    MC_STEP_DESCRIPTOR,
    MC_STEP_CHDIR,
    MC_STEP_LIMIT,
    MC_STEP_EXEC,
};

/* What a child tells its caller, small enough for one atomic write. */
struct report {
    enum step step;
    int value; /* errno, or the pid */
};

/* Everything a child needs, worked out before the fork. */
struct plan {
    const struct mc_spawn_spec *spec;
    const struct mc_spawn_fd *fds;
    size_t n_fds;
    int report_fd;
    pid_t parent;
};

static void tell(int fd, enum step step, int value)
{
    struct report report = {step, value};
    while (write(fd, &report, sizeof report) < 0 && errno == EINTR) {
    }
}

static _Noreturn void fail(int fd, enum step step)
{
    tell(fd, step, errno);
    _exit(127);
}

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++) {
        sigaction(i, &action, NULL);
    }
}

/* Sources may be each other's targets, so all move out of the way before the first one is put in
 * its place. Returns the number under which the report descriptor is found afterwards. */
static int place_descriptors(const struct plan *plan)
{
    const struct mc_spawn_spec *spec = plan->spec;
    int from[3 + MC_SPAWN_MAX_FDS] = {spec->in, spec->out, spec->err};
    int to[3 + MC_SPAWN_MAX_FDS] = {0, 1, 2};
    size_t count = 3 + plan->n_fds;
    int above = 3;
    for (size_t i = 0; i < plan->n_fds; i++) {
        from[3 + i] = plan->fds[i].from;
        to[3 + i] = plan->fds[i].to;
        above = to[3 + i] >= above ? to[3 + i] + 1 : above;
    }
    int report_fd = fcntl(plan->report_fd, F_DUPFD_CLOEXEC, above);
    if (report_fd < 0) {
        fail(plan->report_fd, MC_STEP_DESCRIPTOR);
    }
    for (size_t i = 0; i < count; i++) {
        if (from[i] < 0) {
            from[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
        }
        if (from[i] < 0) {
            fail(report_fd, MC_STEP_NULL);
        }
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, above);
        if (from[i] < 0) {
            fail(report_fd, MC_STEP_DESCRIPTOR);
        }
    }
    mc_os_cloexec_from(3);
    for (size_t i = 0; i < count; i++) {
        if (dup2(from[i], to[i]) < 0) {
            fail(report_fd, MC_STEP_DESCRIPTOR);
        }
    }
    return report_fd;
}

/* The rest of the child's life before the exec, after group and session. */
static _Noreturn void become(const struct plan *plan)
{
    const struct mc_spawn_spec *spec = plan->spec;
    int report_fd = place_descriptors(plan);
    if (spec->umask >= 0) {
        umask((mode_t) spec->umask);
    }
    if (spec->cwd && chdir(spec->cwd) < 0) {
        fail(report_fd, MC_STEP_CHDIR);
    }
    if (spec->nice != 0) {
        (void) !nice(spec->nice); /* a wish */
    }
    mc_limits_restore_files();
    errno = spec->limits ? mc_limits_apply(spec->limits, 0) : 0;
    if (errno) {
        fail(report_fd, MC_STEP_LIMIT);
    }
    sigset_t none;
    sigemptyset(&none);
    reset_signals();
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(spec->path, spec->argv, spec->envp ? spec->envp : environ);
    fail(report_fd, MC_STEP_EXEC);
}

static _Noreturn void child(const struct plan *plan)
{
    const struct mc_spawn_spec *spec = plan->spec;
    if (spec->group == MC_SPAWN_NEW_SESSION && setsid() < 0) {
        fail(plan->report_fd, MC_STEP_SESSION);
    }
    if (spec->group == MC_SPAWN_NEW_GROUP && setpgid(0, 0) < 0) {
        fail(plan->report_fd, MC_STEP_GROUP);
    }
    errno = 0;
    if (spec->death_signal && mc_os_parent_death(plan->parent, spec->death_signal, NULL) < 0) {
        errno = errno ? errno : ESRCH;
        fail(plan->report_fd, MC_STEP_DEATH_SIGNAL);
    }
    become(plan);
}

/* The first of a daemon's two forks: makes the session, forks again and ends, so that the daemon is
 * nobody's child here and cannot get a terminal. */
static _Noreturn void daemon_child(const struct plan *plan)
{
    if (setsid() < 0) {
        fail(plan->report_fd, MC_STEP_SESSION);
    }
    pid_t pid = _Fork();
    if (pid < 0) {
        fail(plan->report_fd, MC_STEP_FORK);
    }
    if (pid == 0) {
        become(plan);
    }
    tell(plan->report_fd, MC_STEP_PID, (int) pid);
    _exit(0);
}

/* _Fork runs no atfork handlers, which might take locks that another thread holds; with all signals
 * blocked no handler of the caller's runs in the child. */
static pid_t fork_into(void (*run)(const struct plan *), const struct plan *plan)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = _Fork();
    if (pid == 0) {
        run(plan);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

static int explain(const struct mc_spawn_spec *spec, struct report report, mc_err *err)
{
    static const char *const steps[] = {
        [MC_STEP_FORK] = "fork",
        [MC_STEP_SESSION] = "make a session",
        [MC_STEP_GROUP] = "make a process group",
        [MC_STEP_DEATH_SIGNAL] = "set the death signal",
        [MC_STEP_NULL] = "open '/dev/null'",
        [MC_STEP_DESCRIPTOR] = "pass a descriptor",
        [MC_STEP_LIMIT] = "set a limit",
    };
    errno = report.value;
    enum mc_code code = errno == ENOENT   ? MC_NOT_FOUND
                        : errno == EACCES ? MC_PERMISSION
                        : errno == ENOMEM ? MC_NO_MEMORY
                                          : MC_SYSTEM;
    if (report.step == MC_STEP_CHDIR) {
        mc_err_errno(err, code, "chdir '%s'", spec->cwd);
    } else if (report.step == MC_STEP_EXEC) {
        mc_err_errno(err, code, "exec");
    } else {
        mc_err_errno(err, code, "%s", steps[report.step]);
    }
    return mc_err_wrap(err, "start '%s'", spec->path);
}

/* Reads what the children tell until the last of them has exec'd or ended. Returns 1 where one
 * reported a failure. */
static int read_reports(int fd, pid_t *ret_pid, struct report *ret_failure)
{
    int failed = 0;
    struct report report;
    for (;;) {
        ssize_t n = read(fd, &report, sizeof report);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != (ssize_t) sizeof report) {
            return failed;
        }
        if (report.step == MC_STEP_PID) {
            *ret_pid = report.value;
        } else {
            *ret_failure = report;
            failed = 1;
        }
    }
}

/* ECHILD is fine: another thread of the caller, or an ignored SIGCHLD, was faster. */
static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static int check(const struct mc_spawn_spec *spec, size_t n_fds, mc_err *err)
{
    if (!spec->path || !spec->argv || n_fds > MC_SPAWN_MAX_FDS) {
        return mc_err_set(err, MC_INTERNAL, "incomplete description of a process");
    }
    for (size_t i = 0; i < spec->n_fds; i++) {
        if (spec->fds[i].to < 3 || spec->fds[i].from < 0) {
            return mc_err_set(err,
                              MC_INTERNAL,
                              "descriptor %d cannot become %d",
                              spec->fds[i].from,
                              spec->fds[i].to);
        }
    }
    return 0;
}

/* Forks, and waits for the exec. */
static int start(struct plan *plan,
                 void (*run)(const struct plan *),
                 pid_t *ret_pid,
                 pid_t *ret_daemon,
                 mc_err *err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "start '%s': make a pipe", plan->spec->path);
    }
    mc_autoclose int report_read = pipe_fds[0];
    plan->report_fd = pipe_fds[1];
    plan->parent = getpid();
    pid_t pid = fork_into(run, plan);
    int error = errno;
    close(pipe_fds[1]);
    if (pid < 0) {
        return explain(plan->spec, (struct report) {MC_STEP_FORK, error}, err);
    }
    struct report failure;
    if (read_reports(report_read, ret_daemon, &failure)) {
        reap(pid);
        return explain(plan->spec, failure, err);
    }
    *ret_pid = pid;
    return 0;
}

int mc_spawn(const struct mc_spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, mc_err *err)
{
    struct plan plan = {.spec = spec, .fds = spec->fds, .n_fds = spec->n_fds};
    pid_t pid = -1;
    pid_t unused;
    if (mc_fault("spawn")) {
        return mc_err_errno(err, MC_SYSTEM, "start '%s'", spec->path);
    }
    if (check(spec, spec->n_fds, err) < 0 || start(&plan, child, &pid, &unused, err) < 0) {
        return -1;
    }
    if (ret_pidfd && mc_os_pidfd(pid, ret_pidfd, err) < 0) {
        kill(pid, SIGKILL);
        reap(pid);
        return mc_err_wrap(err, "start '%s'", spec->path);
    }
    *ret_pid = pid;
    return 0;
}

/* Reads up to the first newline. Returns 1 with the line complete, 0 at the end of the file, -1
 * after the deadline, -2 where the caller gave it up. */
static int
read_line(const struct mc_spawn_daemon *daemon, int fd, char *line, size_t size, mc_err *err)
{
    int64_t deadline = mc_os_now() + (int64_t) daemon->timeout_ms * 1000000;
    size_t length = 0;
    line[0] = '\0';
    for (;;) {
        int64_t left = deadline - mc_os_now();
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        int64_t turn = daemon->pause && left > PAUSE_NS ? PAUSE_NS : left;
        int ready = left > 0 ? poll(&poller, 1, (int) (turn / 1000000) + 1) : 0;
        if (ready <= 0 && daemon->pause && daemon->pause(daemon->arg, err) < 0) {
            return -2;
        }
        if ((ready < 0 && errno == EINTR) || (ready == 0 && turn < left)) {
            continue;
        }
        if (ready <= 0) {
            return -1;
        }
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || c == '\n') {
            return n > 0;
        }
        if (length + 1 < size) {
            line[length++] = c;
            line[length] = '\0';
        }
    }
}

static int await_ready(const struct mc_spawn_daemon *daemon,
                       pid_t pid,
                       int fd,
                       char *ret_line,
                       size_t line_size,
                       mc_err *err)
{
    int outcome = read_line(daemon, fd, ret_line, line_size, err);
    if (outcome > 0) {
        return 0;
    }
    if (outcome == 0) {
        return mc_err_set(err,
                          MC_DAEMON_UNAVAILABLE,
                          "'%s' ended before it was ready%s%s",
                          daemon->spec.path,
                          ret_line[0] ? ": " : "",
                          ret_line);
    }
    /* It holds the other end of the pipe, so the pid is still its own; nobody uses it yet. */
    kill(pid, SIGKILL);
    if (outcome == -2) {
        return -1;
    }
    return mc_err_set(
        err, MC_TIMEOUT, "'%s' was not ready within %d ms", daemon->spec.path, daemon->timeout_ms);
}

int mc_spawn_daemon(const struct mc_spawn_daemon *daemon,
                    pid_t *ret_pid,
                    char *ret_line,
                    size_t line_size,
                    mc_err *err)
{
    const struct mc_spawn_spec *spec = &daemon->spec;
    if (check(spec, spec->n_fds + 1, err) < 0) {
        return -1;
    }
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "start '%s': make a pipe", spec->path);
    }
    mc_autoclose int ready = pipe_fds[0];
    struct mc_spawn_fd fds[MC_SPAWN_MAX_FDS];
    if (spec->n_fds > 0) {
        memcpy(fds, spec->fds, spec->n_fds * sizeof fds[0]);
    }
    fds[spec->n_fds] = (struct mc_spawn_fd) {.from = pipe_fds[1], .to = daemon->ready_fd};
    struct plan plan = {.spec = spec, .fds = fds, .n_fds = spec->n_fds + 1};
    pid_t first = -1;
    pid_t pid = 0;
    int outcome = start(&plan, daemon_child, &first, &pid, err);
    close(pipe_fds[1]);
    if (outcome < 0) {
        return -1;
    }
    reap(first);
    if (pid < 2) {
        return mc_err_set(err, MC_SYSTEM, "start '%s': killed while starting", spec->path);
    }
    if (await_ready(daemon, pid, ready, ret_line, line_size, err) < 0) {
        return -1;
    }
    if (ret_pid) {
        *ret_pid = pid;
    }
    return 0;
}
