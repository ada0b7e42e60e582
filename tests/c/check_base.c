#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"

#include <check.h>

#include <errno.h>
#include <sys/stat.h>

START_TEST(test_an_error_gains_context_and_keeps_its_code)
{
    mc_err err;
    errno = ENOENT;
    ck_assert_int_eq(mc_err_errno(&err, MC_IO, "exec '%s'", "mojo"), -1);
    ck_assert_int_eq(mc_err_wrap(&err, "start worker %d", 3), -1);
    ck_assert_str_eq(err.message, "start worker 3: exec 'mojo': No such file or directory");
    ck_assert_int_eq(err.code, MC_IO);
    ck_assert_int_eq(err.sys, ENOENT);
    ck_assert_str_eq(err.where, "test_an_error_gains_context_and_keeps_its_code_fn");
}
END_TEST

START_TEST(test_a_message_is_one_line_and_cut_to_fit)
{
    mc_err err;
    char longer[2000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    mc_err_set(&err, MC_INTERNAL, "a\nb%s", longer);
    ck_assert_int_eq(err.message[1], ' ');
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
    mc_err_wrap(&err, "%s", longer);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

START_TEST(test_code_names_are_distinct_and_return)
{
    for (int i = 0; i < MC_CODE_COUNT; i++) {
        ck_assert_int_eq(mc_code_from_name(mc_code_name((enum mc_code) i)), i);
    }
    ck_assert_int_eq(mc_code_from_name("no such name"), MC_INTERNAL);
}
END_TEST

START_TEST(test_a_buffer_grows_consumes_and_is_handed_on)
{
    mc_autobuf buf = MC_BUF_INIT;
    mc_err err;
    for (int i = 0; i < 1000; i++) {
        mc_buf_addf(&buf, "%d,", i);
    }
    ck_assert_int_eq(mc_buf_check(&buf, &err), 0);
    ck_assert_uint_eq(buf.length, 3890);
    mc_buf_consume(&buf, 3886);
    ck_assert_str_eq(buf.data, "999,");
    mc_autofree char *text = mc_buf_steal(&buf);
    ck_assert_str_eq(text, "999,");
    ck_assert_ptr_null(buf.data);
    mc_autofree char *empty = mc_buf_steal(&buf);
    ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(test_a_variable_is_found_by_its_whole_name)
{
    mc_autostrv env = MC_STRV_INIT;
    mc_err err;
    mc_strv_add(&env, "PATHS=x");
    mc_strv_addf(&env, "PATH=%s", "/usr/bin");
    ck_assert_int_eq(mc_strv_check(&env, &err), 0);
    ck_assert_uint_eq(env.count, 2);
    ck_assert_str_eq(mc_strv_getenv(env.items, "PATH"), "/usr/bin");
    ck_assert_ptr_null(mc_strv_getenv(env.items, "PAT"));
    ck_assert_ptr_null(mc_strv_getenv(NULL, "PAT"));
}
END_TEST

START_TEST(test_sha256_is_sha256_and_parts_are_delimited)
{
    char a[MC_HASH_HEX];
    char b[MC_HASH_HEX];
    mc_err err;
    struct mc_hash hash;
    ck_assert_int_eq(mc_hash_bytes("abc", 3, a, &err), 0);
    ck_assert_str_eq(a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_int_eq(mc_hash_init(&hash, &err), 0);
    mc_hash_part_string(&hash, "ab", "c");
    mc_hash_hex(&hash, a);
    mc_hash_fini(&hash);
    ck_assert_int_eq(mc_hash_init(&hash, &err), 0);
    mc_hash_part_string(&hash, "a", "bc");
    mc_hash_hex(&hash, b);
    mc_hash_fini(&hash);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(test_files_are_written_whole_and_trees_removed)
{
    char root[] = "/tmp/mc_check_base.XXXXXX";
    mc_err err;
    struct stat st;
    mc_autobuf read = MC_BUF_INIT;
    ck_assert_ptr_nonnull(mkdtemp(root));
    mc_autofree char *deep = mc_fs_join(root, "a/b/c");
    mc_autofree char *file = mc_fs_join(deep, "file");
    ck_assert_int_eq(mc_fs_mkdirs(deep, 0700, &err), 0);
    ck_assert_int_eq(mc_fs_mkdirs(deep, 0700, &err), 0);
    ck_assert_int_eq(mc_fs_write_atomic(file, "one\0two", 7, 0600, &err), 0);
    ck_assert_int_eq(mc_fs_read(file, 100, &read, &err), 0);
    ck_assert_uint_eq(read.length, 7);
    ck_assert_int_eq(mc_fs_read(file, 6, &read, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    mc_autofree char *link = mc_fs_join(root, "link");
    ck_assert_int_eq(symlink("/etc", link), 0);
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
    ck_assert_int_eq(stat(root, &st), -1);
    ck_assert_int_eq(stat("/etc/passwd", &st), 0);
    ck_assert_int_eq(mc_fs_read(file, 100, &read, &err), -1);
    ck_assert_int_eq(err.code, MC_NOT_FOUND);
}
END_TEST

START_TEST(test_the_machine_answers)
{
    ck_assert_int_ge(mc_os_cpus(), 1);
    ck_assert_int_gt(mc_os_memory(), 64 << 20);
    ck_assert_int_gt(mc_os_memory_left(), 0);
    ck_assert_int_le(mc_os_memory_left(), mc_os_memory());
    ck_assert_int_gt(mc_os_rss(getpid()), 0);
    ck_assert_int_eq(mc_os_rss(0x7ffffff0), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    tcase_add_test(tcase, test_an_error_gains_context_and_keeps_its_code);
    tcase_add_test(tcase, test_a_message_is_one_line_and_cut_to_fit);
    tcase_add_test(tcase, test_code_names_are_distinct_and_return);
    tcase_add_test(tcase, test_a_buffer_grows_consumes_and_is_handed_on);
    tcase_add_test(tcase, test_a_variable_is_found_by_its_whole_name);
    tcase_add_test(tcase, test_sha256_is_sha256_and_parts_are_delimited);
    tcase_add_test(tcase, test_files_are_written_whole_and_trees_removed);
    tcase_add_test(tcase, test_the_machine_answers);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
