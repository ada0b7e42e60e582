/* Isolated calls of real functions, through a real daemon: MOJOCELL_TEST_TOOLCHAIN names the
 * compiler. */
#include "abi/signature.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "kernel_bridge/worker/workers.h"
#include "mojo/bind.h"
#include "mojo/cell.h"

#include <check.h>
#include <jansson.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char source[] =
    "def one_more(n: Int) -> Int:\n"
    "    return n + 1\n"
    "\n"
    "def at(n: Int) -> Int:\n"
    "    var x: List[Int] = [1, 2, 3]\n"
    "    return x[n]\n"
    "\n"
    "def total(x: Span[Float64, _]) -> Float64:\n"
    "    var s = 0.0\n"
    "    for v in x:\n"
    "        s += v\n"
    "    return s\n"
    "\n"
    "def fill(x: Span[mut=True, Float64, _], v: Float64):\n"
    "    for i in range(len(x)):\n"
    "        x[i] = v\n"
    "\n"
    "def fill_some(x: Span[mut=True, Float64, _], v: Float64) raises:\n"
    "    x[0] = v\n"
    "    raise Error(\"no more\")\n"
    "\n"
    "def loud(s: String) raises -> String:\n"
    "    print(\"asked for\", s)\n"
    "    if s == \"\":\n"
    "        raise Error(\"nothing to say\")\n"
    "    return s.upper() + \"!\"\n"
    "\n"
    "def evens(n: Int) -> List[Int]:\n"
    "    var r = List[Int]()\n"
    "    for i in range(n):\n"
    "        r.append(2 * i)\n"
    "    return r^\n"
    "\n"
    "def forever(n: Int) -> Int:\n"
    "    var k = n\n"
    "    while k != 0:\n"
    "        k += 2\n"
    "    return k\n"
    "\n"
    "def deep(n: Int) -> Int:\n"
    "    if n == 0:\n"
    "        return 0\n"
    "    return deep(n - 1) * 3 + deep(n - 1) % 7 + n\n"
    "\n"
    "def chatter(n: Int):\n"
    "    for i in range(n):\n"
    "        print(\"0123456789012345678901234567890123456789012345678901234567890123456789\")\n"
    "\n"
    "def hungry(n: Int) -> Int:\n"
    "    var x = List[Int]()\n"
    "    while len(x) < n:\n"
    "        x.append(len(x))\n"
    "    return len(x)\n";

static char directory[] = "/tmp/mojocell-check-XXXXXX";
static struct mc_client *client;
static struct mc_workers *workers;
static json_t *functions;
static mc_err err;

static char *make_header(int memory_mb)
{
    json_t *header = json_pack("{s:s, s:s, s:s, s:s, s:{}}",
                               "op",
                               "run",
                               "source",
                               source,
                               "cwd",
                               "/",
                               "toolchain",
                               getenv("MOJOCELL_TEST_TOOLCHAIN"),
                               "env");
    if (memory_mb) {
        json_object_set_new(header, "limits", json_pack("{s:i}", "memory", memory_mb));
    }
    char *text = json_dumps(header, 0);
    json_decref(header);
    return text;
}

static char *make_table(void)
{
    mc_autobuf table = MC_BUF_INIT;
    size_t i;
    json_t *function;
    json_array_foreach(functions, i, function)
    {
        mc_buf_addf(&table,
                    "%s %s\n",
                    json_string_value(json_object_get(function, "symbol")),
                    json_string_value(json_object_get(function, "abi")));
    }
    return mc_buf_steal(&table);
}

static struct mc_workers *make_workers(int memory_mb, int idle_seconds, int most)
{
    struct mc_workers *made = NULL;
    mc_autofree char *header = make_header(memory_mb);
    mc_autofree char *table = make_table();
    struct mc_workers_options options = {.client = client,
                                         .header = header,
                                         .table = table,
                                         .idle_seconds = idle_seconds,
                                         .most = most};
    ck_assert_msg(mc_workers_new(&options, &made, &err) == 0, "%s", err.message);
    return made;
}

static void start_all(void)
{
    struct mc_cell *cell = NULL;
    struct mc_bindings *bindings = NULL;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    setenv("MOJOCELL_CACHE_DIR", directory, 1);
    setenv("MOJOCELL_RUNTIME_DIR", directory, 1);
    const char *other = getenv("MOJOCELL_TEST_DAEMON");
    struct mc_client_options options = {
        .runtime_dir = directory, .daemon = other ? other : MC_DAEMON, .start_daemon = true};
    ck_assert_msg(mc_client_new(&options, &client, &err) == 0, "%s", err.message);
    ck_assert_int_eq(mc_cell_parse(source, strlen(source), &cell, &err), 0);
    ck_assert_int_eq(mc_bindings_make(cell, NULL, NULL, &bindings, &err), 0);
    functions = mc_bindings_functions(bindings);
    mc_bindings_free(bindings);
    mc_cell_free(cell);
    workers = make_workers(0, 0, 0);
}

static void stop_all(void)
{
    struct mc_message answer = {0};
    struct mc_client_call call = {.header = {"{\"op\": \"shutdown\", \"now\": true}", 31}};
    mc_workers_free(workers);
    ck_assert_msg(mc_client_request(client, &call, &answer, &err) == 0, "%s", err.message);
    mc_message_fini(&answer);
    mc_client_free(client);
    json_decref(functions);
    ck_assert_int_eq(mc_fs_remove(directory, &err), 0);
}

struct calling {
    struct mc_signature signature;
    struct mc_worker_call call;
    uint64_t in[8];
    uint64_t out[MC_THUNK_OUT_WORDS];
    struct mc_buf printed;
    struct mc_buf complained;
    bool slow; /* to take what is printed: slower than any function prints */
};

static void note_print(void *arg, bool is_stderr, const char *bytes, size_t length)
{
    struct calling *calling = arg;
    if (calling->slow) {
        usleep(2000);
    }
    mc_buf_add(is_stderr ? &calling->complained : &calling->printed, bytes, length);
}

static void prepare(struct calling *calling, const char *name)
{
    size_t i;
    json_t *function;
    *calling = (struct calling) {0};
    json_array_foreach(functions, i, function)
    {
        if (strcmp(json_string_value(json_object_get(function, "name")), name) == 0) {
            calling->call.symbol = json_string_value(json_object_get(function, "symbol"));
            ck_assert_int_eq(mc_signature_parse(json_string_value(json_object_get(function, "abi")),
                                                &calling->signature,
                                                &err),
                             0);
        }
    }
    ck_assert_ptr_nonnull(calling->call.symbol);
    calling->call.signature = &calling->signature;
    calling->call.in = calling->in;
    calling->call.out = calling->out;
    calling->call.print = note_print;
    calling->call.arg = calling;
}

static void finish(struct calling *calling)
{
    mc_signature_fini(&calling->signature);
    mc_buf_fini(&calling->printed);
    mc_buf_fini(&calling->complained);
}

static struct mc_worker_outcome call(struct calling *calling)
{
    struct mc_worker_outcome outcome = {0};
    ck_assert_msg(mc_workers_call(workers, &calling->call, &outcome, &err) == 0,
                  "%s: %s",
                  mc_code_name(err.code),
                  err.message);
    return outcome;
}

static void check_works(void)
{
    struct calling calling;
    prepare(&calling, "one_more");
    calling.in[0] = 41;
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_RETURNED);
    ck_assert_uint_eq(calling.out[0], 42);
    mc_workers_done(workers, &outcome);
    finish(&calling);
}

START_TEST(calls_are_fast)
{
    struct calling calling;
    double best = 1;
    check_works();
    prepare(&calling, "one_more");
    for (int round = 0; round < 9; round++) {
        int64_t began = mc_os_now();
        for (int i = 0; i < 2000; i++) {
            calling.in[0] = (uint64_t) i;
            struct mc_worker_outcome outcome = call(&calling);
            ck_assert_uint_eq(calling.out[0], (uint64_t) i + 1);
            mc_workers_done(workers, &outcome);
        }
        double each = (double) (mc_os_now() - began) / 2000 / 1e9;
        best = each < best ? each : best;
    }
    double paused = 1;
    for (int i = 0; i < 9; i++) {
        usleep(50000);
        int64_t began = mc_os_now();
        struct mc_worker_outcome outcome = call(&calling);
        double took = (double) (mc_os_now() - began) / 1e9;
        paused = took < paused ? took : paused;
        mc_workers_done(workers, &outcome);
    }
    printf("an isolated call: %.2f us hot, %.1f us after a pause\n", best * 1e6, paused * 1e6);
    finish(&calling);
}
END_TEST

START_TEST(memory_goes_there_and_comes_back)
{
    enum { N = 300000 };
    struct calling calling;
    double *x = malloc(N * sizeof *x);
    double sum;
    for (int i = 0; i < N; i++) {
        x[i] = 1;
    }
    prepare(&calling, "total");
    calling.in[0] = (uint64_t) (uintptr_t) x;
    calling.in[1] = N;
    struct mc_worker_outcome outcome = call(&calling);
    memcpy(&sum, calling.out, sizeof sum);
    ck_assert_double_eq(sum, N);
    mc_workers_done(workers, &outcome);
    finish(&calling);

    prepare(&calling, "fill");
    double value = 2.5;
    calling.in[0] = (uint64_t) (uintptr_t) x;
    calling.in[1] = N;
    memcpy(&calling.in[2], &value, sizeof value);
    outcome = call(&calling);
    ck_assert_double_eq(x[0], 2.5);
    ck_assert_double_eq(x[N - 1], 2.5);
    mc_workers_done(workers, &outcome);
    finish(&calling);
    free(x);

    prepare(&calling, "evens");
    for (uint64_t n = 0; n <= 1000000; n = n * 10 + 1) {
        calling.in[0] = n;
        outcome = call(&calling);
        ck_assert_uint_eq(calling.out[1], n);
        const int64_t *list = (const int64_t *) (uintptr_t) calling.out[0];
        ck_assert(n == 0 || list[n - 1] == 2 * (int64_t) (n - 1));
        mc_workers_done(workers, &outcome);
    }
    finish(&calling);
}
END_TEST

START_TEST(a_call_of_nothing_takes_memory_there_and_back)
{
    enum { N = 100000 };
    struct calling calling;
    double *x = calloc(N, sizeof *x);
    x[N - 1] = 3;
    prepare(&calling, "fill");
    calling.call.symbol = NULL;
    calling.in[0] = (uint64_t) (uintptr_t) x;
    calling.in[1] = N;
    for (int i = 0; i < 3; i++) {
        struct mc_worker_outcome outcome = call(&calling);
        ck_assert_int_eq(outcome.kind, MC_WORKER_RETURNED);
        ck_assert_int_eq(outcome.status, MC_THUNK_RETURNED);
        mc_workers_done(workers, &outcome);
        check_works();
    }
    ck_assert_double_eq(x[0], 0);
    ck_assert_double_eq(x[N - 1], 3);
    ck_assert_uint_eq(calling.printed.length, 0);
    finish(&calling);
    free(x);
}
END_TEST

START_TEST(what_was_written_before_a_raise_comes_back)
{
    struct calling calling;
    double x[2] = {1, 1};
    double value = 2.5;
    prepare(&calling, "fill_some");
    calling.in[0] = (uint64_t) (uintptr_t) x;
    calling.in[1] = 2;
    memcpy(&calling.in[2], &value, sizeof value);
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.status, MC_THUNK_RAISED);
    ck_assert_mem_eq((const char *) &calling.out[1], "no more", 7);
    ck_assert_double_eq(x[0], 2.5);
    ck_assert_double_eq(x[1], 1);
    mc_workers_done(workers, &outcome);
    finish(&calling);
}
END_TEST

START_TEST(what_is_printed_is_there_before_the_result)
{
    struct calling calling;
    for (int i = 0; i < 20; i++) {
        prepare(&calling, "loud");
        calling.in[0] = (uint64_t) (uintptr_t) "abc";
        calling.in[1] = 3;
        struct mc_worker_outcome outcome = call(&calling);
        ck_assert_str_eq(calling.printed.data, "asked for abc\n");
        ck_assert_uint_eq(calling.out[1], 4);
        ck_assert_mem_eq((const char *) (uintptr_t) calling.out[0], "ABC!", 4);
        mc_workers_done(workers, &outcome);
        finish(&calling);
    }
    prepare(&calling, "loud");
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.status, MC_THUNK_RAISED);
    ck_assert_uint_eq(calling.out[0], strlen("nothing to say"));
    ck_assert_mem_eq((const char *) &calling.out[1], "nothing to say", 14);
    mc_workers_done(workers, &outcome);
    finish(&calling);
}
END_TEST

START_TEST(a_crash_ends_the_worker_and_the_next_call_has_another)
{
    struct calling calling;
    for (int i = 0; i < 5; i++) {
        prepare(&calling, "at");
        calling.in[0] = 7;
        struct mc_worker_outcome outcome = call(&calling);
        ck_assert_int_eq(outcome.kind, MC_WORKER_CRASHED);
        ck_assert_int_eq(outcome.signal, SIGILL);
        ck_assert_int_eq(outcome.line, 6);
        ck_assert_msg(strstr(outcome.message, "out of bounds") != NULL, "%s", outcome.message);
        mc_workers_done(workers, &outcome);
        finish(&calling);
        check_works();
    }
    prepare(&calling, "deep");
    calling.in[0] = 1 << 30;
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_CRASHED);
    ck_assert(outcome.stack_overflow);
    finish(&calling);
    check_works();
}
END_TEST

static int stop_at_once(void *arg)
{
    (void) arg;
    return 1;
}

START_TEST(limits_and_interrupts_end_a_call)
{
    struct calling calling;
    prepare(&calling, "forever");
    calling.in[0] = 1;
    calling.call.wall = 0.2;
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_LIMIT);
    ck_assert_str_eq(outcome.limit, "wall");
    calling.call.wall = 0;
    calling.call.cpu = 0.2;
    outcome = call(&calling);
    ck_assert_str_eq(outcome.limit, "cpu");
    calling.call.cpu = 0;
    calling.call.check = stop_at_once;
    outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_INTERRUPTED);
    finish(&calling);
    prepare(&calling, "chatter");
    calling.in[0] = 1000000000;
    calling.call.output = 1 << 20;
    outcome = call(&calling);
    ck_assert_str_eq(outcome.limit, "output");
    ck_assert_uint_ge(calling.printed.length, 1 << 20);
    calling.slow = true;
    outcome = call(&calling);
    ck_assert_str_eq(outcome.limit, "output");
    finish(&calling);
    check_works();
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
START_TEST(memory_is_limited)
{
    struct calling calling;
    struct mc_worker_outcome outcome = {0};
    struct mc_workers *limited = make_workers(200, 0, 0);
    prepare(&calling, "hungry");
    calling.in[0] = 1 << 30;
    ck_assert_msg(mc_workers_call(limited, &calling.call, &outcome, &err) == 0, "%s", err.message);
    ck_assert_int_eq(outcome.kind, MC_WORKER_LIMIT);
    ck_assert_str_eq(outcome.limit, "memory");
    calling.in[0] = 1000;
    ck_assert_msg(mc_workers_call(limited, &calling.call, &outcome, &err) == 0, "%s", err.message);
    ck_assert_int_eq(outcome.kind, MC_WORKER_RETURNED);
    mc_workers_done(limited, &outcome);
    mc_workers_free(limited);
    finish(&calling);
}
END_TEST
#endif

/* Until there are so many processes. */
static void await_count(struct mc_workers *set, int wanted)
{
    while (mc_workers_count(set) != wanted) {
        usleep(1000);
    }
}

START_TEST(idle_workers_retire_and_come_back)
{
    struct calling calling;
    struct mc_worker_outcome outcome = {0};
    struct mc_workers *brief = make_workers(0, 1, 0);
    prepare(&calling, "one_more");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mc_workers_call(brief, &calling.call, &outcome, &err), 0);
        ck_assert_int_eq(outcome.kind, MC_WORKER_RETURNED);
        mc_workers_done(brief, &outcome);
        ck_assert_int_eq(mc_workers_count(brief), 1);
        await_count(brief, 0);
    }
    mc_workers_free(brief);
    finish(&calling);
}
END_TEST

static void interrupt_me(void *arg, bool is_stderr, const char *bytes, size_t length)
{
    note_print(arg, is_stderr, bytes, length);
    mc_workers_interrupt(workers, 5);
}

START_TEST(an_interrupt_that_comes_too_late_is_nobody_elses)
{
    struct calling calling;
    prepare(&calling, "loud");
    calling.in[0] = (uint64_t) (uintptr_t) "abc";
    calling.in[1] = 3;
    calling.call.thread = 5;
    calling.call.print = interrupt_me;
    struct mc_worker_outcome outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_RETURNED);
    mc_workers_done(workers, &outcome);
    finish(&calling);
    prepare(&calling, "forever");
    calling.in[0] = 1;
    calling.call.thread = 6;
    calling.call.wall = 0.2;
    outcome = call(&calling);
    ck_assert_int_eq(outcome.kind, MC_WORKER_LIMIT);
    ck_assert_str_eq(outcome.limit, "wall");
    finish(&calling);
}
END_TEST

static struct mc_workers *single;

static void *wait_for_the_single_one(void *data)
{
    struct calling calling;
    struct mc_worker_outcome outcome = {0};
    mc_err failure = {0};
    const uint64_t *thread = data;
    prepare(&calling, "forever");
    calling.in[0] = 1;
    calling.call.thread = *thread;
    calling.call.wall = 20;
    int called = mc_workers_call(single, &calling.call, &outcome, &failure);
    finish(&calling);
    return (void *) (uintptr_t) (called < 0 ? (int) failure.code : -(int) outcome.kind);
}

START_TEST(a_call_that_waits_for_a_worker_is_interrupted)
{
    pthread_t threads[2];
    uint64_t numbers[2] = {1, 2};
    void *how;
    single = make_workers(0, 0, 1);
    pthread_create(&threads[0], NULL, wait_for_the_single_one, &numbers[0]);
    await_count(single, 1);
    pthread_create(&threads[1], NULL, wait_for_the_single_one, &numbers[1]);
    do { /* before it has begun there is nothing to interrupt */
        mc_workers_interrupt(single, 2);
        usleep(1000);
    } while (pthread_tryjoin_np(threads[1], &how) == EBUSY);
    ck_assert_int_eq((int) (intptr_t) how, MC_INTERRUPTED);
    ck_assert_int_eq(mc_workers_count(single), 1);
    mc_workers_interrupt(single, 1);
    pthread_join(threads[0], &how);
    ck_assert_int_eq((int) (intptr_t) how, -MC_WORKER_INTERRUPTED);
    single = mc_workers_free(single);
}
END_TEST

static void *spin(void *data)
{
    struct mc_worker_outcome *outcome = data;
    struct calling calling;
    prepare(&calling, "forever");
    calling.in[0] = 1;
    calling.call.thread = 7;
    *outcome = call(&calling);
    finish(&calling);
    return NULL;
}

START_TEST(threads_call_at_the_same_time_and_are_interrupted_by_number)
{
    pthread_t threads[2];
    struct mc_worker_outcome outcomes[2] = {0};
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, spin, &outcomes[i]);
    }
    await_count(workers, 2);
    check_works();
    ck_assert_int_eq(mc_workers_count(workers), 3);
    mc_workers_interrupt(workers, 8);
    check_works();
    ck_assert_int_eq(mc_workers_count(workers), 3);
    mc_workers_interrupt(workers, 7);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(outcomes[i].kind, MC_WORKER_INTERRUPTED);
    }
    check_works();
}
END_TEST

int main(void)
{
    if (!getenv("MOJOCELL_TEST_TOOLCHAIN")) {
        puts("MOJOCELL_TEST_TOOLCHAIN names no compiler: skipped");
        return 77;
    }
    Suite *suite = suite_create("worker");
    TCase *tests = tcase_create("worker");
    tcase_set_timeout(tests, 100);
    tcase_add_unchecked_fixture(tests, start_all, stop_all);
    tcase_add_test(tests, calls_are_fast);
    tcase_add_test(tests, memory_goes_there_and_comes_back);
    tcase_add_test(tests, a_call_of_nothing_takes_memory_there_and_back);
    tcase_add_test(tests, what_was_written_before_a_raise_comes_back);
    tcase_add_test(tests, what_is_printed_is_there_before_the_result);
    tcase_add_test(tests, a_crash_ends_the_worker_and_the_next_call_has_another);
    tcase_add_test(tests, limits_and_interrupts_end_a_call);
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) /* whose allocator takes no notice of limits */
    tcase_add_test(tests, memory_is_limited);
#endif
    tcase_add_test(tests, idle_workers_retire_and_come_back);
    tcase_add_test(tests, an_interrupt_that_comes_too_late_is_nobody_elses);
    tcase_add_test(tests, a_call_that_waits_for_a_worker_is_interrupted);
    tcase_add_test(tests, threads_call_at_the_same_time_and_are_interrupted_by_number);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
