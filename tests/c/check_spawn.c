#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "proc/group.h"
#include "proc/limits.h"
#include "proc/spawn.h"

#include <check.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mc_err err;

static void read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t n;
    while ((n = read(fd, text + length, size - 1 - length)) > 0) {
        length += (size_t) n;
    }
    text[length] = '\0';
}

static const char *shell_argv[] = {"sh", "-c", NULL, NULL};

/* What exec takes is not const, and is not written to either. */
#define UNCONST(strings) ((char *const *) (uintptr_t) (strings))

static struct mc_spawn_spec shell(const char *script)
{
    struct mc_spawn_spec spec = MC_SPAWN_INIT;
    shell_argv[2] = script;
    spec.path = "/bin/sh";
    spec.argv = UNCONST(shell_argv);
    return spec;
}

static int wait_for(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* What the process wrote to its stdout, and its status. */
static int output_of(struct mc_spawn_spec spec, char *text, size_t size)
{
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    spec.out = out[1];
    pid_t pid;
    ck_assert_msg(mc_spawn(&spec, &pid, NULL, &err) == 0, "%s", err.message);
    close(out[1]);
    read_all(out[0], text, size);
    close(out[0]);
    return wait_for(pid);
}

START_TEST(test_a_process_gets_its_directory_environment_umask_and_group)
{
    char text[512];
    const char *envp[] = {"COLOUR=green", NULL};
    struct mc_spawn_spec spec =
        shell("pwd; echo $COLOUR; umask; read -r _ _ _ _ g _ < /proc/$$/stat; "
              "[ $g = $$ ] && echo leads; exit 3");
    spec.envp = UNCONST(envp);
    spec.cwd = "/usr";
    spec.umask = 027;
    spec.group = MC_SPAWN_NEW_GROUP;
    int status = output_of(spec, text, sizeof text);
    ck_assert_str_eq(text, "/usr\ngreen\n0027\nleads\n");
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

START_TEST(test_descriptors_arrive_under_their_numbers_and_no_others)
{
    char text[512];
    int a[2];
    int b[2];
    ck_assert_int_eq(pipe(a), 0); /* not close-on-exec: the child must lose them all the same */
    ck_assert_int_eq(pipe(b), 0);
    ck_assert_int_eq(write(a[1], "A\n", 2), 2);
    ck_assert_int_eq(write(b[1], "B\n", 2), 2);
    close(a[1]);
    close(b[1]);
    /* Each becomes the other's number. */
    struct mc_spawn_fd fds[] = {{.from = a[0], .to = b[0]}, {.from = b[0], .to = a[0]}};
    char script[256];
    snprintf(
        script, sizeof script, "cat <&%d; cat <&%d; ls /proc/$$/fd | tr '\\n' ' '", b[0], a[0]);
    struct mc_spawn_spec spec = shell(script);
    spec.fds = fds;
    spec.n_fds = 2;
    ck_assert_int_eq(output_of(spec, text, sizeof text), 0);
    char expected[64];
    snprintf(expected,
             sizeof expected,
             "A\nB\n0 1 2 %d %d ",
             a[0] < b[0] ? a[0] : b[0],
             a[0] < b[0] ? b[0] : a[0]);
    ck_assert_str_eq(text, expected);
    close(a[0]);
    close(b[0]);
}
END_TEST

START_TEST(test_standard_input_is_empty_where_none_is_given)
{
    char text[64];
    struct mc_spawn_spec spec = shell("cat; echo end >&2; echo done");
    ck_assert_int_eq(output_of(spec, text, sizeof text), 0);
    ck_assert_str_eq(text, "done\n");
}
END_TEST

START_TEST(test_what_does_not_start_says_which_step_and_leaves_no_child)
{
    pid_t pid;
    int pidfd = -1;
    struct mc_spawn_spec spec = shell("true");
    spec.cwd = "/no/such";
    ck_assert_int_eq(mc_spawn(&spec, &pid, &pidfd, &err), -1);
    ck_assert_str_eq(err.message, "start '/bin/sh': chdir '/no/such': No such file or directory");
    ck_assert_int_eq(err.code, MC_NOT_FOUND);
    spec = shell("true");
    spec.path = "/no/such/sh";
    ck_assert_int_eq(mc_spawn(&spec, &pid, &pidfd, &err), -1);
    ck_assert_str_eq(err.message, "start '/no/such/sh': exec: No such file or directory");
    spec.path = "/etc/passwd";
    ck_assert_int_eq(mc_spawn(&spec, &pid, &pidfd, &err), -1);
    ck_assert_int_eq(err.code, MC_PERMISSION);
    spec = shell("true");
    struct mc_spawn_fd closed = {.from = 987, .to = 5};
    spec.fds = &closed;
    spec.n_fds = 1;
    ck_assert_int_eq(mc_spawn(&spec, &pid, &pidfd, &err), -1);
    ck_assert_str_eq(err.message, "start '/bin/sh': pass a descriptor: Bad file descriptor");
    ck_assert_int_eq(pidfd, -1);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(test_signals_are_default_and_unblocked_in_the_child)
{
    char text[256];
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct mc_spawn_spec spec = shell("while read -r name value; do case $name in SigBlk:|SigIgn:) "
                                      "echo $value;; esac; done < /proc/self/status");
    ck_assert_int_eq(output_of(spec, text, sizeof text), 0);
    ck_assert_str_eq(text, "0000000000000000\n0000000000000000\n");
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    ck_assert_int_eq(sigismember(&now, SIGTERM), 1); /* the caller's are as they were */
    ck_assert_int_eq(sigismember(&now, SIGINT), 0);
}
END_TEST

START_TEST(test_a_child_dies_with_the_thread_that_started_it)
{
    int lines[2];
    ck_assert_int_eq(pipe2(lines, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct mc_spawn_spec spec = shell("echo $$; exec sleep 1000");
        spec.out = lines[1];
        spec.death_signal = SIGKILL;
        pid_t pid;
        _exit(mc_spawn(&spec, &pid, NULL, &err) == 0 && read(lines[0], &(char) {0}, 1) == 1 ? 0
                                                                                            : 1);
    }
    close(lines[1]);
    ck_assert_int_eq(wait_for(parent), 0);
    char text[64];
    read_all(lines[0], text, sizeof text); /* ends only when the child is gone */
    close(lines[0]);
}
END_TEST

START_TEST(test_limits_reach_the_process)
{
    char text[64];
    struct mc_limits limits = {.cpu = 1.5, .memory = 64 << 20};
    struct mc_spawn_spec spec = shell("ulimit -t; ulimit -d; ulimit -c");
    spec.limits = &limits;
    ck_assert_int_eq(output_of(spec, text, sizeof text), 0);
    ck_assert_str_eq(text, "2\n65536\n0\n");
}
END_TEST

static bool alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static struct mc_spawn_daemon daemon_of(const char *script)
{
    struct mc_spawn_daemon daemon = {.spec = shell(script), .ready_fd = 7, .timeout_ms = 20000};
    return daemon;
}

/* Until the process, which is not our child, is gone. */
static void await_end(pid_t pid)
{
    int pidfd;
    if (mc_os_pidfd(pid, &pidfd, &err) == 0) {
        struct pollfd poller = {.fd = pidfd, .events = POLLIN};
        ck_assert_int_eq(poll(&poller, 1, 20000), 1);
        close(pidfd);
    }
}

START_TEST(test_a_daemon_is_nobodys_child_and_says_its_line)
{
    char line[64];
    pid_t pid;
    struct mc_spawn_daemon daemon =
        daemon_of("read -r _ _ _ p g s _ < /proc/$$/stat; echo \"ready $p $g $s\" >&7; exec 7>&-; "
                  "exec sleep 1000");
    ck_assert_msg(mc_spawn_daemon(&daemon, &pid, line, sizeof line, &err) == 0, "%s", err.message);
    int parent;
    int group;
    int session;
    ck_assert_int_eq(sscanf(line, "ready %d %d %d", &parent, &group, &session), 3);
    ck_assert_int_ne(parent, getpid());
    ck_assert_int_ne(session, getsid(0));
    ck_assert_int_ne(group, getpgrp());
    ck_assert_int_ne(session, pid); /* and so can never get a terminal */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert(alive(pid));
    kill(pid, SIGKILL);
    await_end(pid);
}
END_TEST

START_TEST(test_a_daemon_that_fails_is_an_error_and_leaves_nothing)
{
    char line[64];
    pid_t pid;
    struct mc_spawn_daemon daemon = daemon_of("printf 'no luck' >&7");
    ck_assert_int_eq(mc_spawn_daemon(&daemon, &pid, line, sizeof line, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_str_eq(err.message, "'/bin/sh' ended before it was ready: no luck");
    daemon.spec.path = "/no/such/daemon";
    ck_assert_int_eq(mc_spawn_daemon(&daemon, &pid, line, sizeof line, &err), -1);
    ck_assert_str_eq(err.message, "start '/no/such/daemon': exec: No such file or directory");
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(test_a_daemon_that_is_not_ready_in_time_is_killed)
{
    char line[64];
    pid_t pid;
    int held[2];
    ck_assert_int_eq(pipe2(held, O_CLOEXEC), 0);
    struct mc_spawn_daemon daemon = daemon_of("exec sleep 1000");
    daemon.timeout_ms = 50;
    daemon.spec.out = held[1];
    ck_assert_int_eq(mc_spawn_daemon(&daemon, &pid, line, sizeof line, &err), -1);
    ck_assert_int_eq(err.code, MC_TIMEOUT);
    close(held[1]);
    read_all(held[0], line, sizeof line); /* to its end: it is gone */
    close(held[0]);
}
END_TEST

static atomic_bool stop_churning;

static void *churn(void *data)
{
    (void) data;
    while (!stop_churning) {
        free(malloc(1000));
    }
    return NULL;
}

START_TEST(test_processes_start_while_other_threads_allocate)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, NULL), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct mc_spawn_spec spec = shell("exit 4");
        pid_t pid;
        ck_assert_int_eq(mc_spawn(&spec, &pid, NULL, &err), 0);
        ck_assert_int_eq(WEXITSTATUS(wait_for(pid)), 4);
    }
    stop_churning = true;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
}
END_TEST

/* Starts a script in its own group with a tag and waits for its first line. */
static pid_t start_tagged(const char *script, const char *tag_entry)
{
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    const char *envp[] = {"PATH=/usr/bin:/bin", "PADDING=x", tag_entry, NULL};
    struct mc_spawn_spec spec = shell(script);
    spec.envp = UNCONST(envp);
    spec.group = MC_SPAWN_NEW_GROUP;
    spec.out = out[1];
    pid_t pid;
    ck_assert_int_eq(mc_spawn(&spec, &pid, NULL, &err), 0);
    close(out[1]);
    ck_assert_int_eq(read(out[0], &(char) {0}, 1), 1);
    close(out[0]);
    return pid;
}

START_TEST(test_escaped_descendants_are_found_by_their_tag)
{
    ck_assert_int_eq(mc_os_subreaper(&err), 0);
    pid_t pid = start_tagged("setsid sh -c 'echo x; exec sleep 1000' & exec sleep 1000",
                             "MOJOCELL_RUN=spawn-check-1");
    char tag[MC_TAG_MAX + 1];
    ck_assert_int_eq(mc_group_tag(pid, tag), 1);
    ck_assert_str_eq(tag, "spawn-check-1");
    struct mc_group_usage usage;
    mc_group_usage(pid, NULL, &usage);
    ck_assert_int_eq(usage.processes, 1);
    mc_group_usage(pid, "spawn-check-1", &usage);
    ck_assert_int_eq(usage.processes, 2);
    ck_assert(usage.resident > 0 && usage.anonymous > 0 && usage.anonymous < usage.resident);
    ck_assert_int_eq(mc_group_kill_tagged("spawn-check"), 0);
    ck_assert_int_gt(mc_group_kill_tagged("spawn-check-1"), 1);
    ck_assert_int_eq(WTERMSIG(wait_for(pid)), SIGKILL);
    ck_assert_int_gt(waitpid(-1, NULL, 0), 0); /* the escaped one, dead as well */
    mc_group_usage(pid, "spawn-check-1", &usage);
    ck_assert_int_eq(usage.processes, 0);
    ck_assert_int_eq(mc_group_tag(getpid(), tag), 0);
}
END_TEST

START_TEST(test_a_signal_goes_to_a_group_that_is_there)
{
    pid_t deaf = start_tagged("trap '' TERM; echo x; exec sleep 1000", "A=b");
    ck_assert_int_eq(mc_group_signal(deaf, SIGKILL), 0);
    ck_assert_int_eq(WTERMSIG(wait_for(deaf)), SIGKILL);
    ck_assert_int_eq(mc_group_signal(deaf, SIGTERM), 1);
    ck_assert_int_eq(mc_group_signal(0, SIGKILL), 1);
    ck_assert_int_eq(mc_group_signal(1, SIGKILL), 1);
}
END_TEST

#define EXITED(n)   ((n) << 8)
#define SIGNALED(n) (n)

START_TEST(test_the_limit_that_ended_a_program_is_named)
{
    const struct mc_limits limits = {.cpu = 2, .memory = 1 << 20};
    const struct mc_limits none = {0};
    static const struct {
        struct mc_limits_facts facts;
        enum mc_limit expected;
    } cases[] = {
        {{.status = EXITED(0)}, MC_LIMIT_NONE},
        {{.status = SIGNALED(SIGKILL), .killed_by = MC_LIMIT_WALL}, MC_LIMIT_WALL},
        {{.status = SIGNALED(SIGTERM), .killed_by = MC_LIMIT_OUTPUT}, MC_LIMIT_OUTPUT},
        {{.status = SIGNALED(SIGXCPU), .cpu = 2.0}, MC_LIMIT_CPU},
        {{.status = SIGNALED(SIGKILL), .cpu = 3.0}, MC_LIMIT_CPU},
        {{.status = SIGNALED(SIGKILL), .cpu = 0.3}, MC_LIMIT_NONE},
        {{.status = SIGNALED(SIGILL), .allocation_failed = true}, MC_LIMIT_MEMORY},
        {{.status = EXITED(1), .allocation_failed = true}, MC_LIMIT_MEMORY},
        {{.status = EXITED(0), .allocation_failed = true}, MC_LIMIT_NONE},
        {{.status = SIGNALED(SIGILL)}, MC_LIMIT_NONE},
    };
    for (size_t i = 0; i < MC_LENGTH(cases); i++) {
        ck_assert_msg(
            mc_limits_classify(&limits, &cases[i].facts) == cases[i].expected, "case %zu", i);
        enum mc_limit unlimited = mc_limits_classify(&none, &cases[i].facts);
        ck_assert_int_eq(unlimited, cases[i].facts.killed_by);
    }
    ck_assert_str_eq(mc_limit_name(MC_LIMIT_PROCESSES), "processes");
    ck_assert_ptr_null(mc_limit_name(MC_LIMIT_NONE));
    const char abort_text[] = "ABORT: alloc.mojo:761:14: alloc failed: returned a null pointer\n";
    ck_assert(mc_limits_text_tells_memory(abort_text, strlen(abort_text)));
    ck_assert(!mc_limits_text_tells_memory("all fine", 8));
    ck_assert_int_gt(mc_os_data(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spawn");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, test_a_process_gets_its_directory_environment_umask_and_group);
    tcase_add_test(all, test_descriptors_arrive_under_their_numbers_and_no_others);
    tcase_add_test(all, test_standard_input_is_empty_where_none_is_given);
    tcase_add_test(all, test_what_does_not_start_says_which_step_and_leaves_no_child);
    tcase_add_test(all, test_signals_are_default_and_unblocked_in_the_child);
    tcase_add_test(all, test_a_child_dies_with_the_thread_that_started_it);
    tcase_add_test(all, test_limits_reach_the_process);
    tcase_add_test(all, test_a_daemon_is_nobodys_child_and_says_its_line);
    tcase_add_test(all, test_a_daemon_that_fails_is_an_error_and_leaves_nothing);
    tcase_add_test(all, test_a_daemon_that_is_not_ready_in_time_is_killed);
    tcase_add_test(all, test_processes_start_while_other_threads_allocate);
    tcase_add_test(all, test_escaped_descendants_are_found_by_their_tag);
    tcase_add_test(all, test_a_signal_goes_to_a_group_that_is_there);
    tcase_add_test(all, test_the_limit_that_ended_a_program_is_named);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
