/* Guarded calls of functions that go wrong. Where each of them runs: tests/c/fixtures/functions.c.
 */
#include "base/mem.h"
#include "kernel_bridge/guard/artifact.h"
#include "kernel_bridge/guard/guard.h"

#include <check.h>

#include <dlfcn.h>
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char *const no_libraries[] = {NULL};
static struct mc_artifact *artifact;
static mc_err err;

static int repeats(int usual)
{
    return getenv("MC_STRESS") ? usual * 10 : usual;
}

static void open_functions(void)
{
    struct mc_artifact_spec spec = {
        .path = MC_FUNCTIONS, .libraries = no_libraries, .identity = "none"};
    ck_assert_msg(mc_artifact_open(&spec, &artifact, &err) == 0, "%s", err.message);
    mc_guard_arm(true);
}

static enum mc_guard_outcome call(int number, uint64_t argument, struct mc_guard_result *ret)
{
    char symbol[32];
    uint64_t in[2] = {argument, 0};
    uint64_t out[MC_THUNK_OUT_WORDS];
    snprintf(symbol, sizeof symbol, "mc_call_%d", number);
    return mc_guard_call(artifact, mc_artifact_thunk(artifact, symbol), in, out, ret);
}

static void check_works(void)
{
    struct mc_guard_result result;
    uint64_t in[1] = {41};
    uint64_t out[MC_THUNK_OUT_WORDS];
    ck_assert_int_eq(
        mc_guard_call(artifact, mc_artifact_thunk(artifact, "mc_call_0"), in, out, &result),
        MC_GUARD_RETURNED);
    ck_assert_int_eq(result.status, 0);
    ck_assert_uint_eq(out[0], 42);
}

static void check_crash(int number, uint64_t argument, int signal, bool damage)
{
    struct mc_guard_result result;
    ck_assert_int_eq(call(number, argument, &result), MC_GUARD_CRASHED);
    ck_assert_int_eq(result.signal, signal);
    ck_assert_int_eq(result.damaged, damage);
    ck_assert_int_eq(mc_guard_damaged(), damage);
    check_works();
}

/* ---- crashes ---- */

START_TEST(a_call_returns)
{
    check_works();
}
END_TEST

START_TEST(a_failed_check_is_a_crash_with_its_text)
{
    struct mc_guard_result result;
    for (int i = 0; i < repeats(100); i++) {
        ck_assert_int_eq(call(1, 0, &result), MC_GUARD_CRASHED);
        ck_assert_int_eq(result.signal, SIGILL);
        ck_assert(!result.damaged && !result.stack_overflow);
        ck_assert_str_eq(result.words->text,
                         "At: mc_1.mojo:3:9: Assert Error: index out of range\n");
        check_works();
    }
    ck_assert_int_eq(call(8, 0, &result), MC_GUARD_CRASHED);
    ck_assert_str_eq(result.words->text, "");
}
END_TEST

START_TEST(what_it_prints_has_no_private_path_and_is_all_there)
{
    struct mc_guard_result result;
    char text[512];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(call(13, (uint64_t) ends[1], &result), MC_GUARD_RETURNED);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    ck_assert_str_eq(text,
                     "at cell:3:4: one (another cell) mc_12.mojo:5: /home/me/own.mojo:6\n"
                     "ABORT: cell:7:8: no\n");
    close(ends[0]);
    close(ends[1]);
    ck_assert_int_eq(call(8, 0, &result), MC_GUARD_CRASHED);
    ck_assert_str_eq(result.words->text, "");
    ck_assert_uint_eq(result.words->count, 1);
}
END_TEST

START_TEST(a_stack_overflow_is_told)
{
    struct mc_guard_result result;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(call(2, 1, &result), MC_GUARD_CRASHED);
        ck_assert_int_eq(result.signal, SIGSEGV);
        ck_assert(result.stack_overflow && !result.damaged);
        check_works();
    }
}
END_TEST

START_TEST(faults_of_its_own_code_do_no_damage)
{
    check_crash(8, 0, SIGFPE, false);
    check_crash(9, 0, SIGSEGV, false);
    check_crash(9, 64, SIGSEGV, false);
}
END_TEST

START_TEST(a_fault_elsewhere_is_damage)
{
    check_crash(3, 0, SIGSEGV, true);
    check_crash(3, 0, SIGSEGV, true);
}
END_TEST

START_TEST(an_abort_elsewhere_is_damage)
{
    check_crash(4, 0, SIGABRT, true);
}
END_TEST

static void *crash_often(void *data)
{
    struct mc_guard_result result;
    atomic_int *failures = data;
    for (int i = 0; i < repeats(100); i++) {
        bool deep = i % 10 == 0;
        if (call(deep ? 2 : 1, 1, &result) != MC_GUARD_CRASHED || result.damaged ||
            result.stack_overflow != deep || call(0, 1, &result) != MC_GUARD_RETURNED) {
            atomic_fetch_add(failures, 1);
        }
    }
    return NULL;
}

START_TEST(threads_crash_each_for_itself)
{
    pthread_t threads[4];
    atomic_int failures = 0;
    for (size_t i = 0; i < MC_LENGTH(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crash_often, &failures), 0);
    }
    for (size_t i = 0; i < MC_LENGTH(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(failures, 0);
    check_works();
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

static atomic_int handled;

static void count_interrupt(int number)
{
    (void) number;
    handled++;
}

static void install_counter(void)
{
    struct sigaction action = {.sa_handler = count_interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    mc_guard_arm(true);
}

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* The call that is to show that all is well may be hit, too. */
static void works_at_last(void)
{
    struct mc_guard_result result;
    enum mc_guard_outcome outcome;
    uint64_t in[1] = {41};
    uint64_t out[MC_THUNK_OUT_WORDS];
    mc_thunk *thunk = mc_artifact_thunk(artifact, "mc_call_0");
    do {
        outcome = mc_guard_call(artifact, thunk, in, out, &result);
    } while (outcome == MC_GUARD_INTERRUPTED && !result.damaged);
    ck_assert_int_eq(outcome, MC_GUARD_RETURNED);
    ck_assert_uint_eq(out[0], 42);
}

START_TEST(an_allocating_function_is_interrupted_and_the_allocator_stays_whole)
{
    struct mc_guard_result result;
    uint64_t never = 0;
    install_counter();
    stop_sending = false;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 50000};
    ck_assert_int_eq(pthread_create(&thread, NULL, send_interrupts, &sender), 0);
    for (int i = 0; i < repeats(2000); i++) {
        ck_assert_int_eq(call(5, (uint64_t) (uintptr_t) &never, &result), MC_GUARD_INTERRUPTED);
        ck_assert(!result.damaged);
        char *p = malloc(100 + (size_t) i % 5000);
        ck_assert_ptr_nonnull(p);
        memset(p, 1, 100);
        free(p);
        works_at_last();
    }
    stop_sending = true;
    pthread_join(thread, NULL);
    ck_assert(!mc_guard_damaged());
}
END_TEST

START_TEST(a_tight_loop_is_interrupted_at_once)
{
    struct mc_guard_result result;
    install_counter();
    stop_sending = false;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 20000000, .count = 1};
    double began = seconds();
    ck_assert_int_eq(pthread_create(&thread, NULL, send_interrupts, &sender), 0);
    ck_assert_int_eq(call(6, 1, &result), MC_GUARD_INTERRUPTED);
    ck_assert(seconds() - began < 10);
    pthread_join(thread, NULL);
    ck_assert_int_eq(handled, 0);
}
END_TEST

START_TEST(what_stays_elsewhere_is_left_after_a_second_as_damaged)
{
    struct mc_guard_result result;
    install_counter();
    stop_sending = false;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 1000000, .count = 1};
    double began = seconds();
    ck_assert_int_eq(pthread_create(&thread, NULL, send_interrupts, &sender), 0);
    ck_assert_int_eq(call(7, 100000000, &result), MC_GUARD_INTERRUPTED);
    double took = seconds() - began;
    pthread_join(thread, NULL);
    ck_assert_msg(took > 0.9, "%g s", took);
    ck_assert(result.damaged && mc_guard_damaged());
    check_works();
}
END_TEST

/* The guard's clock (linked with --wrap), ahead by what a test says, and how often it was asked. */
struct clock {
    _Atomic int64_t ahead_ns;
    atomic_int asked;
};
static struct clock *guard_clock; /* NULL: the system's */

// NOLINTBEGIN(readability-identifier-naming): the linker's names
int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
    int done = __real_clock_gettime(id, ret);
    if (guard_clock) {
        ret->tv_sec += guard_clock->ahead_ns / 1000000000;
        guard_clock->asked++;
    }
    return done;
}
// NOLINTEND(readability-identifier-naming)

static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* For the guard of a process to try the call that an interrupt waits for so many times more. */
static void await_tries(pid_t pid, const struct clock *clock, int more)
{
    int seen = clock->asked;
    while (clock->asked < seen + more && !has_ended(pid)) {
        usleep(1000);
    }
}

/* A process that was not run for a while (Ctrl-Z, a machine with too much to do) has not tried for
 * all that time. */
START_TEST(an_interrupt_of_a_stopped_process_waits_for_it)
{
    uint64_t *go = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(go, MAP_FAILED);
    struct clock *clock = (struct clock *) (go + 2);
    pid_t pid = fork();
    if (pid == 0) {
        struct mc_guard_result result;
        guard_clock = clock;
        mc_guard_arm(true);
        enum mc_guard_outcome outcome = call(12, (uint64_t) (uintptr_t) go, &result);
        _exit(outcome == MC_GUARD_INTERRUPTED && !result.damaged ? 0 : 1);
    }
    int status;
    while (!((volatile uint64_t *) go)[1]) {
        usleep(1000);
    }
    kill(pid, SIGINT);
    await_tries(pid, clock, 1);
    kill(pid, SIGSTOP);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    clock->ahead_ns = INT64_C(5000000000);
    kill(pid, SIGCONT);
    await_tries(pid, clock, 2);
    *(volatile uint64_t *) go = 1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(an_interrupt_outside_of_calls_is_its_handlers)
{
    install_counter();
    check_works();
    raise(SIGINT);
    ck_assert_int_eq(handled, 1);
}
END_TEST

static atomic_int in_thread;          /* gettid of a thread in a call */
static volatile uint64_t spinning[2]; /* as mc_call_12 has them */

static void *spin(void *data)
{
    struct mc_guard_result *result = data;
    check_works();
    in_thread = gettid();
    result->status = (int32_t) call(12, (uint64_t) (uintptr_t) spinning, result);
    return NULL;
}

static pthread_t start_spinning(struct mc_guard_result *result)
{
    pthread_t thread;
    memset(result, 0, sizeof *result);
    spinning[0] = 1;
    spinning[1] = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, spin, result), 0);
    while (!spinning[1]) {
        usleep(1000);
    }
    return thread;
}

START_TEST(another_thread_is_interrupted_by_its_number_alone)
{
    struct mc_guard_result result;
    install_counter();
    pthread_t thread = start_spinning(&result);
    syscall(SYS_tgkill, getpid(), in_thread, SIGINT);
    while (!handled) { /* Ctrl-C is not for it */
        usleep(1000);
    }
    ck_assert_int_eq(pthread_tryjoin_np(thread, NULL), EBUSY);
    mc_guard_interrupt(in_thread);
    pthread_join(thread, NULL);
    ck_assert_int_eq(handled, 1);
    ck_assert_int_eq(result.status, MC_GUARD_INTERRUPTED);
    mc_guard_interrupt(gettid()); /* in no call: nothing */
    check_works();
}
END_TEST

/* ---- others ---- */

static bool with_guard;
static int *runs; /* of a handler, in whichever process */

static void arm(void)
{
    if (with_guard) {
        mc_guard_arm(true);
    }
}

/* How a child ends that does this, in a process that knows no guard, or in one whose guard is
 * armed and has been used. */
static int end_of(void (*action)(void), bool guarded, int *ret_runs)
{
    fflush(NULL);
    *runs = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10); /* ends what goes round in circles */
        with_guard = guarded;
        if (guarded) {
            open_functions();
            check_works();
        }
        action();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    *ret_runs = *runs;
    return status;
}

static void read_nowhere(void)
{
    int *volatile nowhere = (int *) 16;
    *nowhere = 1;
}

static void abort_here(void)
{
    abort();
}

static void say_and_die(int number)
{
    (void) number;
    _exit(77);
}

static void with_handler(void)
{
    struct sigaction action = {.sa_handler = say_and_die};
    sigaction(SIGSEGV, &action, NULL);
    arm();
    read_nowhere();
}

static void reset_after_one(int number)
{
    (void) number; /* the fault comes again, to the default action */
    ++*runs;
}

static void with_reset_handler(void)
{
    struct sigaction action = {.sa_handler = reset_after_one, .sa_flags = (int) SA_RESETHAND};
    sigaction(SIGSEGV, &action, NULL);
    arm();
    read_nowhere();
}

/* As Python's faulthandler is: takes itself away, says what it has to say, and passes on. */
static struct sigaction before_teller;

static void tell_and_pass_on(int number)
{
    ++*runs;
    sigaction(number, &before_teller, NULL);
    raise(number);
}

static void install_teller(void)
{
    struct sigaction action = {.sa_handler = tell_and_pass_on,
                               .sa_flags = (int) SA_NODEFER | SA_ONSTACK};
    sigaction(SIGSEGV, &action, &before_teller);
    arm();
}

static void with_teller(void)
{
    install_teller();
    read_nowhere();
}

static void with_teller_before(void)
{
    struct sigaction action = {.sa_handler = say_and_die};
    sigaction(SIGSEGV, &action, NULL);
    arm();
    install_teller();
    read_nowhere();
}

static void with_teller_taken_away(void)
{
    install_teller();
    sigaction(SIGSEGV, &before_teller, NULL);
    arm();
    read_nowhere();
}

/* As crash reporters do: takes itself away and returns, so that the fault comes again. */
static void step_aside(int number)
{
    ++*runs;
    sigaction(number, &before_teller, NULL);
}

static void with_one_that_steps_aside(void)
{
    struct sigaction action = {.sa_handler = step_aside};
    sigaction(SIGSEGV, &action, &before_teller);
    arm();
    read_nowhere();
}

static void with_a_caller(int number, siginfo_t *info, void *context)
{
    ++*runs;
    if (before_teller.sa_flags & SA_SIGINFO) {
        before_teller.sa_sigaction(number, info, context);
    } else if (before_teller.sa_handler == SIG_DFL) {
        signal(number, SIG_DFL);
    }
}

static void with_one_that_calls_the_one_before(void)
{
    struct sigaction action = {.sa_sigaction = with_a_caller, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, &before_teller);
    arm();
    read_nowhere();
}

static void with_many(void)
{
    for (int i = 0; i < 40; i++) {
        signal(SIGSEGV, i % 2 ? reset_after_one : say_and_die);
        arm();
    }
    signal(SIGSEGV, say_and_die);
    arm();
    read_nowhere();
}

static void ignored(void)
{
    signal(SIGINT, SIG_IGN);
    arm();
    raise(SIGINT);
    _exit(5);
}

static void sent(void)
{
    kill(getpid(), SIGSEGV);
    _exit(6);
}

static void interrupted(void)
{
    signal(SIGINT, SIG_DFL);
    arm();
    raise(SIGINT);
    _exit(7);
}

/* Signals that nobody has asked for do not end a system call. */
static void urgent(void)
{
    int ends[2];
    char c;
    if (pipe(ends) < 0) {
        _exit(8);
    }
    pid_t pid = fork();
    if (pid == 0) {
        usleep(20000);
        kill(getppid(), SIGURG);
        usleep(20000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    ssize_t n = read(ends[0], &c, 1);
    _exit(n == 1 ? 10 : 11);
}

START_TEST(outside_of_calls_everything_is_as_it_was)
{
    static void (*const actions[])(void) = {read_nowhere,
                                            abort_here,
                                            with_handler,
                                            with_reset_handler,
                                            with_teller,
                                            with_teller_before,
                                            with_teller_taken_away,
                                            with_one_that_steps_aside,
                                            with_one_that_calls_the_one_before,
                                            with_many,
                                            ignored,
                                            sent,
                                            interrupted,
                                            urgent};
    int told[2];
    runs = mmap(NULL, sizeof *runs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(runs, MAP_FAILED);
    for (size_t i = 0; i < MC_LENGTH(actions); i++) {
        int before = end_of(actions[i], false, &told[0]);
        int with = end_of(actions[i], true, &told[1]);
        ck_assert_msg(with == before, "action %zu ends with %x, not %x", i, with, before);
        ck_assert_msg(told[0] == told[1], "action %zu: %d times, not %d", i, told[1], told[0]);
    }
}
END_TEST

/* The guard survives its own crashes in front of all these. */
START_TEST(a_teller_installed_later_says_nothing_of_guarded_crashes)
{
    runs = mmap(NULL, sizeof *runs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    with_guard = true;
    install_teller();
    for (int i = 0; i < 10; i++) {
        check_crash(9, 0, SIGSEGV, false);
    }
    ck_assert_int_eq(*runs, 0);
}
END_TEST

static void count_urgent(int number)
{
    (void) number;
    handled++;
}

START_TEST(urgent_data_of_a_socket_interrupts_no_call)
{
    struct mc_guard_result result;
    signal(SIGURG, count_urgent);
    mc_guard_arm(true);
    pthread_t thread = start_spinning(&result);
    syscall(SYS_tgkill, getpid(), in_thread, SIGURG);
    while (!handled) {
        usleep(1000);
    }
    ck_assert_int_eq(pthread_tryjoin_np(thread, NULL), EBUSY);
    mc_guard_interrupt(in_thread);
    pthread_join(thread, NULL);
    ck_assert_int_eq(handled, 1); /* ours is nobody else's */
    ck_assert_int_eq(result.status, MC_GUARD_INTERRUPTED);
}
END_TEST

START_TEST(the_way_of_rounding_outlives_a_jump)
{
    fesetround(FE_UPWARD);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); /* denormal numbers are zero */
#endif
    check_crash(1, 0, SIGILL, false);
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    volatile double one = 1;
    volatile double three = 3;
    volatile long double wide = 1.0L;
    ck_assert(one / three * three > 1 || one / three > 0.333333333333333314L);
    ck_assert(wide / three * three > 1);
#if defined(__x86_64__)
    ck_assert_uint_eq(_mm_getcsr() & 0x8040, 0x8040);
#endif
}
END_TEST

/* Threads come and go: their stacks for signals go with them. */
static void *crash_once(void *data)
{
    struct mc_guard_result result;
    (void) data;
    return call(2, 1, &result) == MC_GUARD_CRASHED && result.stack_overflow ? NULL : data;
}

static long mapped_pages(void)
{
    long pages = -1;
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    return pages;
}

START_TEST(threads_leave_no_memory_behind)
{
    long before = 0;
    for (int i = 0; i < 220; i++) {
        pthread_t thread;
        void *failed = &thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, crash_once, &before), 0);
        pthread_join(thread, &failed);
        ck_assert_ptr_null(failed);
        if (i == 19) {
            before = mapped_pages();
        }
    }
    ck_assert_int_lt(mapped_pages() - before, 64);
}
END_TEST

START_TEST(a_forked_child_is_guarded_as_well)
{
    struct mc_guard_result result;
    uint64_t never = 0;
    install_counter();
    stop_sending = false;
    pthread_t thread;
    struct sender sender = {.to = gettid(), .pause_ns = 1000000, .count = 1};
    pthread_create(&thread, NULL, send_interrupts, &sender);
    call(5, (uint64_t) (uintptr_t) &never, &result); /* this process has its timer now, perhaps */
    pthread_join(thread, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        check_crash(1, 0, SIGILL, false);
        struct sender own = {.to = gettid(), .pause_ns = 1000000, .count = 1};
        pthread_create(&thread, NULL, send_interrupts, &own);
        _exit(call(5, (uint64_t) (uintptr_t) &never, &result) == MC_GUARD_INTERRUPTED ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

static void take_over(int number)
{
    (void) number;
    _exit(9);
}

START_TEST(arming_again_comes_before_what_was_installed_since)
{
    signal(SIGILL, take_over);
    mc_guard_arm(true);
    mc_guard_arm(true);
    check_crash(1, 0, SIGILL, false);
}
END_TEST

/* ---- artifacts ---- */

START_TEST(the_same_path_is_the_same_artifact)
{
    struct mc_artifact *again = NULL;
    struct mc_artifact_spec spec = {
        .path = MC_FUNCTIONS, .libraries = no_libraries, .identity = "none"};
    ck_assert_int_eq(mc_artifact_open(&spec, &again, &err), 0);
    ck_assert_ptr_eq(again, artifact);
    ck_assert_ptr_null(mc_artifact_thunk(artifact, "mc_call_99"));
    spec.path = "/nowhere.so";
    ck_assert_int_eq(mc_artifact_open(&spec, &again, &err), -1);
    ck_assert_int_eq(err.code, MC_IO);
    spec.path = MC_RUNTIME;
    spec.identity = "another";
    ck_assert_int_eq(mc_artifact_open(&spec, &again, &err), 0);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    size_t n;
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we");
    ck_assert(in && out);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) {
        ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
    }
    fclose(in);
    fclose(out);
}

/* Each in a process that has loaded nothing yet. 0: the same file by another name; 1: another file
 * of that name, for itself alone. */
START_TEST(another_runtime_is_noticed_whoever_loaded_it)
{
    static const char *const libraries[] = {MC_RUNTIME, NULL};
    const char *name = strrchr(MC_RUNTIME, '/');
    char directory[] = "/tmp/mojocell-check-XXXXXX";
    char path[256];
    struct mc_artifact_spec spec = {
        .path = MC_FUNCTIONS, .libraries = libraries, .identity = "one"};
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s%s", directory, name);
    if (_i == 0) {
        ck_assert_int_eq(symlink(MC_RUNTIME, path), 0);
    } else {
        copy_file(MC_RUNTIME, path);
    }
    ck_assert_ptr_nonnull(dlopen(path, RTLD_NOW | RTLD_LOCAL));
    int opened = mc_artifact_open(&spec, &artifact, &err);
    unlink(path);
    rmdir(directory);
    ck_assert_int_eq(opened, _i == 0 ? 0 : -1);
    if (_i == 0) { /* and now one that says it is another */
        spec.path = MC_RUNTIME;
        spec.identity = "two";
        ck_assert_int_eq(mc_artifact_open(&spec, &artifact, &err), -1);
    }
    ck_assert_int_eq(err.code, MC_RUNTIME_CONFLICT);
}
END_TEST

START_TEST(what_could_end_the_process_is_not_called_in_it)
{
    char reason[200] = "";
    ck_assert_int_eq(mc_artifact_unguardable(MC_FUNCTIONS, reason, sizeof reason, &err), 1);
    ck_assert_ptr_nonnull(strstr(reason, "it calls "));
    ck_assert_int_eq(mc_artifact_unguardable("/nowhere", reason, sizeof reason, &err), -1);
}
END_TEST

/* ---- cost ---- */

START_TEST(a_guarded_call_costs_nanoseconds)
{
    mc_thunk *thunk = mc_artifact_thunk(artifact, "mc_call_11");
    struct mc_guard_result result;
    uint64_t out[MC_THUNK_OUT_WORDS];
    enum { N = 2000000 };
    double best[2] = {1, 1};
    for (int round = 0; round < 5; round++) {
        double began = seconds();
        for (int i = 0; i < N; i++) {
            thunk(NULL, out);
        }
        double plain = seconds();
        for (int i = 0; i < N; i++) {
            mc_guard_call(artifact, thunk, NULL, out, &result);
        }
        double guarded = seconds();
        best[0] = plain - began < best[0] ? plain - began : best[0];
        best[1] = guarded - plain < best[1] ? guarded - plain : best[1];
    }
    printf("a call: %.1f ns, guarded %.1f ns\n", best[0] / N * 1e9, best[1] / N * 1e9);
    ck_assert(best[1] / N < 100e-9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guard");
    TCase *tests = tcase_create("guard");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, open_functions, NULL);
    tcase_add_test(tests, a_call_returns);
    tcase_add_test(tests, a_failed_check_is_a_crash_with_its_text);
    tcase_add_test(tests, what_it_prints_has_no_private_path_and_is_all_there);
    tcase_add_test(tests, a_stack_overflow_is_told);
    tcase_add_test(tests, faults_of_its_own_code_do_no_damage);
    tcase_add_test(tests, a_fault_elsewhere_is_damage);
    tcase_add_test(tests, an_abort_elsewhere_is_damage);
    tcase_add_test(tests, threads_crash_each_for_itself);
    tcase_add_test(tests, an_allocating_function_is_interrupted_and_the_allocator_stays_whole);
    tcase_add_test(tests, a_tight_loop_is_interrupted_at_once);
    tcase_add_test(tests, what_stays_elsewhere_is_left_after_a_second_as_damaged);
    tcase_add_test(tests, an_interrupt_of_a_stopped_process_waits_for_it);
    tcase_add_test(tests, an_interrupt_outside_of_calls_is_its_handlers);
    tcase_add_test(tests, another_thread_is_interrupted_by_its_number_alone);
    tcase_add_test(tests, a_teller_installed_later_says_nothing_of_guarded_crashes);
    tcase_add_test(tests, urgent_data_of_a_socket_interrupts_no_call);
    tcase_add_test(tests, the_way_of_rounding_outlives_a_jump);
    tcase_add_test(tests, threads_leave_no_memory_behind);
    tcase_add_test(tests, a_forked_child_is_guarded_as_well);
    tcase_add_test(tests, arming_again_comes_before_what_was_installed_since);
    tcase_add_test(tests, the_same_path_is_the_same_artifact);
    tcase_add_test(tests, what_could_end_the_process_is_not_called_in_it);
    tcase_add_test(tests, a_guarded_call_costs_nanoseconds);
    suite_add_tcase(suite, tests);
    TCase *others = tcase_create("others"); /* begins without a guard */
    tcase_set_timeout(others, 100);
    tcase_add_test(others, outside_of_calls_everything_is_as_it_was);
    tcase_add_loop_test(others, another_runtime_is_noticed_whoever_loaded_it, 0, 2);
    suite_add_tcase(suite, others);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
