#include "base/fs.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/strv.h"

#include <check.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char root[PATH_MAX];

static void make_root(void)
{
    char pattern[] = "/tmp/check-paths-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(pattern));
    strcpy(root, pattern);
}

static void remove_root(void)
{
    mc_err err;
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
}

static char *in_root(const char *name)
{
    char *path = mc_fs_join(root, name);
    ck_assert_ptr_nonnull(path);
    return path;
}

static int chosen(const char *dir, char **ret, mc_err *err)
{
    mc_autostrv env = MC_STRV_INIT;
    mc_strv_addf(&env, "MOJOCELL_RUNTIME_DIR=%s", dir);
    mc_strv_addf(&env, "XDG_RUNTIME_DIR=%s", root);
    return mc_paths_runtime_dir(env.items, ret, err);
}

START_TEST(test_the_chosen_directory_is_made_for_its_owner_alone)
{
    mc_err err;
    struct stat st;
    mc_autofree char *dir = in_root("a/b");
    mc_autofree char *got = NULL;
    ck_assert_int_eq(chosen(dir, &got, &err), 0);
    ck_assert_str_eq(got, dir);
    ck_assert_int_eq(stat(got, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(test_without_a_choice_it_is_below_the_user_s_runtime_directory)
{
    mc_err err;
    mc_autostrv env = MC_STRV_INIT;
    mc_autofree char *got = NULL;
    mc_autofree char *expected = in_root("mojocell");
    mc_strv_addf(&env, "XDG_RUNTIME_DIR=%s", root);
    ck_assert_int_eq(mc_paths_runtime_dir(env.items, &got, &err), 0);
    ck_assert_str_eq(got, expected);
}
END_TEST

START_TEST(test_an_inherited_runtime_directory_that_is_missing_is_passed_over)
{
    mc_err err;
    char expected[64];
    mc_autostrv env = MC_STRV_INIT;
    mc_autofree char *got = NULL;
    snprintf(expected, sizeof expected, "/tmp/mojocell-%u", (unsigned) geteuid());
    mc_strv_add(&env, "XDG_RUNTIME_DIR=/nonexistent/run");
    ck_assert_int_eq(mc_paths_runtime_dir(env.items, &got, &err), 0);
    ck_assert_str_eq(got, expected);
}
END_TEST

START_TEST(test_a_relative_directory_becomes_absolute)
{
    mc_err err;
    char before[PATH_MAX];
    mc_autofree char *got = NULL;
    mc_autofree char *expected = in_root("here");
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(root), 0);
    ck_assert_int_eq(chosen("here/", &got, &err), 0);
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_str_eq(got, expected);
}
END_TEST

START_TEST(test_a_symbolic_link_is_refused)
{
    mc_err err;
    char *got = NULL;
    mc_autofree char *real = in_root("real");
    mc_autofree char *link = in_root("link");
    mc_autofree char *slashed = in_root("link/");
    ck_assert_int_eq(mkdir(real, 0700), 0);
    ck_assert_int_eq(symlink(real, link), 0);
    ck_assert_int_eq(chosen(link, &got, &err), -1);
    ck_assert_int_eq(err.code, MC_PERMISSION);
    ck_assert_ptr_nonnull(strstr(err.message, "is a symbolic link"));
    ck_assert_ptr_nonnull(strstr(err.hint, "MOJOCELL_RUNTIME_DIR"));
    ck_assert_int_eq(chosen(slashed, &got, &err), -1);
    ck_assert_int_eq(err.code, MC_PERMISSION);
}
END_TEST

START_TEST(test_a_directory_that_is_open_to_others_is_refused)
{
    static const mode_t modes[] = {0770, 0755, 0701, 0740};
    mc_err err;
    char *got = NULL;
    char said[64];
    mc_autofree char *dir = in_root("open");
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    for (size_t i = 0; i < MC_LENGTH(modes); i++) {
        ck_assert_int_eq(chmod(dir, modes[i]), 0);
        ck_assert_int_eq(chosen(dir, &got, &err), -1);
        ck_assert_int_eq(err.code, MC_PERMISSION);
        snprintf(said, sizeof said, "is open to others (mode %03o)", (unsigned) modes[i]);
        ck_assert_ptr_nonnull(strstr(err.message, said));
        ck_assert_ptr_nonnull(strstr(err.hint, "chmod 700"));
    }
}
END_TEST

START_TEST(test_a_directory_of_somebody_else_is_refused)
{
    mc_err err;
    char *got = NULL;
    mc_autofree char *mine = in_root("mine");
    const char *dir = "/"; /* root's, where this runs as somebody */
    if (geteuid() == 0) {
        dir = mine;
        ck_assert_int_eq(mkdir(dir, 0700), 0);
        ck_assert_int_eq(chown(dir, 4242, -1), 0);
    }
    ck_assert_int_eq(chosen(dir, &got, &err), -1);
    ck_assert_int_eq(err.code, MC_PERMISSION);
    ck_assert_ptr_nonnull(strstr(err.message, "belongs to user"));
}
END_TEST

START_TEST(test_a_file_in_its_place_is_an_error_with_a_hint)
{
    mc_err err;
    char *got = NULL;
    mc_autofree char *file = in_root("file");
    ck_assert_int_eq(mc_fs_write_atomic(file, "", 0, 0600, &err), 0);
    ck_assert_int_eq(chosen(file, &got, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.hint, "MOJOCELL_RUNTIME_DIR"));
}
END_TEST

START_TEST(test_names_carry_version_build_and_protocol)
{
    mc_err err;
    char expected[256];
    mc_autofree char *socket = NULL;
    mc_autofree char *lock = NULL;
    mc_autofree char *start = NULL;
    ck_assert_uint_eq(strspn(MC_BUILD_ID, "0123456789abcdef"), 12);
    ck_assert_uint_eq(strlen(MC_BUILD_ID), 12);
    ck_assert_int_eq(mc_paths_socket("/run/x", &socket, &err), 0);
    ck_assert_int_eq(mc_paths_lock("/run/x", &lock, &err), 0);
    ck_assert_int_eq(mc_paths_start_lock("/run/x", &start, &err), 0);
    snprintf(expected, sizeof expected, "/run/x/mojocelld-%s-%s-1.sock", MC_VERSION, MC_BUILD_ID);
    ck_assert_str_eq(socket, expected);
    ck_assert_int_eq(strncmp(socket, lock, strlen(socket) - 4), 0);
    ck_assert_str_eq(lock + strlen(lock) - 5, ".lock");
    ck_assert_str_eq(start + strlen(start) - 6, ".start");
}
END_TEST

START_TEST(test_a_long_directory_has_its_socket_under_a_short_name)
{
    mc_err err;
    mc_autofree char *long_dir =
        in_root("long/long/long/long/long/long/long/long/long/long/long/1");
    mc_autofree char *other_dir =
        in_root("long/long/long/long/long/long/long/long/long/long/long/2");
    mc_autofree char *socket = NULL;
    mc_autofree char *again = NULL;
    mc_autofree char *other = NULL;
    mc_autofree char *lock = NULL;
    ck_assert_int_eq(mc_paths_socket(long_dir, &socket, &err), 0);
    ck_assert_int_eq(mc_paths_socket(long_dir, &again, &err), 0);
    ck_assert_int_eq(mc_paths_socket(other_dir, &other, &err), 0);
    ck_assert_int_eq(mc_paths_lock(long_dir, &lock, &err), 0);
    ck_assert_str_eq(socket, again);
    ck_assert_str_ne(socket, other);
    ck_assert_uint_lt(strlen(socket), MC_PATHS_SOCKET_LIMIT);
    ck_assert_int_eq(strncmp(socket, lock, strlen(socket) - 4), 0);
    *strrchr(socket, '/') = '\0';
    *strrchr(other, '/') = '\0';
    ck_assert_int_eq(rmdir(socket), 0);
    ck_assert_int_eq(rmdir(other), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paths");
    TCase *tcase = tcase_create("paths");
    tcase_add_checked_fixture(tcase, make_root, remove_root);
    tcase_add_test(tcase, test_the_chosen_directory_is_made_for_its_owner_alone);
    tcase_add_test(tcase, test_without_a_choice_it_is_below_the_user_s_runtime_directory);
    tcase_add_test(tcase, test_an_inherited_runtime_directory_that_is_missing_is_passed_over);
    tcase_add_test(tcase, test_a_relative_directory_becomes_absolute);
    tcase_add_test(tcase, test_a_symbolic_link_is_refused);
    tcase_add_test(tcase, test_a_directory_that_is_open_to_others_is_refused);
    tcase_add_test(tcase, test_a_directory_of_somebody_else_is_refused);
    tcase_add_test(tcase, test_a_file_in_its_place_is_an_error_with_a_hint);
    tcase_add_test(tcase, test_names_carry_version_build_and_protocol);
    tcase_add_test(tcase, test_a_long_directory_has_its_socket_under_a_short_name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
