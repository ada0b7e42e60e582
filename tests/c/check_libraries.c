#include "base/libraries.h"
#include "base/mem.h"

#include <check.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Set by the build: MC_MORE, the directory of the libraries of fixtures/more.c. */

static mc_err err;

START_TEST(test_a_library_comes_after_those_that_it_needs)
{
    mc_autostrv paths = MC_STRV_INIT;
    ck_assert_msg(
        mc_libraries_add(MC_MORE, "libmore_answer.so", &paths, &err) == 0, "%s", err.message);
    ck_assert_uint_eq(paths.count, 2);
    ck_assert_str_eq(paths.items[0], MC_MORE "/libmore_base.so");
    ck_assert_str_eq(paths.items[1], MC_MORE "/libmore_answer.so");
    ck_assert_int_eq(mc_libraries_add(MC_MORE, "libmore_base.so", &paths, &err), 0);
    ck_assert_uint_eq(paths.count, 2);
}
END_TEST

START_TEST(test_what_the_directory_does_not_have_is_passed_over)
{
    mc_autostrv paths = MC_STRV_INIT;
    ck_assert_int_eq(mc_libraries_add(MC_MORE, "libc.so.6", &paths, &err), 0);
    ck_assert_int_eq(mc_libraries_add(MC_MORE, "../more/libmore_base.so", &paths, &err), 0);
    ck_assert_int_eq(mc_libraries_add("/no/such", "libmore_base.so", &paths, &err), 0);
    ck_assert_uint_eq(paths.count, 0);
}
END_TEST

static void write_file(const char *directory, const char *name, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < size; i++) {
        fputc('x', file);
    }
    fclose(file);
}

START_TEST(test_a_directory_lists_its_libraries_the_smallest_first)
{
    char directory[] = "/tmp/mojocell-check-XXXXXX";
    static const char *const expected[] = {"a.so", "libempty.so", "b.so.3", "libz.so"};
    static const size_t sizes[] = {0, 0, 10, 99};
    mc_autostrv names = MC_STRV_INIT;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    for (size_t i = 0; i < MC_LENGTH(expected); i++) {
        write_file(directory, expected[i], sizes[i]);
    }
    write_file(directory, "text.soap", 1);
    ck_assert_int_eq(mc_libraries_list(directory, &names, &err), 0);
    ck_assert_uint_eq(names.count, MC_LENGTH(expected));
    for (size_t i = 0; i < names.count; i++) {
        ck_assert_str_eq(names.items[i], expected[i]);
    }
    mc_autostrv paths = MC_STRV_INIT;
    ck_assert_int_eq(mc_libraries_add(directory, "libempty.so", &paths, &err), 0);
    ck_assert_int_eq(mc_libraries_add(directory, "libz.so", &paths, &err), 0);
    ck_assert_uint_eq(paths.count, 2); /* no libraries, which the loader will say */
    ck_assert_int_eq(mc_libraries_list("/no/such", &names, &err), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libraries");
    TCase *tests = tcase_create("libraries");
    tcase_add_test(tests, test_a_library_comes_after_those_that_it_needs);
    tcase_add_test(tests, test_what_the_directory_does_not_have_is_passed_over);
    tcase_add_test(tests, test_a_directory_lists_its_libraries_the_smallest_first);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
