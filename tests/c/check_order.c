#include "abi/order.h"
#include "base/mem.h"

#include <check.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program with two pipes, which writes "a" to the one and "b" to the other. */
struct program {
    struct mc_order *order;
    int out, err; /* our ends */
    pid_t pid;
};

static _Noreturn void write_both(struct mc_order *order, const int ends[2])
{
    dup2(ends[0], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    mc_order_begin(order, false);
    bool done =
        mc_order_write(STDOUT_FILENO, "a", 1) == 1 && mc_order_write(STDERR_FILENO, "b", 1) == 1;
    _exit(done ? 0 : 1);
}

static struct program start(uint32_t reading)
{
    struct program program;
    mc_err err;
    int shared;
    int out[2];
    int other[2];
    ck_assert_int_eq(mc_order_make(&shared, &program.order, &err), 0);
    close(shared);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(other, O_CLOEXEC), 0);
    atomic_store(&program.order->streams[0].reading, reading);
    program.pid = fork();
    if (program.pid == 0) {
        write_both(program.order, (const int[]) {out[1], other[1]});
    }
    close(out[1]);
    close(other[1]);
    program.out = out[0];
    program.err = other[0];
    return program;
}

static void end(struct program *program)
{
    int status;
    ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
    ck_assert_int_eq(status, 0);
    close(program->out);
    close(program->err);
    mc_order_unmap(program->order);
}

/* How often it has slept. */
static long sleeps(pid_t pid)
{
    char path[64];
    char line[128];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int) pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        static const char name[] = "voluntary_ctxt_switches:";
        count = strncmp(line, name, strlen(name)) == 0 ? atol(line + strlen(name)) : count;
    }
    if (file) {
        fclose(file);
    }
    return count;
}

static void expect_the_turn(const struct program *program)
{
    ck_assert_uint_eq(atomic_load(&program->order->noted), 1);
    ck_assert_uint_eq(program->order->turns[0].stream, 0);
    ck_assert_uint_eq(program->order->turns[0].position, 1);
}

START_TEST(test_a_turn_is_noted)
{
    struct program program = start(0);
    char byte;
    ck_assert_int_eq(read(program.err, &byte, 1), 1);
    ck_assert_int_eq(byte, 'b');
    expect_the_turn(&program);
    end(&program);
}
END_TEST

START_TEST(test_a_turn_waits_for_a_reader_that_is_kept_from_the_processor_in_the_middle)
{
    struct program program = start(1);
    char byte;
    ck_assert_int_eq(read(program.out, &byte, 1), 1);
    while (sleeps(program.pid) < 20) {
        usleep(1000);
    }
    ck_assert_uint_eq(atomic_load(&program.order->noted), 0);
    atomic_store(&program.order->streams[0].bytes, 1); /* it goes on, and has read that */
    atomic_store(&program.order->streams[0].reading, 2);
    ck_assert_int_eq(read(program.err, &byte, 1), 1);
    expect_the_turn(&program);
    end(&program);
}
END_TEST

START_TEST(test_who_is_told_that_nobody_reads_goes_on)
{
    struct program program = start(1);
    char byte;
    ck_assert_int_eq(read(program.out, &byte, 1), 1);
    mc_order_stop(program.order);
    ck_assert_int_eq(read(program.err, &byte, 1), 1);
    ck_assert_uint_eq(atomic_load(&program.order->noted), 0);
    end(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order");
    TCase *tests = tcase_create("order");
    tcase_add_test(tests, test_a_turn_is_noted);
    tcase_add_test(tests,
                   test_a_turn_waits_for_a_reader_that_is_kept_from_the_processor_in_the_middle);
    tcase_add_test(tests, test_who_is_told_that_nobody_reads_goes_on);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
