/* Guarded calls of functions that the real compiler made (fixtures/guarded.mojo):
 * MOJOCELL_TEST_TOOLCHAIN names the compiler. MC_STRESS=1: ten times as many. */
#include "base/mem.h"
#include "kernel_bridge/guard/artifact.h"
#include "kernel_bridge/guard/guard.h"

#include <check.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BUMP, PICK, GIVE_UP, DEEP, CHURN, SPIN, DRAW, SAY, NAP, KEEP, FUNCTIONS };

static char directory[] = "/tmp/mojocell-check-XXXXXX";
static char path[128];
static char names[8][4096]; /* of the runtime's libraries */
static const char *libraries[9];
static struct mc_artifact *artifact;
static mc_thunk *thunks[FUNCTIONS];
static mc_err err;

static int repeats(int usual)
{
    return getenv("MC_STRESS") ? usual * 10 : usual;
}

/* Once for all tests: a compilation takes seconds. */
static void compile(void)
{
    char command[8192];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/guarded.so", directory);
    snprintf(command,
             sizeof command,
             "'%s' '%s/guarded_entry.mojo' '%s' '%s' '%s'",
             MC_COMPILE_FIXTURE,
             MC_FIXTURES,
             MC_FIXTURES,
             path,
             directory);
    FILE *answer = popen(command, "re");
    ck_assert_ptr_nonnull(answer);
    for (size_t i = 0; i < MC_LENGTH(names) && fgets(names[i], sizeof names[i], answer); i++) {
        names[i][strcspn(names[i], "\n")] = '\0';
        libraries[i] = names[i];
    }
    ck_assert_int_eq(pclose(answer), 0);
    ck_assert_ptr_nonnull(libraries[0]);
}

static void remove_all(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    ck_assert_int_eq(system(command), 0);
}

static atomic_int handled;

static void count_interrupt(int number)
{
    (void) number;
    handled++;
}

static void set_up(void)
{
    struct mc_artifact_spec spec = {.path = path, .libraries = libraries, .identity = "real"};
    struct sigaction action = {.sa_handler = count_interrupt}; /* as Python's, without SA_RESTART */
    ck_assert_msg(mc_artifact_open(&spec, &artifact, &err) == 0, "%s", err.message);
    for (int i = 0; i < FUNCTIONS; i++) {
        char symbol[32];
        snprintf(symbol, sizeof symbol, "mc_call_%d", i);
        thunks[i] = mc_artifact_thunk(artifact, symbol);
        ck_assert_ptr_nonnull(thunks[i]);
    }
    sigaction(SIGINT, &action, NULL);
    mc_guard_arm(true);
}

static enum mc_guard_outcome
call(int function, int64_t argument, uint64_t *ret_value, struct mc_guard_result *ret)
{
    uint64_t in[1] = {(uint64_t) argument};
    uint64_t out[MC_THUNK_OUT_WORDS];
    enum mc_guard_outcome outcome = mc_guard_call(artifact, thunks[function], in, out, ret);
    *ret_value = outcome == MC_GUARD_RETURNED ? out[0] : 0;
    return outcome;
}

static bool returns(int function, int64_t argument, uint64_t value)
{
    struct mc_guard_result result;
    uint64_t got;
    return call(function, argument, &got, &result) == MC_GUARD_RETURNED && result.status == 0 &&
           got == value;
}

static bool crashes(int function, int64_t argument, int number, struct mc_guard_result *ret)
{
    uint64_t value;
    return call(function, argument, &value, ret) == MC_GUARD_CRASHED && ret->signal == number &&
           !ret->damaged;
}

/* ---- crashes ---- */

START_TEST(what_a_plain_cell_does_may_be_done_here)
{
    char reason[256] = "";
    ck_assert_msg(mc_artifact_unguardable(path, reason, sizeof reason, &err) == 0, "%s", reason);
    ck_assert(returns(BUMP, 41, 42));
    ck_assert(returns(PICK, 2, 3));
    ck_assert(returns(GIVE_UP, 0, 0));
    ck_assert(returns(SAY, 7, 7));
    ck_assert(returns(NAP, 0, 0));
    ck_assert(returns(KEEP, 5, 5));
}
END_TEST

static void *crash_often(void *data)
{
    atomic_int *failures = data;
    for (int i = 0; i < repeats(100); i++) {
        struct mc_guard_result result;
        bool right = crashes(PICK, 9, SIGILL, &result) && !result.stack_overflow &&
                     strstr(result.words->text, "guarded.mojo:12:") &&
                     strstr(result.words->text, "index 9 is out of bounds") && returns(PICK, 1, 2);
        if (i % 10 == 0) {
            right = right && crashes(DEEP, 1, SIGSEGV, &result) && result.stack_overflow &&
                    result.words->text[0] == '\0' && returns(CHURN, 3, 9);
        }
        *failures += !right;
    }
    return NULL;
}

START_TEST(checks_that_fail_and_stacks_that_end_are_survived_in_every_thread)
{
    pthread_t threads[4];
    atomic_int failures = 0;
    for (size_t i = 0; i < MC_LENGTH(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crash_often, &failures), 0);
    }
    crash_often(&failures);
    for (size_t i = 0; i < MC_LENGTH(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(failures, 0);
    ck_assert(!mc_guard_damaged());
}
END_TEST

START_TEST(an_abort_is_a_crash_without_damage)
{
    struct mc_guard_result result;
    for (int i = 0; i < 20; i++) {
        ck_assert(crashes(GIVE_UP, 1, SIGILL, &result));
        ck_assert_ptr_nonnull(strstr(result.words->text, "guarded.mojo:17:14: gave up\n"));
        ck_assert(returns(BUMP, i, (uint64_t) i + 1));
    }
    ck_assert(!mc_guard_damaged());
}
END_TEST

/* ---- interrupts ---- */

static atomic_bool stop_sending;

struct sender {
    pid_t to;
    long pause_ns;
    int count;
};

static void *send_interrupts(void *data)
{
    const struct sender *sender = data;
    struct timespec pause = {.tv_nsec = sender->pause_ns};
    for (int i = 0; (sender->count == 0 || i < sender->count) && !stop_sending; i++) {
        nanosleep(&pause, NULL);
        syscall(SYS_tgkill, getpid(), sender->to, SIGINT);
    }
    return NULL;
}

/* The call that is to show that all is well may be hit, too. */
static bool returns_at_last(int function, int64_t argument, uint64_t value)
{
    struct mc_guard_result result;
    enum mc_guard_outcome outcome;
    uint64_t got;
    do {
        outcome = call(function, argument, &got, &result);
    } while (outcome == MC_GUARD_INTERRUPTED && !result.damaged);
    return outcome == MC_GUARD_RETURNED && got == value;
}

static void interrupt_often(int function, int times)
{
    struct mc_guard_result result;
    uint64_t value;
    uint64_t churned;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 50000};
    ck_assert_int_eq(call(CHURN, 40, &churned, &result), MC_GUARD_RETURNED);
    stop_sending = false;
    ck_assert_int_eq(pthread_create(&thread, NULL, send_interrupts, &sender), 0);
    for (int i = 0; i < times; i++) {
        ck_assert_int_eq(call(function, INT64_MAX, &value, &result), MC_GUARD_INTERRUPTED);
        ck_assert(!result.damaged);
        ck_assert(returns_at_last(CHURN, 40, churned));
    }
    stop_sending = true;
    pthread_join(thread, NULL);
    ck_assert(!mc_guard_damaged());
}

START_TEST(an_allocating_function_is_interrupted_and_the_allocator_stays_whole)
{
    interrupt_often(CHURN, repeats(2000));
}
END_TEST

START_TEST(a_function_with_a_state_in_the_runtime_is_interrupted)
{
    interrupt_often(DRAW, repeats(200));
}
END_TEST

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* 0: a loop that calls nothing; 1: one that sleeps in the C library. */
START_TEST(one_interrupt_is_enough)
{
    struct mc_guard_result result;
    uint64_t value;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 20000000, .count = 1};
    ck_assert_int_eq(pthread_create(&thread, NULL, send_interrupts, &sender), 0);
    double began = seconds();
    enum mc_guard_outcome outcome = call(_i ? NAP : SPIN, _i ? 30 : 4, &value, &result);
    double took = seconds() - began;
    pthread_join(thread, NULL);
    usleep(
        10000); /* a sleep that was cut short may have returned before the interrupt came again */
    ck_assert(outcome == MC_GUARD_INTERRUPTED || (_i && outcome == MC_GUARD_RETURNED && handled));
    ck_assert_msg(took < 10, "%g s", took);
    ck_assert(!mc_guard_damaged());
}
END_TEST

/* ---- cost ---- */

START_TEST(a_guarded_call_costs_nanoseconds)
{
    struct mc_guard_result result;
    uint64_t in[1] = {1};
    uint64_t out[MC_THUNK_OUT_WORDS];
    enum { N = 2000000 };
    double best[2] = {1, 1};
    for (int round = 0; round < 9; round++) {
        double began = seconds();
        for (int i = 0; i < N; i++) {
            thunks[BUMP](in, out);
        }
        double plain = seconds();
        for (int i = 0; i < N; i++) {
            mc_guard_call(artifact, thunks[BUMP], in, out, &result);
        }
        double guarded = seconds();
        best[0] = plain - began < best[0] ? plain - began : best[0];
        best[1] = guarded - plain < best[1] ? guarded - plain : best[1];
    }
    printf("f(Int) -> Int: %.1f ns, guarded %.1f ns\n", best[0] / N * 1e9, best[1] / N * 1e9);
    ck_assert_uint_eq(out[0], 2);
}
END_TEST

int main(void)
{
    if (!getenv("MOJOCELL_TEST_TOOLCHAIN")) {
        puts("MOJOCELL_TEST_TOOLCHAIN is not set: nothing is tried with a real compiler");
        return 77; /* skipped, in CTest's words */
    }
    Suite *suite = suite_create("guard with the real compiler");
    TCase *tests = tcase_create("functions");
    tcase_add_unchecked_fixture(tests, compile, remove_all);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 200);
    tcase_add_test(tests, what_a_plain_cell_does_may_be_done_here);
    tcase_add_test(tests, checks_that_fail_and_stacks_that_end_are_survived_in_every_thread);
    tcase_add_test(tests, an_abort_is_a_crash_without_damage);
    tcase_add_test(tests, an_allocating_function_is_interrupted_and_the_allocator_stays_whole);
    tcase_add_test(tests, a_function_with_a_state_in_the_runtime_is_interrupted);
    tcase_add_loop_test(tests, one_interrupt_is_enough, 0, 2);
    tcase_add_test(tests, a_guarded_call_costs_nanoseconds);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
