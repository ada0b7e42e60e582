#include "base/buf.h"
#include "base/mem.h"
#include "mojo/comments.h"
#include "mojo/lex.h"

#include <check.h>
#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static char *stripped(const char *source)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_comments_strip(source, strlen(source), &text, &err), 0);
    return mc_buf_steal(&text);
}

static char *restored(const char *text, const char *source)
{
    mc_autobuf whole = MC_BUF_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_comments_restore(text, strlen(text), source, strlen(source), &whole, &err),
                     0);
    return mc_buf_steal(&whole);
}

#define ck_stripped(source, expected)                   \
    do {                                                \
        mc_autofree char *got = stripped(source);       \
        mc_autofree char *back = restored(got, source); \
        ck_assert_str_eq(got, (expected));              \
        ck_assert_str_eq(back, (source));               \
    } while (0)

START_TEST(test_comments_and_blanks_before_line_ends_are_left_out)
{
    ck_stripped("", "");
    ck_stripped("# only\n", "");
    ck_stripped("x = 1", "x = 1\n");
    ck_stripped("x = 1  # one\n", "x = 1\n");
    ck_stripped("x = 1\n\n# two\n  # three", "x = 1\n");
    ck_stripped("# a\nx  =  1 # b\n   \t\n  # c\ny = 2\n", "\nx  =  1\n\n\ny = 2\n");
    ck_stripped("def f():  # ä → b\n    # c\n    pass\n", "def f():\n\n    pass\n");
    ck_stripped("x = (1, # a\r\n     # b\r\n  2)\r\n", "x = (1,\r\n\r\n  2)\r\n");
}
END_TEST

START_TEST(test_what_only_looks_like_a_comment_stays)
{
    ck_stripped("print('# a')  # b", "print('# a')\n");
    ck_stripped("'''\n# a  \n\n''' # b\nx", "'''\n# a  \n\n'''\nx\n");
    ck_stripped("x = r'\\' # a", "x = r'\\' # a");
    ck_stripped("t'{x # y\n}'", "t'{x # y\n}'\n");
    ck_stripped("x = '# never closed  \ny", "x = '# never closed  \ny\n");
}
END_TEST

START_TEST(test_a_backslash_goes_on_with_its_line_and_no_other)
{
    ck_stripped("x = 1 + \\\n    2  # a\n", "x = 1 + \\\n    2\n");
    ck_stripped("x = \\\n  \\\n  2", "x = \\\n  \\\n  2\n");
    ck_stripped("x = 1 \\ # a\ny", "x = 1 \\ \ny\n");
    ck_stripped("x = 1 \\  \ny", "x = 1 \\  \ny\n");
}
END_TEST

START_TEST(test_every_token_keeps_its_place)
{
    const char *source = "\xef\xbb\xbf# a\ndef f(  # b\n    n: Int,\n) -> Int:  \n    return \\\n"
                         "        n  # c\n\n# d\nprint(f(2)); print('''# e\n''')  \n";
    mc_autofree char *text = stripped(source);
    mc_autotokens before = MC_TOKENS_INIT;
    mc_autotokens after = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex(source, strlen(source), &before, &err), 0);
    ck_assert_int_eq(mc_lex(text, strlen(text), &after, &err), 0);
    ck_assert_uint_eq(before.count, after.count);
    for (size_t i = 0; i < before.count; i++) {
        ck_assert_uint_eq(before.items[i].line, after.items[i].line);
        ck_assert_uint_eq(before.items[i].kind, after.items[i].kind);
    }
    mc_autofree char *again = stripped(text);
    ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(test_comments_come_back_into_lines_that_were_changed)
{
    mc_autofree char *back = restored("def f():\n\n    return 1 + 2\n",
                                      "fn f():  # a\n    # b\n    return 1  # c\n# d\n");
    ck_assert_str_eq(back, "def f():  # a\n    # b\n    return 1 + 2  # c\n# d\n");
    mc_autofree char *beside = restored("from a import b\nb()\n", "# first\nb()\n");
    ck_assert_str_eq(beside, "from a import b  # first\nb()\n");
}
END_TEST

START_TEST(test_diagnostics_show_the_lines_as_they_are)
{
    const char *source = "x = 1  # a\ny = 2 # b\n";
    json_t *given = json_pack("[{s:i, s:s, s:[{s:i, s:s}]}, {s:i, s:s}, {s:i, s:s, s:s}, {s:n}]",
                              "line",
                              1,
                              "source",
                              "x = 1",
                              "notes",
                              "line",
                              2,
                              "source",
                              "y = 2",
                              "line",
                              2,
                              "source",
                              "def made_up()",
                              "line",
                              1,
                              "source",
                              "x = 1",
                              "file",
                              "other.mojo",
                              "line");
    mc_comments_show(source, strlen(source), given);
    const json_t *first = json_array_get(given, 0);
    const json_t *note = json_array_get(json_object_get(first, "notes"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "source")), "x = 1  # a");
    ck_assert_str_eq(json_string_value(json_object_get(note, "source")), "y = 2 # b");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(given, 1), "source")),
                     "def made_up()");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(given, 2), "source")),
                     "x = 1");
    json_decref(given);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("comments");
    TCase *tcase = tcase_create("comments");
    tcase_add_test(tcase, test_comments_and_blanks_before_line_ends_are_left_out);
    tcase_add_test(tcase, test_what_only_looks_like_a_comment_stays);
    tcase_add_test(tcase, test_a_backslash_goes_on_with_its_line_and_no_other);
    tcase_add_test(tcase, test_every_token_keeps_its_place);
    tcase_add_test(tcase, test_comments_come_back_into_lines_that_were_changed);
    tcase_add_test(tcase, test_diagnostics_show_the_lines_as_they_are);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
