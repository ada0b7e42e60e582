#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "mojo/closure.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[64];

static void make_place(void)
{
    snprintf(root, sizeof root, "/tmp/mc_check_closure.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_place(void)
{
    mc_err err;
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
}

static void put(const char *name, const char *text)
{
    mc_err err;
    mc_autofree char *path = mc_fs_join(root, name);
    mc_autofree char *dir = strndup(path, (size_t) (strrchr(path, '/') - path));
    ck_assert_int_eq(mc_fs_mkdirs(dir, 0700, &err), 0);
    ck_assert_int_eq(mc_fs_write_atomic(path, text, strlen(text), 0600, &err), 0);
}

struct told {
    struct mc_hash hash;
    char found[2000];
    int absent;
};

static int note(void *context, const char *path, const char *digest)
{
    struct told *told = context;
    mc_hash_part_string(&told->hash, path, digest ? digest : "absent");
    if (digest) {
        strcat(told->found, path + strlen(root) + 1);
        strcat(told->found, " ");
    } else {
        told->absent++;
    }
    return 0;
}

/* What is found, by name; the digest over all of it. */
static int
look(const char *source, struct told *told, char ret_hex[static MC_HASH_HEX], mc_err *err)
{
    mc_autofree char *a = mc_fs_join(root, "a");
    mc_autofree char *b = mc_fs_join(root, "b");
    char *dirs[] = {a, b, NULL};
    *told = (struct told) {0};
    ck_assert_int_eq(mc_hash_init(&told->hash, err), 0);
    int result = mc_closure(source, strlen(source), dirs, note, told, err);
    mc_hash_hex(&told->hash, ret_hex);
    mc_hash_fini(&told->hash);
    return result;
}

START_TEST(test_modules_are_found_in_every_directory_and_followed)
{
    struct told told;
    char hex[MC_HASH_HEX];
    mc_err err;
    put("b/one.mojo", "from two import f\n");
    put("b/two.mojo", "import three as t, four\ndef f(): pass\n");
    put("a/three.mojo", "");
    put("b/four.mojo", "def g():\n    import five\n");
    put("b/five.mojo", "import one\n");
    ck_assert_int_eq(look("import one\n", &told, hex, &err), 0);
    ck_assert_str_eq(told.found, "b/one.mojo b/two.mojo a/three.mojo b/four.mojo b/five.mojo ");
}
END_TEST

START_TEST(test_a_change_anywhere_changes_the_digest)
{
    struct told told;
    char before[MC_HASH_HEX];
    char after[MC_HASH_HEX];
    mc_err err;
    put("b/one.mojo", "import two\n");
    put("b/two.mojo", "x");
    ck_assert_int_eq(look("import one\n", &told, before, &err), 0);
    ck_assert_int_eq(look("import one\n", &told, after, &err), 0);
    ck_assert_str_eq(before, after);
    put("b/two.mojo", "y");
    ck_assert_int_eq(look("import one\n", &told, after, &err), 0);
    ck_assert_str_ne(before, after);
    put("b/two.mojo", "x");
    ck_assert_int_eq(look("import one\n", &told, after, &err), 0);
    ck_assert_str_eq(before, after);
    put("a/one.mojo", "import two\n"); /* earlier on the path: shadows */
    ck_assert_int_eq(look("import one\n", &told, after, &err), 0);
    ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(test_a_package_is_told_whole)
{
    struct told told;
    char hex[MC_HASH_HEX];
    mc_err err;
    put("a/pkg/__init__.mojo", "from .inner import f\n");
    put("a/pkg/inner.mojo", "");
    put("a/pkg/sub/deep.mojo", "from ..inner import f\nimport beside\n");
    put("a/pkg/notes.txt", "");
    put("b/beside.mojo", "");
    ck_assert_int_eq(look("from pkg.sub.deep import x\n", &told, hex, &err), 0);
    ck_assert_ptr_nonnull(strstr(told.found, "a/pkg/__init__.mojo "));
    ck_assert_ptr_nonnull(strstr(told.found, "a/pkg/inner.mojo "));
    ck_assert_ptr_nonnull(strstr(told.found, "a/pkg/sub/deep.mojo "));
    ck_assert_ptr_nonnull(strstr(told.found, "b/beside.mojo "));
    ck_assert_ptr_null(strstr(told.found, "notes"));
}
END_TEST

START_TEST(test_the_standard_library_costs_nothing)
{
    struct told told;
    char hex[MC_HASH_HEX];
    mc_err err;
    ck_assert_int_eq(
        look("from std.math import sqrt\nimport std.os\nvar important = 1\n", &told, hex, &err), 0);
    ck_assert_str_eq(told.found, "");
    ck_assert_int_eq(told.absent, 0);
}
END_TEST

START_TEST(test_imports_in_odd_places_are_seen)
{
    static const char *const sources[] = {"import one",
                                          "  \timport one;",
                                          "x = 1; import one\n",
                                          "if x: import one\n",
                                          "from one import (\n a,\n b)\n",
                                          "import two, one as o\r\n",
                                          "import `one`\n"};
    struct told told;
    char hex[MC_HASH_HEX];
    mc_err err;
    put("a/one.mojo", "");
    for (size_t i = 0; i < MC_LENGTH(sources); i++) {
        ck_assert_int_eq(look(sources[i], &told, hex, &err), 0);
        ck_assert_msg(strstr(told.found, "a/one.mojo") != NULL, "%s", sources[i]);
    }
}
END_TEST

START_TEST(test_a_closure_without_end_is_refused)
{
    struct told told;
    char hex[MC_HASH_HEX];
    mc_err err = {0};
    mc_autobuf source = MC_BUF_INIT;
    for (int i = 0; i < 400; i++) {
        mc_buf_addf(&source, "import m%d\n", i);
    }
    ck_assert_int_eq(look(source.data, &told, hex, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("closure");
    TCase *tcase = tcase_create("closure");
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_test(tcase, test_modules_are_found_in_every_directory_and_followed);
    tcase_add_test(tcase, test_a_change_anywhere_changes_the_digest);
    tcase_add_test(tcase, test_a_package_is_told_whole);
    tcase_add_test(tcase, test_the_standard_library_costs_nothing);
    tcase_add_test(tcase, test_imports_in_odd_places_are_seen);
    tcase_add_test(tcase, test_a_closure_without_end_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
