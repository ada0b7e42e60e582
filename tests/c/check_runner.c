#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "base/symbols.h"
#include "proc/group.h"
#include "runner/runner_link.h"
#include "runner_harness.h"

#include <check.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Set by the build: MC_RUNNER, MC_PROGRAM, MC_RUNTIME; MC_WANTS, MC_LACKS and MC_MORE are of
 * fixtures/more.c. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_ALLOWED (8 << 20) /* freed memory is kept, to catch its use */
#else
#define GROWTH_ALLOWED (256 << 10)
#endif

static struct mc_runner_link *runner;
static mc_err err;

static void set_up(void)
{
    const char *libraries[] = {MC_RUNTIME, NULL};
    runner = harness_start(libraries);
    struct mc_runner_event ready = harness_event(runner);
    ck_assert_msg(ready.kind == MC_RUNNER_READY, "%s", ready.message);
    ck_assert_int_eq(ready.pid, mc_runner_link_pid(runner));
}

static void tear_down(void)
{
    runner = mc_runner_link_free(runner);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child, no zombie */
}

static struct mc_runner_run request(const char *const *args)
{
    return harness_request(MC_PROGRAM, args);
}

static void run(const char *what, struct outcome *ret)
{
    const char *args[] = {what, NULL};
    harness_run(runner, request(args), ret);
}

static bool alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

START_TEST(test_a_program_returns_its_status_and_its_times)
{
    struct outcome o;
    run("three", &o);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_RAN);
    ck_assert(WIFEXITED(o.end.status));
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
    ck_assert_int_gt(o.pid, 1);
    ck_assert_int_eq(o.end.pid, o.pid);
    ck_assert_str_eq(o.out, "globals destroyed\n");
    ck_assert_str_eq(o.end.message, "");
    ck_assert(o.end.load_seconds > 0 && o.end.run_seconds > 0);
    ck_assert_int_gt(o.end.usage.ru_maxrss, 0);
    ck_assert(!o.end.executed);
}
END_TEST

static void check_all(const struct outcome *o)
{
    ck_assert_ptr_nonnull(strstr(o->out, "cwd=/usr umask=027 group=1 name=cell\n"));
    ck_assert_ptr_nonnull(strstr(o->out,
                                 "argv[0]=cell\nargv[1]=all\nargv[2]=two words\n"
                                 "env MOJOCELL_RUN=test-1\nenv COLOUR=green\nglobals"));
}

START_TEST(test_a_program_gets_the_callers_directory_umask_arguments_and_environment)
{
    const char *args[] = {"all", "two words", NULL};
    struct outcome o;
    harness_run(runner, request(args), &o);
    check_all(&o);
}
END_TEST

START_TEST(test_an_executed_program_gets_the_same)
{
    const char *args[] = {"all", "two words", NULL};
    struct mc_runner_run wanted = request(args);
    wanted.fresh = true;
    struct outcome o;
    harness_run(runner, wanted, &o);
    check_all(&o);
    ck_assert(o.end.executed);
    ck_assert_str_eq(o.end.reason, "");
    run("three", &o);
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
}
END_TEST

START_TEST(test_a_program_that_cannot_do_without_is_executed_and_says_why)
{
    const char *args[] = {"three", NULL};
    const char *env[] = {"LD_PRELOAD=/no/such.so", NULL};
    struct mc_runner_run wanted = request(args);
    wanted.envp = env;
    struct outcome o;
    harness_run(runner, wanted, &o);
    ck_assert(o.end.executed);
    ck_assert_str_eq(o.end.reason, "LD_PRELOAD is set");
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
    env[0] = "LD_PRELOAD=";
    harness_run(runner, wanted, &o);
    ck_assert(!o.end.executed);
    env[0] = "LD_LIBRARY_PATH=/nowhere"; /* the program loads nothing */
    harness_run(runner, wanted, &o);
    ck_assert(!o.end.executed);
}
END_TEST

START_TEST(test_what_the_loader_read_for_the_runner_is_kept_from_a_program_without_it)
{
    const char *args[] = {"three", NULL};
    const char *env[] = {NULL};
    const char *libraries[] = {MC_RUNTIME, NULL};
    struct mc_runner_run wanted = request(args);
    struct outcome o;
    wanted.envp = env;
    setenv("LD_PRELOAD", "/no/such.so", 1);
    struct mc_runner_link *preloaded = harness_start(libraries);
    unsetenv("LD_PRELOAD");
    ck_assert_int_eq(harness_event(preloaded).kind, MC_RUNNER_READY);
    harness_run(preloaded, wanted, &o);
    ck_assert(o.end.executed);
    ck_assert_str_eq(o.end.reason, "LD_PRELOAD is set for the daemon alone");
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
    mc_runner_link_free(preloaded);
}
END_TEST

START_TEST(test_a_program_sees_three_descriptors_and_no_blocked_signal)
{
    struct outcome o;
    run("descriptors", &o);
    ck_assert_str_eq(o.out, "0 1 2 blocked=0\nglobals destroyed\n");
}
END_TEST

START_TEST(test_megabytes_of_environment_and_arguments_arrive)
{
    mc_autostrv env = MC_STRV_INIT;
    for (int i = 0; i < 40000; i++) {
        mc_strv_addf(&env, "NAME_%d=%0100d", i, i);
    }
    const char *args[] = {"three", NULL};
    struct mc_runner_run wanted = request(args);
    wanted.envp = (const char *const *) env.items;
    struct outcome o;
    harness_run(runner, wanted, &o);
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
}
END_TEST

START_TEST(test_standard_input_is_read_to_its_end)
{
    const char *args[] = {"echo", NULL};
    struct mc_runner_run wanted = request(args);
    int in[2];
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(write(in[1], "one\ntwo\n", 8), 8);
    close(in[1]);
    wanted.in = in[0];
    struct outcome o;
    harness_run(runner, wanted, &o);
    close(in[0]);
    ck_assert_str_eq(o.out, "got one\ngot two\nglobals destroyed\n");
}
END_TEST

START_TEST(test_exit_runs_handlers_and_flushes)
{
    struct outcome o;
    run("exit", &o);
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 5);
    ck_assert_str_eq(o.out, "exit handler\n");
    run("buffered", &o);
    ck_assert_str_eq(o.out, "no newline, no flushglobals destroyed\n");
}
END_TEST

START_TEST(test_what_a_program_held_is_free_when_its_end_is_told)
{
    char path[] = "/tmp/check-runner-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    const char *args[] = {"lock", path, NULL};
    struct outcome o;
    for (int i = 0; i < 200; i++) {
        harness_run(runner, request(args), &o);
        ck_assert_int_eq(WEXITSTATUS(o.end.status), 7);
        ck_assert_int_eq(flock(file, LOCK_EX | LOCK_NB), 0);
        ck_assert_int_eq(flock(file, LOCK_UN), 0);
    }
    close(file);
    unlink(path);
}
END_TEST

START_TEST(test_a_program_with_threads_or_children_ends_like_any_other)
{
    struct outcome o;
    for (int i = 0; i < 3; i++) {
        run("thread", &o);
        ck_assert_int_eq(WEXITSTATUS(o.end.status), 6);
        ck_assert_str_eq(o.out, "a thread runs\nglobals destroyed\n");
        run("fork", &o);
        ck_assert_int_eq(WEXITSTATUS(o.end.status), 4);
        ck_assert_str_eq(o.out, "the child has ended with 9\nglobals destroyed\n");
        ck_assert_int_gt(o.end.usage.ru_maxrss, 0);
    }
}
END_TEST

START_TEST(test_a_crash_and_a_stack_overflow_are_told_apart)
{
    struct outcome o;
    run("crash", &o);
    ck_assert_int_eq(WTERMSIG(o.end.status), SIGSEGV);
    ck_assert(!o.end.stack_overflow);
    run("segv-self", &o);
    ck_assert(WIFSIGNALED(o.end.status));
    ck_assert_int_eq(WTERMSIG(o.end.status), SIGSEGV);
    ck_assert(!o.end.stack_overflow);
    run("overflow", &o);
    ck_assert_int_eq(WTERMSIG(o.end.status), SIGSEGV);
    ck_assert(o.end.stack_overflow);
}
END_TEST

START_TEST(test_the_text_of_a_failed_assertion_comes_with_the_end)
{
    struct outcome o;
    run("assert", &o);
    ck_assert(WIFSIGNALED(o.end.status));
    ck_assert_str_eq(o.end.words.text,
                     "At: cell.mojo:3:7: Assert Error: index 5 is out of bounds\n");
    ck_assert_str_eq(o.out, "before\n");
}
END_TEST

START_TEST(test_formatted_output_passes)
{
    struct outcome o;
    run("format", &o);
    ck_assert_str_eq(o.out, "formatted and 7\nglobals destroyed\n");
    ck_assert_str_eq(o.end.message, "");
}
END_TEST

START_TEST(test_what_cannot_be_loaded_or_started_says_why)
{
    struct outcome o;
    struct mc_runner_run wanted = request(NULL);
    wanted.artifact = "/no/such.so";
    harness_run(runner, wanted, &o);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_NOT_LOADED);
    ck_assert_ptr_nonnull(strstr(o.end.message, "/no/such.so"));
    wanted.artifact = MC_RUNTIME;
    harness_run(runner, wanted, &o);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_NOT_LOADED);
    ck_assert_ptr_nonnull(strstr(o.end.message, "mc_main"));
    wanted = request(NULL);
    wanted.cwd = "/no/such";
    harness_run(runner, wanted, &o);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_NOT_STARTED);
    ck_assert_str_eq(o.end.message, "chdir '/no/such': No such file or directory");
}
END_TEST

START_TEST(test_what_an_artifact_lacks_is_loaded_from_the_directory_of_its_toolchain)
{
    for (int fresh = 0; fresh < 2; fresh++) {
        struct outcome o;
        struct mc_runner_run wanted = harness_request(MC_WANTS, NULL);
        wanted.library_dir = MC_MORE;
        wanted.fresh = fresh;
        harness_run(runner, wanted, &o);
        ck_assert_msg(o.end.outcome == MC_RUNNER_RAN, "%s", o.end.message);
        ck_assert_int_eq(WEXITSTATUS(o.end.status), 42);
        ck_assert_int_eq(o.end.executed, fresh);
        ck_assert_str_eq(o.end.missing, "");
    }
}
END_TEST

START_TEST(test_what_nothing_defines_is_named)
{
    static const struct {
        const char *artifact;
        const char *library_dir;
        const char *missing;
    } cases[] = {
        {MC_WANTS, NULL, "more_answer"},
        {MC_WANTS, "/no/such", ""},
        {MC_LACKS, MC_MORE, "nowhere"},
    };
    for (size_t i = 0; i < MC_LENGTH(cases); i++) {
        struct outcome o;
        struct mc_runner_run wanted = harness_request(cases[i].artifact, NULL);
        wanted.library_dir = cases[i].library_dir;
        harness_run(runner, wanted, &o);
        ck_assert_int_eq(o.end.outcome, MC_RUNNER_NOT_LOADED);
        ck_assert_str_eq(o.end.missing, cases[i].missing);
        ck_assert_str_ne(o.end.message, "");
    }
}
END_TEST

START_TEST(test_what_escaped_is_killed_before_the_end_is_told)
{
    struct outcome o;
    run("leave", &o);
    pid_t escaped = (pid_t) strtol(o.out, NULL, 10);
    ck_assert_int_gt(escaped, 1);
    ck_assert(!alive(escaped));
    ck_assert_int_eq(o.end.escaped, 2);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_RAN);
}
END_TEST

/* Asks for an endless run and waits until it has started. */
static pid_t begin_loop(const char *what, uint64_t id, const char *tag)
{
    const char *args[] = {what, NULL};
    struct mc_runner_run wanted = request(args);
    wanted.id = id;
    wanted.tag = tag;
    ck_assert_int_eq(mc_runner_link_run(runner, &wanted, &err), 0);
    struct mc_runner_event event = harness_event(runner);
    ck_assert_int_eq(event.kind, MC_RUNNER_STARTED);
    ck_assert_int_eq(getpgid(event.pid), event.pid);
    return event.pid;
}

START_TEST(test_a_run_is_ended_by_a_signal_to_its_group_even_while_it_starts)
{
    for (uint64_t id = 1; id < 20; id++) {
        const char *args[] = {"loop", NULL};
        struct mc_runner_run wanted = request(args);
        wanted.id = id;
        ck_assert_int_eq(mc_runner_link_run(runner, &wanted, &err), 0);
        ck_assert_int_eq(mc_runner_link_signal(runner, id, SIGKILL, &err), 0);
        ck_assert_int_eq(harness_event(runner).kind, MC_RUNNER_STARTED);
        struct mc_runner_event end = harness_event(runner);
        ck_assert_int_eq(end.kind, MC_RUNNER_ENDED);
        ck_assert_int_eq(WTERMSIG(end.status), SIGKILL);
        ck_assert_int_eq(end.outcome, MC_RUNNER_RAN);
    }
    pid_t pid = begin_loop("loop", 50, "test-50");
    ck_assert_int_eq(mc_group_signal(pid, SIGTERM), 0);
    ck_assert_int_eq(WTERMSIG(harness_event(runner).status), SIGTERM);
}
END_TEST

START_TEST(test_runs_at_the_same_time_are_kept_apart)
{
    pid_t first = begin_loop("loop", 7, "test-7");
    pid_t second = begin_loop("loop", 8, "test-8");
    struct mc_group_usage usage;
    mc_group_usage(first, "test-7", &usage);
    ck_assert_int_eq(usage.processes, 1);
    ck_assert_int_eq(mc_runner_link_signal(runner, 7, SIGTERM, &err), 0);
    struct mc_runner_event end = harness_event(runner);
    ck_assert_uint_eq(end.id, 7);
    ck_assert_int_eq(WTERMSIG(end.status), SIGTERM);
    ck_assert(!alive(first));
    ck_assert(alive(second));
    ck_assert_int_eq(mc_runner_link_signal(runner, 8, SIGKILL, &err), 0);
    ck_assert_uint_eq(harness_event(runner).id, 8);
}
END_TEST

/* A tag is written by the run itself, a moment after it has started. */
static int wait_for_tag(const char *tag)
{
    for (int i = 0; i < 2000; i++) {
        int killed = mc_group_kill_tagged(tag);
        if (killed > 0) {
            return killed;
        }
        usleep(1000);
    }
    return 0;
}

START_TEST(test_a_run_is_found_by_its_tag_alone)
{
    begin_loop("loop", 9, "tag-of-nine");
    ck_assert_int_eq(mc_group_kill_tagged("tag-of-nin"), 0);
    ck_assert_int_gt(wait_for_tag("tag-of-nine"), 0);
    struct mc_runner_event end = harness_event(runner);
    ck_assert_uint_eq(end.id, 9);
    ck_assert_int_eq(WTERMSIG(end.status), SIGKILL);
}
END_TEST

START_TEST(test_limits_of_cpu_and_memory_end_a_run)
{
    const char *loop[] = {"loop", NULL};
    struct mc_runner_run wanted = request(loop);
    wanted.limits = (struct mc_limits) {.cpu = 0.5, .memory = 64 << 20};
    struct outcome o;
    harness_run(runner, wanted, &o);
    ck_assert_int_eq(WTERMSIG(o.end.status), SIGXCPU);
    const char *allocate[] = {"allocate", NULL};
    wanted.args = allocate;
    harness_run(runner, wanted, &o);
    ck_assert_msg(WIFSIGNALED(o.end.status), "status %x, %s", o.end.status, o.end.message);
    ck_assert_ptr_nonnull(strstr(o.out, "alloc failed"));
    int megabytes = atoi(strstr(o.out, "after") + 5);
    ck_assert_int_gt(megabytes, 40);
    ck_assert_int_le(megabytes, 68);
    ck_assert(mc_limits_text_tells_memory(o.out, strlen(o.out)));
}
END_TEST

START_TEST(test_a_library_that_does_not_load_breaks_the_runner)
{
    const char *libraries[] = {"/no/such/runtime.so", NULL};
    struct mc_runner_link *link = harness_start(libraries);
    struct mc_runner_event event = harness_event(link);
    ck_assert_int_eq(event.kind, MC_RUNNER_BROKEN);
    ck_assert_ptr_nonnull(strstr(event.message, "/no/such/runtime.so"));
    struct pollfd poller = {.fd = mc_runner_link_fd(link), .events = POLLIN};
    ck_assert_int_eq(poll(&poller, 1, HARNESS_WAIT_MS), 1);
    ck_assert_int_eq(mc_runner_link_read(link, &event, &err), -1);
    ck_assert_int_eq(err.code, MC_RUNNER_FAILED);
    mc_runner_link_free(link);
}
END_TEST

START_TEST(test_a_killed_runner_takes_its_runs_with_it_and_is_noticed)
{
    pid_t pid = begin_loop("loop", 3, "test-3");
    int pidfd;
    ck_assert_int_eq(mc_os_pidfd(pid, &pidfd, &err), 0);
    kill(mc_runner_link_pid(runner), SIGKILL);
    struct pollfd pollers[] = {{.fd = pidfd, .events = POLLIN},
                               {.fd = mc_runner_link_fd(runner), .events = POLLIN}};
    ck_assert_int_eq(poll(&pollers[0], 1, HARNESS_WAIT_MS), 1);
    ck_assert_int_eq(poll(&pollers[1], 1, HARNESS_WAIT_MS), 1);
    struct mc_runner_event event;
    ck_assert_int_eq(mc_runner_link_read(runner, &event, &err), -1);
    struct mc_runner_run wanted = request(NULL);
    ck_assert_int_eq(mc_runner_link_run(runner, &wanted, &err), -1);
    ck_assert_int_eq(err.code, MC_RUNNER_FAILED);
    close(pidfd);
}
END_TEST

START_TEST(test_the_end_of_the_link_ends_its_runs_and_what_escaped_from_them)
{
    const char *args[] = {"leave", NULL};
    struct mc_runner_run wanted = request(args);
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    wanted.out = out[1];
    ck_assert_int_eq(mc_runner_link_run(runner, &wanted, &err), 0);
    close(out[1]);
    char text[64] = "";
    ck_assert_int_gt(read(out[0], text, sizeof text - 1), 0);
    pid_t escaped = (pid_t) strtol(text, NULL, 10);
    ck_assert(alive(escaped));
    runner = mc_runner_link_free(runner);
    ck_assert(!alive(escaped));
    harness_read_all(out[0], text, sizeof text); /* to the end: nobody holds the pipe */
    close(out[0]);
}
END_TEST

static int count_descriptors(pid_t pid)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int) pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

START_TEST(test_hundreds_of_runs_leave_nothing_in_the_runner)
{
    struct outcome o;
    for (int i = 0; i < 20; i++) {
        run("three", &o);
    }
    int descriptors = count_descriptors(mc_runner_link_pid(runner));
    int64_t before = mc_os_rss(mc_runner_link_pid(runner));
    for (int i = 0; i < 300; i++) {
        run(i % 2 ? "three" : "crash", &o);
        ck_assert_int_eq(o.end.outcome, MC_RUNNER_RAN);
    }
    /* Some processes forked ahead are there at either time, each with a socket. */
    ck_assert_int_le(count_descriptors(mc_runner_link_pid(runner)), descriptors + 10);
    ck_assert_int_le(mc_os_rss(mc_runner_link_pid(runner)) - before, GROWTH_ALLOWED);
}
END_TEST

START_TEST(test_many_runs_asked_for_at_once_all_end)
{
    const int count = 100;
    const char *args[] = {"three", NULL};
    for (int i = 0; i < count; i++) {
        struct mc_runner_run wanted = request(args);
        wanted.id = (uint64_t) i + 100;
        ck_assert_msg(mc_runner_link_run(runner, &wanted, &err) == 0, "%s", err.message);
    }
    for (int ended = 0; ended < count;) {
        struct mc_runner_event event = harness_event(runner);
        if (event.kind == MC_RUNNER_ENDED) {
            ck_assert_int_eq(WEXITSTATUS(event.status), 3);
            ended++;
        }
    }
}
END_TEST

/* ---- processes forked ahead ---- */

/* Whether a file in the process's directory of /proc has the text. */
static bool tells(pid_t pid, const char *name, const char *text)
{
    char path[64];
    char line[4096];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, name);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        found = strstr(line, text) != NULL;
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* A child of the runner that has mapped the file, and waits; 0 where there is none. */
static pid_t waiting_child(const char *mapped)
{
    pid_t parent = mc_runner_link_pid(runner);
    char path[64];
    int pid;
    pid_t found = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int) parent, (int) parent);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (!found && fscanf(file, "%d", &pid) == 1) {
        found = tells(pid, "maps", mapped) && tells(pid, "status", "S (sleeping)") ? pid : 0;
    }
    fclose(file);
    return found;
}

/* One is forked in a moment after a run. */
static pid_t await_child(const char *mapped)
{
    pid_t pid = 0;
    int64_t end = mc_os_now() + (int64_t) HARNESS_WAIT_MS * 1000000;
    while (!(pid = waiting_child(mapped)) && mc_os_now() < end) {
        usleep(1000);
    }
    ck_assert_int_gt(pid, 1);
    return pid;
}

START_TEST(test_a_process_forked_ahead_becomes_the_next_run_and_is_like_any_other)
{
    const char *args[] = {"all", "two words", NULL};
    struct outcome o;
    run("three", &o);
    pid_t ahead = await_child(MC_RUNTIME);
    ck_assert_int_eq(getpgid(ahead), ahead);
    ck_assert(!tells(ahead, "cmdline", "mojocell: "));
    harness_run(runner, request(args), &o);
    check_all(&o);
    ck_assert_int_eq(o.pid, ahead);
    ck_assert(!o.end.executed);
    ck_assert(o.end.load_seconds > 0 && o.end.run_seconds > 0);
    await_child(MC_RUNTIME);
    run("descriptors", &o);
    ck_assert_str_eq(o.out, "0 1 2 blocked=0\nglobals destroyed\n");
}
END_TEST

static void kill_and_wait(pid_t pid)
{
    int pidfd;
    ck_assert_int_eq(mc_os_pidfd(pid, &pidfd, &err), 0);
    kill(pid, SIGKILL);
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    ck_assert_int_eq(poll(&poller, 1, HARNESS_WAIT_MS), 1);
    close(pidfd);
}

START_TEST(test_a_process_forked_ahead_that_died_is_replaced)
{
    struct outcome o;
    run("three", &o);
    for (int i = 0; i < 3; i++) {
        pid_t ahead = await_child(MC_RUNTIME);
        kill_and_wait(ahead);
        run("three", &o);
        ck_assert_int_eq(WEXITSTATUS(o.end.status), 3);
        ck_assert_int_ne(o.pid, ahead);
    }
}
END_TEST

START_TEST(test_a_process_forked_ahead_is_no_descendant_of_a_run)
{
    struct outcome o;
    run("three", &o);
    await_child(MC_RUNTIME);
    run("leave", &o);
    ck_assert_int_eq(o.end.escaped, 2);
    pid_t ahead = await_child(MC_RUNTIME);
    run("three", &o);
    ck_assert_int_eq(o.pid, ahead);
}
END_TEST

START_TEST(test_a_process_forked_ahead_dies_with_its_runner)
{
    struct outcome o;
    run("three", &o);
    pid_t ahead = await_child(MC_RUNTIME);
    int pidfd;
    ck_assert_int_eq(mc_os_pidfd(ahead, &pidfd, &err), 0);
    kill(mc_runner_link_pid(runner), SIGKILL);
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    ck_assert_int_eq(poll(&poller, 1, HARNESS_WAIT_MS), 1);
    close(pidfd);
}
END_TEST

static int run_artifact(const char *path, pid_t *ret_pid)
{
    struct outcome o;
    harness_run(runner, harness_request(path, NULL), &o);
    ck_assert_int_eq(o.end.outcome, MC_RUNNER_RAN);
    ck_assert(WIFEXITED(o.end.status));
    *ret_pid = o.pid;
    return WEXITSTATUS(o.end.status);
}

static void copy_over(const char *from, const char *to)
{
    char command[4096];
    snprintf(command, sizeof command, "cp '%s' '%s.new' && mv '%s.new' '%s'", from, to, to, to);
    ck_assert_int_eq(system(command), 0);
}

/* The same, once the runner has told of it, which it did before what it tells of a later run. */
static pid_t await_offer(const char *mapped)
{
    struct outcome o;
    pid_t pid = await_child(mapped);
    run("three", &o);
    ck_assert_int_ne(o.pid, pid);
    return pid;
}

START_TEST(test_an_artifact_that_is_run_again_is_loaded_ahead_and_never_an_old_one)
{
    char dir[] = "/tmp/check-runner-XXXXXX";
    char path[64];
    pid_t pid;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/cell.so", dir);
    copy_over(MC_INERT_7, path);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(run_artifact(path, &pid), 7);
    }
    for (int i = 0; i < 3; i++) {
        pid_t ahead = await_offer(path);
        ck_assert_int_eq(run_artifact(path, &pid), 7);
        ck_assert_int_eq(pid, ahead);
    }
    await_offer(path);
    copy_over(MC_INERT_8, path);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(run_artifact(path, &pid), 8);
    }
    await_offer(path);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(test_what_acts_when_it_is_loaded_is_told_from_what_does_not)
{
    ck_assert_int_eq(mc_symbols_acts(MC_INERT_7, &err), 0);
    ck_assert_int_eq(mc_symbols_acts(MC_PROGRAM, &err), 1);
    ck_assert_int_eq(mc_symbols_acts("/etc/passwd", &err), -1);
}
END_TEST

static int collect(const char *name, void *data)
{
    mc_buf_addf(data, "%s ", name);
    return 0;
}

static int take_first(const char *name, void *data)
{
    snprintf(data, 64, "%s", name);
    return 7;
}

START_TEST(test_a_function_is_found_by_an_address_in_it)
{
    char name[64] = "";
    Dl_info info;
    ck_assert(dladdr((void *) (uintptr_t) take_first, &info));
    const uint64_t addresses[] = {1, (uintptr_t) take_first + 1 - (uintptr_t) info.dli_fbase};
    ck_assert_int_eq(mc_symbols_functions("/proc/self/exe", addresses, 2, take_first, name, &err),
                     7);
    ck_assert_str_eq(name, "take_first");
    ck_assert_int_eq(mc_symbols_functions("/proc/self/exe", addresses, 1, take_first, name, &err),
                     0);
    ck_assert_int_eq(mc_symbols_functions("/no/such", addresses, 2, take_first, name, &err), -1);
    ck_assert_int_eq(err.code, MC_NOT_FOUND);
}
END_TEST

START_TEST(test_undefined_symbols_are_read_from_a_library)
{
    mc_autobuf names = MC_BUF_INIT;
    ck_assert_int_eq(mc_symbols_undefined(MC_PROGRAM, collect, &names, &err), 0);
    ck_assert_ptr_nonnull(strstr(names.data, "KGEN_CompilerRT_fprintf "));
    ck_assert_ptr_nonnull(strstr(names.data, "fork "));
    ck_assert_ptr_null(strstr(names.data, "mc_main "));
    ck_assert_ptr_null(mc_runner_needs_fresh(MC_PROGRAM));
    ck_assert_int_eq(mc_symbols_undefined("/no/such", collect, &names, &err), -1);
    ck_assert_int_eq(err.code, MC_NOT_FOUND);
}
END_TEST

START_TEST(test_damaged_libraries_are_refused_and_never_read_outside)
{
    mc_autobuf file = MC_BUF_INIT;
    FILE *in = fopen(MC_PROGRAM, "re");
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, in)) > 0;) {
        mc_buf_add(&file, chunk, n);
    }
    fclose(in);
    mc_autobuf names = MC_BUF_INIT;
    for (size_t length = 0; length < file.length; length += 97) {
        char *copy = malloc(length + 1); /* its exact size: a read outside is caught */
        memcpy(copy, file.data, length);
        ck_assert_int_eq(
            mc_symbols_walk_in(copy, length, MC_SYMBOLS_UNDEFINED, collect, &names, &err), -1);
        free(copy);
    }
    unsigned seed = 1;
    for (int i = 0; i < 3000; i++) {
        char *copy = malloc(file.length);
        memcpy(copy, file.data, file.length);
        for (int k = 0; k < 30; k++) {
            seed = seed * 1103515245 + 12345;
            size_t at = i % 3 == 0   ? (seed >> 8) % 64
                        : i % 3 == 1 ? file.length - 1 - (seed >> 8) % 2500
                                     : (seed >> 8) % file.length;
            copy[at] = (char) (seed >> 16);
        }
        mc_buf_clear(&names);
        int outcome = mc_symbols_walk_in(
            copy, file.length, (enum mc_symbols_kind)(i % 3), collect, &names, &err);
        ck_assert(outcome == 0 || outcome == -1);
        const uint64_t addresses[] = {0x1000, seed % 0x4000};
        outcome = mc_symbols_functions_in(copy, file.length, addresses, 2, collect, &names, &err);
        ck_assert(outcome == 0 || outcome == -1);
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runner");
    TCase *runs = tcase_create("runs");
    tcase_add_checked_fixture(runs, set_up, tear_down);
    tcase_set_timeout(runs, 60);
    tcase_add_test(runs, test_a_program_returns_its_status_and_its_times);
    tcase_add_test(runs, test_a_program_gets_the_callers_directory_umask_arguments_and_environment);
    tcase_add_test(runs, test_an_executed_program_gets_the_same);
    tcase_add_test(runs, test_a_program_that_cannot_do_without_is_executed_and_says_why);
    tcase_add_test(runs,
                   test_what_the_loader_read_for_the_runner_is_kept_from_a_program_without_it);
    tcase_add_test(runs, test_a_program_sees_three_descriptors_and_no_blocked_signal);
    tcase_add_test(runs, test_megabytes_of_environment_and_arguments_arrive);
    tcase_add_test(runs, test_standard_input_is_read_to_its_end);
    tcase_add_test(runs, test_exit_runs_handlers_and_flushes);
    tcase_add_test(runs, test_what_a_program_held_is_free_when_its_end_is_told);
    tcase_add_test(runs, test_a_program_with_threads_or_children_ends_like_any_other);
    tcase_add_test(runs, test_a_crash_and_a_stack_overflow_are_told_apart);
    tcase_add_test(runs, test_the_text_of_a_failed_assertion_comes_with_the_end);
    tcase_add_test(runs, test_formatted_output_passes);
    tcase_add_test(runs, test_what_cannot_be_loaded_or_started_says_why);
    tcase_add_test(runs, test_what_an_artifact_lacks_is_loaded_from_the_directory_of_its_toolchain);
    tcase_add_test(runs, test_what_nothing_defines_is_named);
    tcase_add_test(runs, test_what_escaped_is_killed_before_the_end_is_told);
    tcase_add_test(runs, test_a_run_is_ended_by_a_signal_to_its_group_even_while_it_starts);
    tcase_add_test(runs, test_runs_at_the_same_time_are_kept_apart);
    tcase_add_test(runs, test_a_run_is_found_by_its_tag_alone);
    tcase_add_test(runs, test_limits_of_cpu_and_memory_end_a_run);
    tcase_add_test(runs, test_a_killed_runner_takes_its_runs_with_it_and_is_noticed);
    tcase_add_test(runs, test_the_end_of_the_link_ends_its_runs_and_what_escaped_from_them);
    tcase_add_test(runs, test_hundreds_of_runs_leave_nothing_in_the_runner);
    tcase_add_test(runs, test_many_runs_asked_for_at_once_all_end);
    tcase_add_test(runs, test_a_process_forked_ahead_becomes_the_next_run_and_is_like_any_other);
    tcase_add_test(runs, test_a_process_forked_ahead_that_died_is_replaced);
    tcase_add_test(runs, test_a_process_forked_ahead_is_no_descendant_of_a_run);
    tcase_add_test(runs, test_a_process_forked_ahead_dies_with_its_runner);
    tcase_add_test(runs, test_an_artifact_that_is_run_again_is_loaded_ahead_and_never_an_old_one);
    suite_add_tcase(suite, runs);
    TCase *rest = tcase_create("rest");
    tcase_set_timeout(rest, 60);
    tcase_add_test(rest, test_a_library_that_does_not_load_breaks_the_runner);
    tcase_add_test(rest, test_a_function_is_found_by_an_address_in_it);
    tcase_add_test(rest, test_what_acts_when_it_is_loaded_is_told_from_what_does_not);
    tcase_add_test(rest, test_undefined_symbols_are_read_from_a_library);
    tcase_add_test(rest, test_damaged_libraries_are_refused_and_never_read_outside);
    suite_add_tcase(suite, rest);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
