/* Programs of the real compiler in forks of the runner, and newly executed: MOJOCELL_TEST_TOOLCHAIN
 * names the compiler. */
#include "base/fs.h"
#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/toolchain.h"
#include "proc/spawn.h"
#include "runner_harness.h"

#include <check.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/mojocell-check-XXXXXX";
static char artifact[128];
static struct mc_toolchain *toolchain;
static struct mc_runner_link *runner;
static mc_err err;

/* Once for all tests: a compilation takes seconds. */
static void compile(void)
{
    mc_autofree char *root = NULL;
    struct mc_toolchain_hints hints = {.explicit_path = getenv("MOJOCELL_TEST_TOOLCHAIN")};
    ck_assert_msg(mc_toolchain_find(&hints, &root, NULL, &err) == 0, "%s", err.message);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_msg(mc_toolchain_identify(root, directory, &toolchain, &err) == 0, "%s", err.message);
    snprintf(artifact, sizeof artifact, "%s/program.so", directory);
    struct mc_compile_spec spec = {.toolchain = toolchain,
                                   .entry = MC_FIXTURES "/program_entry.mojo",
                                   .module_dir = MC_FIXTURES,
                                   .output = artifact,
                                   .shim_dir = MC_TEST_SHIM_DIR,
                                   .tmp_dir = directory,
                                   .home_dir = directory};
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv envp = MC_STRV_INIT;
    ck_assert_msg(mc_command_build(&spec, &argv, &envp, &err) == 0, "%s", err.message);
    struct mc_spawn_spec process = MC_SPAWN_INIT;
    process.path = argv.items[0];
    process.argv = argv.items;
    process.envp = envp.items;
    process.err = 2;
    process.out = 1;
    pid_t pid;
    int status;
    ck_assert_msg(mc_spawn(&process, &pid, NULL, &err) == 0, "%s", err.message);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static void remove_all(void)
{
    mc_toolchain_free(toolchain);
    ck_assert_int_eq(mc_fs_remove(directory, &err), 0);
}

static void set_up(void)
{
    runner = harness_start((const char *const *) toolchain->libraries.items);
    struct mc_runner_event ready = harness_event(runner);
    ck_assert_msg(ready.kind == MC_RUNNER_READY, "%s", ready.message);
}

static void tear_down(void)
{
    runner = mc_runner_link_free(runner);
}

static struct mc_runner_run request(const char *const *args, bool fresh)
{
    struct mc_runner_run run = harness_request(artifact, args);
    run.fresh = fresh;
    return run;
}

/* Each test runs with 0: in a fork, 1: newly executed. */
static void run(const char *what, int fresh, struct outcome *ret)
{
    const char *args[] = {what, "two words", NULL};
    harness_run(runner, request(args, fresh), ret);
    ck_assert_msg(ret->end.outcome == MC_RUNNER_RAN, "%s", ret->end.message);
    ck_assert_int_eq(ret->end.executed, fresh);
    ck_assert_msg(strncmp(ret->out, "before cell 3 1.5\n", 18) == 0, "%s", ret->out);
}

START_TEST(test_a_program_prints_and_ends)
{
    struct outcome o;
    run("nothing", _i, &o);
    ck_assert_int_eq(o.end.status, 0);
    ck_assert_str_eq(o.out, "before cell 3 1.5\n");
    ck_assert_ptr_null(mc_runner_needs_fresh(artifact));
}
END_TEST

START_TEST(test_an_index_out_of_range_is_told_beside_the_output)
{
    struct outcome o;
    run("index", _i, &o);
    ck_assert(WIFSIGNALED(o.end.status));
    ck_assert_str_eq(o.out, "before cell 3 1.5\n");
    ck_assert_ptr_nonnull(strstr(o.end.words.text, "program.mojo:"));
    ck_assert_ptr_nonnull(strstr(o.end.words.text, "index 5 is out of bounds"));
}
END_TEST

START_TEST(test_the_text_of_an_abort_comes_with_the_end)
{
    struct outcome o;
    run("abort", _i, &o);
    ck_assert(WIFSIGNALED(o.end.status));
    ck_assert_str_eq(o.out, "before cell 3 1.5\n");
    ck_assert_ptr_nonnull(strstr(o.end.words.text, "program.mojo:"));
    ck_assert_ptr_nonnull(strstr(o.end.words.text, "gave up"));
    ck_assert_uint_gt(o.end.words.count, 0);
}
END_TEST

START_TEST(test_a_stack_overflow_is_named)
{
    struct outcome o;
    run("overflow", _i, &o);
    ck_assert_int_eq(WTERMSIG(o.end.status), SIGSEGV);
    ck_assert(o.end.stack_overflow);
}
END_TEST

START_TEST(test_an_error_out_of_main_is_status_1)
{
    struct outcome o;
    run("raise", _i, &o);
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 1);
    ck_assert_ptr_nonnull(strstr(o.out, "bad thing\n"));
}
END_TEST

START_TEST(test_exit_from_within_has_its_status)
{
    struct outcome o;
    run("exit", _i, &o);
    ck_assert(WIFEXITED(o.end.status));
    ck_assert_int_eq(WEXITSTATUS(o.end.status), 5);
}
END_TEST

START_TEST(test_input_and_environment_are_the_callers)
{
    const char *args[] = {"input", "-", NULL};
    struct mc_runner_run wanted = request(args, _i);
    int in[2];
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(write(in[1], "Ada\n", 4), 4);
    close(in[1]);
    wanted.in = in[0];
    struct outcome o;
    harness_run(runner, wanted, &o);
    close(in[0]);
    ck_assert_str_eq(o.out, "before cell 3 1.5\nenv green\nname? hello Ada\n");
}
END_TEST

START_TEST(test_python_runs_inside_a_program)
{
    const char *args[] = {"python", "-", NULL};
    char path[4096]; /* where a python3 is found */
    snprintf(path, sizeof path, "PATH=%s", getenv("PATH"));
    const char *const envp[] = {path, NULL};
    struct mc_runner_run wanted = request(args, _i);
    wanted.envp = envp;
    struct outcome o;
    harness_run(runner, wanted, &o);
    ck_assert_str_eq(o.out, "before cell 3 1.5\npython 3 4.0\n");
    ck_assert_int_eq(o.end.status, 0);
}
END_TEST

START_TEST(test_the_asynchronous_runtime_has_its_device)
{
    struct outcome o;
    run("device", _i, &o);
    ck_assert_str_eq(o.out, "before cell 3 1.5\nlevel True\n");
    ck_assert_int_eq(o.end.status, 0);
}
END_TEST

START_TEST(test_memory_that_runs_out_is_told_by_the_text)
{
    const char *args[] = {"allocate", "-", NULL};
    struct mc_runner_run wanted = request(args, _i);
    wanted.limits.memory = 128 << 20;
    struct outcome o;
    harness_run(runner, wanted, &o);
    struct mc_limits_facts facts = {
        .status = o.end.status,
        .allocation_failed =
            mc_limits_text_tells_memory(o.end.words.text, strlen(o.end.words.text)),
    };
    ck_assert_int_eq(mc_limits_classify(&wanted.limits, &facts), MC_LIMIT_MEMORY);
    ck_assert_int_gt(o.end.usage.ru_maxrss, 64 << 10);
    ck_assert_int_lt(o.end.usage.ru_maxrss, 256 << 10);
}
END_TEST

int main(void)
{
    if (!getenv("MOJOCELL_TEST_TOOLCHAIN")) {
        puts("MOJOCELL_TEST_TOOLCHAIN is not set: nothing is tried with a real compiler");
        return 77; /* skipped, in CTest's words */
    }
    Suite *suite = suite_create("runner with the real compiler");
    TCase *tcase = tcase_create("programs");
    tcase_add_unchecked_fixture(tcase, compile, remove_all);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_a_program_prints_and_ends, 0, 2);
    tcase_add_loop_test(tcase, test_an_index_out_of_range_is_told_beside_the_output, 0, 2);
    tcase_add_loop_test(tcase, test_the_text_of_an_abort_comes_with_the_end, 0, 2);
    tcase_add_loop_test(tcase, test_a_stack_overflow_is_named, 0, 2);
    tcase_add_loop_test(tcase, test_an_error_out_of_main_is_status_1, 0, 2);
    tcase_add_loop_test(tcase, test_exit_from_within_has_its_status, 0, 2);
    tcase_add_loop_test(tcase, test_input_and_environment_are_the_callers, 0, 2);
    tcase_add_loop_test(tcase, test_python_runs_inside_a_program, 0, 2);
    tcase_add_loop_test(tcase, test_the_asynchronous_runtime_has_its_device, 0, 2);
    tcase_add_loop_test(tcase, test_memory_that_runs_out_is_told_by_the_text, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
