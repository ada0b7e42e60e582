#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/flags.h"

#include <check.h>

#include <stdarg.h>
#include <string.h>

/* The normalized flags joined by spaces, or "code: message (hint)". */
static char *normalized(const char *first, ...)
{
    char *flags[16] = {NULL};
    size_t n = 0;
    va_list args;
    va_start(args, first);
    for (const char *flag = first; flag != NULL; flag = va_arg(args, const char *)) {
        flags[n++] = (char *) flag;
    }
    va_end(args);
    mc_autostrv ret = MC_STRV_INIT;
    mc_autobuf text = MC_BUF_INIT;
    mc_err err = {0};
    if (mc_flags_normalize(flags, "/work dir", &ret, NULL, &err) < 0) {
        mc_buf_addf(&text, "%s: %s (%s)", mc_code_name(err.code), err.message, err.hint);
    }
    for (size_t i = 0; i < ret.count; i++) {
        mc_buf_addf(&text, "%s%s", i > 0 ? " " : "", ret.items[i]);
    }
    return mc_buf_steal(&text);
}

#define ck_flags(expected, ...)                                \
    do {                                                       \
        mc_autofree char *got = normalized(__VA_ARGS__, NULL); \
        ck_assert_str_eq(got, expected);                       \
    } while (0)

START_TEST(test_equal_flags_are_spelled_equally)
{
    ck_flags("-O2", "-O2");
    ck_flags("-O2", "-O", "2");
    ck_flags("-O2", "--optimization-level", "2");
    ck_flags("-O2", "--optimization-level=2");
    ck_flags("-O0", "--no-optimization");
    ck_flags("-g2", "-g");
    ck_flags("-g1", "--debug-level=line-tables");
    ck_flags("--target-cpu=x86-64-v3", "--target-cpu", "x86-64-v3");
    ck_flags("--fp-mode=contract=off", "--fp-mode", "contract=off");
    ck_flags("-DA=1 -DB", "-D", "A=1", "-DB");
    ck_flags("--disable-warnings --Werror", "-Werror", "--disable-warnings");
}
END_TEST

START_TEST(test_the_last_of_options_that_override_each_other_stays)
{
    ck_flags("-O1 -g0", "-O3", "-g2", "-O", "1", "-g0");
    ck_flags("-DA=1 -DA=2", "-DA=1", "-DA=2");
}
END_TEST

START_TEST(test_search_paths_become_absolute_and_keep_their_order)
{
    ck_flags("-I/work dir/lib -I/b -I/work dir", "-I", "./lib//", "-I/b/./", "-I.", "-Ilib");
    ck_flags("-I/", "-I/");
    ck_flags("-I/work dir/../x", "-I../x");
    const char *const flags[] = {"-O1", "-I", "b", "-I/a", NULL};
    mc_autostrv ret = MC_STRV_INIT;
    mc_autostrv includes = MC_STRV_INIT;
    mc_err err;
    ck_assert_int_eq(mc_flags_normalize((char *const *) flags, "/w", &ret, &includes, &err), 0);
    ck_assert_uint_eq(includes.count, 2);
    ck_assert_str_eq(includes.items[0], "/w/b");
    ck_assert_str_eq(includes.items[1], "/a");
}
END_TEST

START_TEST(test_what_is_not_allowed_is_refused_by_name)
{
    ck_flags("invalid_request: unknown compiler flag '--optimisation-level' "
             "(did you mean --optimization-level?)",
             "--optimisation-level",
             "2");
    ck_flags("invalid_request: unknown compiler flag '--werror' (did you mean --Werror?)",
             "--werror");
    ck_flags("invalid_request: unknown compiler flag '-o' (known are -O, -I, -D, -g0 to -g2, "
             "--target-cpu, --target-features, --fp-mode, --disable-warnings and --Werror)",
             "-o",
             "x");
    mc_autofree char *linker = normalized("-Xlinker", "-rpath", NULL);
    ck_assert_ptr_nonnull(strstr(linker, "unknown compiler flag '-Xlinker'"));
    mc_autofree char *bare = normalized("", NULL);
    ck_assert_ptr_nonnull(strstr(bare, "unknown compiler flag ''"));
}
END_TEST

START_TEST(test_values_are_checked)
{
    ck_flags("invalid_request: the compiler flag -O has the value '5' (it is 0 to 3)", "-O5");
    ck_flags("invalid_request: the compiler flag -O has the value '=2' (it is 0 to 3)", "-O=2");
    ck_flags("invalid_request: the compiler flag -D needs a value ()", "-D");
    ck_flags("invalid_request: the compiler flag -D has the value '=1' (NAME or NAME=VALUE)",
             "-D=1");
    mc_autofree char *cpu = normalized("--target-cpu", "a b", NULL);
    ck_assert_ptr_nonnull(strstr(cpu, "has the value 'a b'"));
    mc_autofree char *path = normalized("-I", "", NULL);
    ck_assert_ptr_nonnull(strstr(path, "has the value ''"));
}
END_TEST

START_TEST(test_no_flags_are_no_flags_and_a_value_is_found)
{
    mc_autostrv ret = MC_STRV_INIT;
    mc_err err;
    ck_assert_int_eq(mc_flags_normalize(NULL, "/", &ret, NULL, &err), 0);
    ck_assert_uint_eq(ret.count, 0);
}
END_TEST

START_TEST(test_the_environment_is_ours_alone)
{
    struct mc_toolchain toolchain = {.root = (char *) "/t"};
    const char *const flags[] = {"-O1", "-I/lib", NULL};
    struct mc_compile_spec spec = {
        .toolchain = &toolchain,
        .entry = "/w/entry.mojo",
        .output = "/w/out.so",
        .module_dir = "/w",
        .flags = (char *const *) flags,
        .shim_dir = "/shim",
        .path = "/usr/bin",
        .tmp_dir = "/w/tmp",
        .home_dir = "/w/home",
        .threads = 2,
    };
    static const char *const argv_wanted[] = {"/t/bin/mojo",
                                              "build",
                                              "--emit",
                                              "shared-lib",
                                              "--diagnostic-format",
                                              "json",
                                              "-j2",
                                              "-I",
                                              "/w",
                                              "-O1",
                                              "-I/lib",
                                              "-o",
                                              "/w/out.so",
                                              "/w/entry.mojo"};
    static const char *const env_wanted[] = {"MODULAR_MAX_PACKAGE_ROOT=/t",
                                             "MODULAR_MOJO_MAX_PACKAGE_ROOT=/t",
                                             "MODULAR_MOJO_MAX_DRIVER_PATH=/t/bin/mojo",
                                             "MODULAR_MOJO_MAX_IMPORT_PATH=/t/lib/mojo",
                                             "PATH=/shim:/usr/bin",
                                             "TMPDIR=/w/tmp",
                                             "HOME=/w/home",
                                             "LANG=C.UTF-8"};
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    mc_err err;
    setenv("MODULAR_HOME", "/elsewhere", 1);
    ck_assert_int_eq(mc_command_build(&spec, &argv, &env, &err), 0);
    ck_assert_uint_eq(argv.count, MC_LENGTH(argv_wanted));
    for (size_t i = 0; i < argv.count; i++) {
        ck_assert_str_eq(argv.items[i], argv_wanted[i]);
    }
    ck_assert_uint_eq(env.count, MC_LENGTH(env_wanted));
    for (size_t i = 0; i < env.count; i++) {
        ck_assert_str_eq(env.items[i], env_wanted[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *tcase = tcase_create("command");
    tcase_add_test(tcase, test_equal_flags_are_spelled_equally);
    tcase_add_test(tcase, test_the_last_of_options_that_override_each_other_stays);
    tcase_add_test(tcase, test_search_paths_become_absolute_and_keep_their_order);
    tcase_add_test(tcase, test_what_is_not_allowed_is_refused_by_name);
    tcase_add_test(tcase, test_values_are_checked);
    tcase_add_test(tcase, test_no_flags_are_no_flags_and_a_value_is_found);
    tcase_add_test(tcase, test_the_environment_is_ours_alone);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
