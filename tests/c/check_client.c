/* The client against tests/fake/fake_daemon.c, in directories of its own. */
#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "base/strv.h"
#include "kernel_bridge/client/client.h"

#include <check.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char root[PATH_MAX];
static struct mc_strv env;
static struct mc_client *client;

static struct mc_client *new_client(bool start)
{
    mc_err err;
    struct mc_client *made = NULL;
    const struct mc_client_options options = {
        .runtime_dir = root,
        .daemon = MC_FAKE_DAEMON,
        .start_daemon = start,
        .envp = env.items,
        .start_timeout_ms = 5000,
    };
    ck_assert_msg(mc_client_new(&options, &made, &err) == 0, "%s", err.message);
    return made;
}

static void open_client(void)
{
    char pattern[] = "/tmp/check-client-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(pattern));
    strcpy(root, pattern);
    for (char **each = environ; *each; each++) {
        mc_strv_add(&env, *each);
    }
    client = new_client(true);
}

/* The daemons that were started, one line each. */
static int starts(void (*visit)(pid_t))
{
    mc_err err;
    int count = 0;
    mc_autobuf text = MC_BUF_INIT;
    mc_autofree char *path = mc_fs_join(root, "starts");
    if (mc_fs_read(path, 1 << 16, &text, &err) < 0) {
        return 0;
    }
    for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n")) {
        count++;
        if (visit) {
            visit(atoi(line));
        }
    }
    return count;
}

static void end_daemon(pid_t pid)
{
    kill(pid, SIGKILL);
}

static void close_client(void)
{
    mc_err err;
    client = mc_client_free(client);
    starts(end_daemon);
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
    mc_strv_fini(&env);
}

/* What the environment has first counts. */
static void put_mood(const char *mood)
{
    mc_autostrv others = env;
    env = MC_STRV_INIT;
    mc_strv_addf(&env, "MC_FAKE=%s", mood);
    for (size_t i = 0; i < others.count; i++) {
        mc_strv_add(&env, others.items[i]);
    }
}

static void set_mood(const char *mood)
{
    put_mood(mood);
    mc_client_free(client);
    client = new_client(true);
}

/* What came of a request. */
struct seen {
    char events[1024]; /* "name name …" */
    size_t output;
    int pause_us;                   /* in each event */
    enum mc_client_verdict verdict; /* of each event */
    pid_t kill_at_started;
    atomic_bool interrupt; /* told by check */
};

static enum mc_client_verdict on_event(void *arg, const struct mc_message *event)
{
    struct seen *seen = arg;
    const char *name = json_string_value(json_object_get(event->header, "event"));
    size_t length = strlen(seen->events);
    if (strcmp(name, "stdout") == 0) {
        ck_assert_uint_eq(event->frame_count, 1);
        seen->output += mc_message_frame_size(event, 0);
    }
    if (length < sizeof seen->events - 64) {
        snprintf(
            seen->events + length, sizeof seen->events - length, "%s%s", length ? " " : "", name);
    }
    if (seen->kill_at_started && strcmp(name, "started") == 0) {
        kill(seen->kill_at_started, SIGKILL);
    }
    if (seen->pause_us) {
        usleep((useconds_t) seen->pause_us);
    }
    return seen->verdict;
}

static int check_seen(void *arg)
{
    struct seen *seen = arg;
    return atomic_load(&seen->interrupt);
}

static int ask(struct mc_client *asked,
               const char *header,
               int timeout_ms,
               struct seen *seen,
               struct mc_message *ret,
               mc_err *err)
{
    const struct mc_client_call call = {
        .header = {header, strlen(header)},
        .on_event = seen ? on_event : NULL,
        .check = seen ? check_seen : NULL,
        .arg = seen,
        .timeout_ns = timeout_ms * INT64_C(1000000),
    };
    return mc_client_request(asked, &call, ret, err);
}

static int
run(const char *script, int timeout_ms, struct seen *seen, struct mc_message *ret, mc_err *err)
{
    json_t *header = json_pack("{s:s, s:s}", "op", "run", "source", script);
    mc_autofree char *text = json_dumps(header, 0);
    json_decref(header);
    return ask(client, text, timeout_ms, seen, ret, err);
}

static void assert_fails(const char *script, enum mc_code code, struct seen *seen)
{
    mc_err err;
    struct mc_message result;
    ck_assert_int_eq(run(script, 0, seen, &result, &err), -1);
    ck_assert_msg(err.code == code, "%s: %s", mc_code_name(err.code), err.message);
    ck_assert_ptr_null(result.header);
    mc_message_fini(&result);
}

static void assert_works(struct mc_client *asked)
{
    mc_err err;
    struct mc_message result;
    ck_assert_msg(
        ask(asked, "{\"op\":\"compile\",\"source\":\"result\"}", 20000, NULL, &result, &err) == 0,
        "%s",
        err.message);
    ck_assert_str_eq(json_string_value(json_object_get(result.header, "event")), "result");
    mc_message_fini(&result);
}

static int64_t field(const struct mc_message *message, const char *name)
{
    return json_integer_value(json_object_get(message->header, name));
}

START_TEST(test_a_daemon_is_started_and_events_come_in_order)
{
    mc_err err;
    struct seen seen = {0};
    mc_automessage result = {0};
    ck_assert_int_eq(mc_client_pid(client), 0);
    ck_assert_int_eq(run("queued\ncompiling\ncompiled\nstarted\nstdout 10\nstdout 0\nresult",
                         0,
                         &seen,
                         &result,
                         &err),
                     0);
    ck_assert_str_eq(seen.events, "queued compiling compiled started stdout stdout");
    ck_assert_uint_eq(seen.output, 10);
    ck_assert_int_eq(field(&result, "pid"), mc_client_pid(client));
    ck_assert_int_eq(starts(NULL), 1);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_frames_arrive)
{
    mc_err err;
    mc_automessage result = {0};
    const struct mc_frame frames[] = {{"a", 1}, {"bc", 2}};
    const char *header = " {\"op\":\"info\"}";
    const struct mc_client_call call = {
        .header = {header, strlen(header)}, .frames = frames, .frame_count = 2};
    ck_assert_int_eq(mc_client_request(client, &call, &result, &err), 0);
    ck_assert_int_eq(field(&result, "frames"), 2);
}
END_TEST

START_TEST(test_an_error_keeps_code_message_and_hint)
{
    mc_err err;
    struct mc_message result;
    ck_assert_int_eq(run("refuse toolchain_not_found", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_TOOLCHAIN_NOT_FOUND);
    ck_assert_str_eq(err.message, "as told");
    ck_assert_str_eq(err.hint, "a hint");
    ck_assert_int_eq(run("refuse timeout", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_TIMEOUT);
    assert_works(client);
}
END_TEST

START_TEST(test_a_request_that_is_none_is_refused_here)
{
    mc_err err;
    struct mc_message result;
    static const char *const headers[] = {"",
                                          "[]",
                                          "{}",
                                          "{\"op\":1}",
                                          "{\"op\":\"info\",\"id\":\"x\"}",
                                          "{\"op\":\"info\",\"op\":\"run\"}",
                                          "{\"op\":\"info\"",
                                          "{\"op\":\"\xff\"}"};
    for (size_t i = 0; i < MC_LENGTH(headers); i++) {
        ck_assert_int_eq(ask(client, headers[i], 0, NULL, &result, &err), -1);
        ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
    }
    ck_assert_int_eq(starts(NULL), 0);
}
END_TEST

START_TEST(test_a_daemon_that_dies_before_the_program_starts_is_replaced)
{
    mc_err err;
    char script[PATH_MAX + 64];
    struct seen seen = {0};
    mc_automessage result = {0};
    snprintf(script, sizeof script, "compiling\ndie-once %s/once\nstarted\nresult", root);
    ck_assert_msg(run(script, 0, &seen, &result, &err) == 0, "%s", err.message);
    ck_assert_str_eq(seen.events, "compiling compiling started");
    ck_assert_int_eq(starts(NULL), 2);
}
END_TEST

START_TEST(test_a_program_that_had_started_is_not_run_again)
{
    struct seen seen = {0};
    assert_fails("started\nstdout 3\ndie", MC_DAEMON_LOST, &seen);
    ck_assert_str_eq(seen.events, "started stdout");
    ck_assert_int_eq(starts(NULL), 1);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 2);
}
END_TEST

START_TEST(test_a_daemon_that_always_dies_is_given_up)
{
    assert_fails("compiling\ndie", MC_DAEMON_LOST, NULL);
    ck_assert_int_eq(starts(NULL), 3);
    assert_works(client);
}
END_TEST

START_TEST(test_a_silent_daemon_that_is_killed_is_noticed)
{
    assert_works(client);
    struct seen seen = {.kill_at_started = mc_client_pid(client)};
    assert_fails("started\ndeaf", MC_DAEMON_LOST, &seen);
    assert_works(client);
}
END_TEST

START_TEST(test_a_daemon_that_died_between_requests_is_replaced)
{
    assert_works(client);
    kill(mc_client_pid(client), SIGKILL);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 2);
}
END_TEST

START_TEST(test_a_stale_socket_is_replaced)
{
    mc_err err;
    mc_autofree char *path = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    ck_assert_int_eq(mc_paths_socket(root, &path, &err), 0);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
    close(fd);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_a_slow_consumer_slows_the_program)
{
    mc_err err;
    struct seen seen = {.pause_us = 500};
    mc_automessage result = {0};
    ck_assert_int_eq(run("started\nflood 20000000\nresult", 0, &seen, &result, &err), 0);
    ck_assert_uint_eq(seen.output, 20000000);
    ck_assert_int_ge(field(&result, "most"), 4 << 20);
    ck_assert_int_lt(field(&result, "most"), (4 << 20) + (64 << 10));
}
END_TEST

START_TEST(test_the_caller_may_choose_a_window_of_a_byte)
{
    mc_err err;
    struct seen seen = {0};
    mc_automessage result = {0};
    ck_assert_int_eq(ask(client,
                         "{\"op\":\"run\",\"window\":1,\"source\":\"flood 1000000\\nresult\"}",
                         0,
                         &seen,
                         &result,
                         &err),
                     0);
    ck_assert_uint_eq(seen.output, 1000000);
    ck_assert_int_le(field(&result, "most"), 64 << 10);
}
END_TEST

static void on_alarm(int signal)
{
    (void) signal;
    mc_client_interrupt(client);
}

static void alarm_in(int ms)
{
    signal(SIGALRM, on_alarm);
    const struct itimerspec when = {.it_value = {.tv_nsec = ms * 1000000L}};
    struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t timer;
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &how, &timer), 0);
    ck_assert_int_eq(timer_settime(timer, 0, &when, NULL), 0);
}

START_TEST(test_an_interrupt_from_a_signal_handler_cancels_and_keeps_the_last_output)
{
    struct seen seen = {0};
    assert_works(client);
    alarm_in(100);
    assert_fails("started\nhang-late", MC_INTERRUPTED, &seen);
    ck_assert_uint_eq(seen.output, 7);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_an_interrupt_that_the_daemon_ignores_ends_the_request)
{
    struct seen seen = {0};
    assert_works(client);
    alarm_in(50);
    assert_fails("started\ndeaf", MC_INTERRUPTED, &seen);
    assert_works(client);
}
END_TEST

START_TEST(test_an_interrupt_without_a_request_has_no_effect)
{
    mc_client_interrupt(client);
    assert_works(client);
    mc_client_interrupt(client);
    mc_client_interrupt(client);
    assert_works(client);
}
END_TEST

START_TEST(test_the_callers_check_interrupts)
{
    struct seen seen = {0};
    atomic_store(&seen.interrupt, true);
    assert_fails("started\nhang", MC_INTERRUPTED, &seen);
    assert_works(client);
}
END_TEST

START_TEST(test_a_handler_may_stop_the_request)
{
    struct seen seen = {.verdict = MC_CLIENT_STOP};
    assert_fails("queued\nstarted\nflood 30000000\nresult", MC_CANCELLED, &seen);
    ck_assert_str_eq(seen.events, "queued");
    assert_works(client);
}
END_TEST

START_TEST(test_a_deadline_cancels)
{
    mc_err err;
    struct seen seen = {0};
    struct mc_message result;
    assert_works(client);
    ck_assert_int_eq(run("started\nhang-late", 100, &seen, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_TIMEOUT);
    ck_assert_uint_eq(seen.output, 7);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_a_malformed_reply_is_a_protocol_error)
{
    static const char *const scripts[] = {"malformed text\nhang",
                                          "malformed array\nhang",
                                          "malformed anonymous\nhang",
                                          "malformed frames\nhang"};
    assert_fails(scripts[_i], MC_PROTOCOL, NULL);
    assert_works(client);
}
END_TEST

static void *ask_often(void *arg)
{
    mc_err err;
    long number = (long) arg;
    char script[64];
    for (int i = 0; i < 25; i++) {
        struct seen seen = {0};
        struct mc_message result;
        size_t length = (size_t) (number * 1000 + i);
        snprintf(script, sizeof script, "started\nstdout %zu\nresult", length);
        ck_assert_msg(run(script, 0, &seen, &result, &err) == 0, "%s", err.message);
        ck_assert_uint_eq(seen.output, length);
        mc_message_fini(&result);
    }
    return NULL;
}

START_TEST(test_eight_threads_share_a_client_and_one_daemon)
{
    pthread_t threads[8];
    for (long i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, (void *) i), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

/* Leaves without the exit handlers of the test's own process. */
static pid_t in_child(void (*what)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        what();
        _exit(0);
    }
    return pid;
}

static void assert_child_ends_well(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static void use_client(void)
{
    struct seen seen = {0};
    mc_err err;
    struct mc_message result;
    if (run("started\nstdout 5\nresult", 20000, &seen, &result, &err) < 0 || seen.output != 5) {
        _exit(1);
    }
    mc_message_fini(&result);
    client = mc_client_free(client);
}

START_TEST(test_a_client_works_on_both_sides_of_a_fork)
{
    assert_works(client);
    pid_t child = in_child(use_client);
    for (int i = 0; i < 20; i++) {
        assert_works(client);
    }
    assert_child_ends_well(child);
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_ten_processes_at_once_start_one_daemon)
{
    pid_t children[10];
    for (int i = 0; i < 10; i++) {
        children[i] = in_child(use_client);
    }
    for (int i = 0; i < 10; i++) {
        assert_child_ends_well(children[i]);
    }
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_a_mute_daemon_is_unavailable)
{
    mc_err err;
    struct mc_message result;
    mc_client_free(client);
    put_mood("mute");
    const struct mc_client_options options = {.runtime_dir = root,
                                              .daemon = MC_FAKE_DAEMON,
                                              .start_daemon = true,
                                              .envp = env.items,
                                              .start_timeout_ms = 1000};
    ck_assert_int_eq(mc_client_new(&options, &client, &err), 0);
    ck_assert_int_eq(run("result", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "does not answer"));
}
END_TEST

START_TEST(test_a_daemon_that_is_stopped_between_requests_is_unavailable)
{
    mc_err err;
    struct mc_message result;
    mc_client_free(client);
    const struct mc_client_options options = {.runtime_dir = root,
                                              .daemon = MC_FAKE_DAEMON,
                                              .start_daemon = true,
                                              .envp = env.items,
                                              .start_timeout_ms = 1000};
    ck_assert_int_eq(mc_client_new(&options, &client, &err), 0);
    assert_works(client);
    pid_t pid = mc_client_pid(client);
    kill(pid, SIGSTOP);
    ck_assert_int_eq(run("result", 0, NULL, &result, &err), -1);
    kill(pid, SIGCONT);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "does not answer"));
    assert_works(client);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_a_timeout_of_any_size_is_time)
{
    const char *header = "{\"op\":\"info\"}";
    mc_err err;
    mc_automessage result = {0};
    const struct mc_client_call call = {
        .header = {header, strlen(header)}, .timeout_ns = INT64_MAX, .silence_ns = INT64_MAX};
    ck_assert_msg(mc_client_request(client, &call, &result, &err) == 0, "%s", err.message);
}
END_TEST

START_TEST(test_a_daemon_of_another_protocol_is_an_error)
{
    set_mood("stranger");
    assert_fails("result", MC_PROTOCOL, NULL);
}
END_TEST

START_TEST(test_a_daemon_that_does_not_start_says_why)
{
    mc_err err;
    struct mc_message result;
    set_mood("failing");
    ck_assert_int_eq(run("result", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "the cache is on fire"));
    ck_assert_ptr_nonnull(strstr(err.hint, "mojocelld.log"));
    set_mood("dying");
    assert_fails("result", MC_DAEMON_UNAVAILABLE, NULL);
}
END_TEST

START_TEST(test_a_daemon_that_is_shutting_down_is_replaced)
{
    set_mood("leaving");
    mc_err err;
    mc_automessage result = {0};
    ck_assert_msg(run("started\nresult", 0, NULL, &result, &err) == 0, "%s", err.message);
    ck_assert_int_eq(starts(NULL), 2);
}
END_TEST

START_TEST(test_nothing_is_started_where_that_is_not_wanted)
{
    mc_err err;
    struct mc_message result;
    mc_client_free(client);
    client = new_client(false);
    ck_assert_int_eq(run("result", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_int_eq(starts(NULL), 0);
}
END_TEST

START_TEST(test_a_missing_daemon_is_named)
{
    mc_err err;
    struct mc_message result;
    mc_client_free(client);
    const struct mc_client_options options = {.runtime_dir = root,
                                              .daemon = "/nonexistent/mojocelld",
                                              .start_daemon = true,
                                              .envp = env.items};
    ck_assert_int_eq(mc_client_new(&options, &client, &err), 0);
    ck_assert_int_eq(run("result", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/mojocelld"));
}
END_TEST

START_TEST(test_shutdown_starts_nothing_and_needs_no_answer)
{
    mc_err err;
    struct mc_message result;
    ck_assert_int_eq(ask(client, "{\"op\":\"shutdown\"}", 0, NULL, &result, &err), -1);
    ck_assert_int_eq(err.code, MC_DAEMON_UNAVAILABLE);
    ck_assert_int_eq(starts(NULL), 0);
    assert_works(client);
    ck_assert_int_eq(ask(client, "{\"op\":\"shutdown\"}", 0, NULL, &result, &err), 0);
    ck_assert(json_is_true(json_object_get(result.header, "ok")));
    ck_assert_uint_gt(result.text.length, 0);
    mc_message_fini(&result);
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

START_TEST(test_the_example_program_shows_output_and_failure)
{
    static const char *const scripts[] = {"started\nstdout 12\nresult", "refuse limit"};
    static const char *const expected[] = {"xxxxxxxxxxxx", "client: as told\nclient: a hint\n"};
    for (size_t i = 0; i < MC_LENGTH(scripts); i++) {
        mc_err err;
        char command[2 * PATH_MAX + 256];
        char output[256] = "";
        mc_autofree char *path = mc_fs_join(root, "example.mojo");
        ck_assert_int_eq(mc_fs_write_atomic(path, scripts[i], strlen(scripts[i]), 0600, &err), 0);
        snprintf(command,
                 sizeof command,
                 "MOJOCELL_RUNTIME_DIR='%s' MOJOCELL_DAEMON='%s' '%s' '%s' 2>&1",
                 root,
                 MC_FAKE_DAEMON,
                 MC_EXAMPLE_CLIENT,
                 path);
        FILE *pipe = popen(command, "r");
        ck_assert_uint_eq(fread(output, 1, sizeof output - 1, pipe), strlen(expected[i]));
        ck_assert_str_eq(output, expected[i]);
        ck_assert_int_eq(pclose(pipe), i == 0 ? 0 : 1 << 8);
    }
    ck_assert_int_eq(starts(NULL), 1);
}
END_TEST

static void add_conversations(TCase *tcase)
{
    tcase_add_test(tcase, test_a_daemon_is_started_and_events_come_in_order);
    tcase_add_test(tcase, test_frames_arrive);
    tcase_add_test(tcase, test_an_error_keeps_code_message_and_hint);
    tcase_add_test(tcase, test_a_request_that_is_none_is_refused_here);
    tcase_add_test(tcase, test_a_slow_consumer_slows_the_program);
    tcase_add_test(tcase, test_the_caller_may_choose_a_window_of_a_byte);
    tcase_add_test(tcase,
                   test_an_interrupt_from_a_signal_handler_cancels_and_keeps_the_last_output);
    tcase_add_test(tcase, test_an_interrupt_that_the_daemon_ignores_ends_the_request);
    tcase_add_test(tcase, test_an_interrupt_without_a_request_has_no_effect);
    tcase_add_test(tcase, test_the_callers_check_interrupts);
    tcase_add_test(tcase, test_a_handler_may_stop_the_request);
    tcase_add_test(tcase, test_a_deadline_cancels);
    tcase_add_loop_test(tcase, test_a_malformed_reply_is_a_protocol_error, 0, 4);
    tcase_add_test(tcase, test_eight_threads_share_a_client_and_one_daemon);
#ifndef __SANITIZE_THREAD__ /* which knows no threads of a fork */
    tcase_add_test(tcase, test_a_client_works_on_both_sides_of_a_fork);
#endif
    tcase_add_test(tcase, test_the_example_program_shows_output_and_failure);
}

static void add_daemons(TCase *tcase)
{
    tcase_add_test(tcase, test_a_daemon_that_dies_before_the_program_starts_is_replaced);
    tcase_add_test(tcase, test_a_program_that_had_started_is_not_run_again);
    tcase_add_test(tcase, test_a_daemon_that_always_dies_is_given_up);
    tcase_add_test(tcase, test_a_silent_daemon_that_is_killed_is_noticed);
    tcase_add_test(tcase, test_a_daemon_that_died_between_requests_is_replaced);
    tcase_add_test(tcase, test_a_stale_socket_is_replaced);
    tcase_add_test(tcase, test_ten_processes_at_once_start_one_daemon);
    tcase_add_test(tcase, test_a_mute_daemon_is_unavailable);
    tcase_add_test(tcase, test_a_daemon_that_is_stopped_between_requests_is_unavailable);
    tcase_add_test(tcase, test_a_timeout_of_any_size_is_time);
    tcase_add_test(tcase, test_a_daemon_of_another_protocol_is_an_error);
    tcase_add_test(tcase, test_a_daemon_that_does_not_start_says_why);
    tcase_add_test(tcase, test_a_daemon_that_is_shutting_down_is_replaced);
    tcase_add_test(tcase, test_nothing_is_started_where_that_is_not_wanted);
    tcase_add_test(tcase, test_a_missing_daemon_is_named);
    tcase_add_test(tcase, test_shutdown_starts_nothing_and_needs_no_answer);
}

int main(void)
{
    Suite *suite = suite_create("client");
    TCase *conversations = tcase_create("conversations");
    TCase *daemons = tcase_create("daemons");
    tcase_add_checked_fixture(conversations, open_client, close_client);
    tcase_add_checked_fixture(daemons, open_client, close_client);
    tcase_set_timeout(conversations, 60);
    tcase_set_timeout(daemons, 60);
    add_conversations(conversations);
    add_daemons(daemons);
    suite_add_tcase(suite, conversations);
    suite_add_tcase(suite, daemons);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
