/* What a language server is sent, and reads: no process. */
#include "language/answers.h"
#include "language/frames.h"
#include "language/messages.h"
#include "language/text.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

/* ---- frames ---- */

static int feed(struct mc_frames *frames, const char *bytes, json_t **ret)
{
    mc_err err;
    mc_frames_add(frames, bytes, strlen(bytes));
    return mc_frames_next(frames, ret, &err);
}

START_TEST(messages_come_in_pieces)
{
    struct mc_frames frames = {0};
    json_t *one = NULL;
    ck_assert_int_eq(feed(&frames, "Content-Len", &one), 0);
    ck_assert_int_eq(feed(&frames, "gth: 8\r\nContent-Type: x\r\n\r\n{\"a\"", &one), 0);
    ck_assert_int_eq(feed(&frames, ":1} content-length: 2\r\n", &one), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(one, "a")), 1);
    json_decref(one);
    mc_frames_fini(&frames);
}
END_TEST

START_TEST(what_is_no_message_is_an_error)
{
    static const char *const wrong[] = {"hello\r\n\r\n",
                                        "Content-Length: x\r\n\r\n{}",
                                        "Content-Length: 0\r\n\r\n",
                                        "Content-Length: 99999999999\r\n\r\n{}",
                                        "Content-Length: 2\r\n\r\n[]",
                                        "Content-Length: 2\r\n\r\n{x"};
    json_t *one = NULL;
    struct mc_frames frames = {0};
    ck_assert_int_eq(feed(&frames, wrong[_i], &one), -1);
    mc_frames_fini(&frames);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    mc_err err;
    struct mc_buf bytes = MC_BUF_INIT;
    struct mc_frames frames = {0};
    json_t *one = NULL;
    ck_assert_int_eq(
        mc_frames_write(mc_language_question(7, "hover", "a\r\nxs.y", 6), &bytes, &err), 0);
    ck_assert_int_eq(feed(&frames, bytes.data, &one), 1);
    const json_t *position = json_object_get(json_object_get(one, "params"), "position");
    ck_assert_str_eq(json_string_value(json_object_get(one, "method")), "textDocument/hover");
    ck_assert_int_eq(json_integer_value(json_object_get(position, "line")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(position, "character")), 3);
    json_decref(one);
    mc_buf_fini(&bytes);
    mc_frames_fini(&frames);
}
END_TEST

/* ---- texts ---- */

#define N MC_LANGUAGE_NAME

struct example {
    const char *cell; /* | is the cursor */
    const char *text; /* what the server reads */
    bool is_blind;
};

static const struct example examples[] = {
    {"xs.ap|\nprint(1)\n", "xs.ap\nprint(1)\n", false},
    {"print(xs.|\nprint(1)\n", "print(xs.)\n", false},
    {"print(area(|", "print(area(" N "))\n", false},
    {"print(|)\n", "print(" N ")\n", false},
    {"f(1, [a|\ng()\n", "f(1, [a])\n", false},
    {"x = |\n", "x = " N "\n", false},
    {"return |", "return " N, false},
    {"var x|\n", "var x\n", false},
    {"f()|\n", "f()\n", false},
    {"f() |\n", "f() \n", false},
    {"|f()\n", "f()\n", false},
    {"| + 1\n", " + 1\n", false},
    {"def f():\n    |\n", "def f():\n    " N "\n", false},
    {"x = 1.|\n", "x = 1.\n", true},
    {"# a|b\n", "# ab\n", true},
    {"f() # a|b\n", "f() # ab\n", true},
    {"f(\"a|b\")\n", "f(\"ab\")\n", true},
    {"f(\"ab|", "f(\"ab)\n", true},
    {"f(\"ab\")|", "f(\"ab\")", false},
    {"a)|\nb\n", "a)\n", false},
    {"|", N, false},
};

START_TEST(a_text_in_writing_is_made_readable)
{
    const struct example *one = &examples[_i];
    struct mc_language_text text;
    mc_err err;
    char source[128];
    const char *cursor = strchr(one->cell, '|');
    snprintf(source, sizeof source, "%.*s%s", (int) (cursor - one->cell), one->cell, cursor + 1);
    int line = 1;
    int column = 1;
    for (const char *c = one->cell; c < cursor; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    ck_assert_int_eq(mc_language_text_make(source, strlen(source), line, column, &text, &err), 0);
    ck_assert_uint_eq(text.cursor, (size_t) (cursor - one->cell));
    ck_assert_str_eq(text.text.data ? text.text.data : "", one->text);
    ck_assert_int_eq(text.is_blind, one->is_blind);
    mc_language_text_fini(&text);
}
END_TEST

START_TEST(columns_count_characters)
{
    static const char source[] = "print(\"äö😀\", are(1))\n";
    struct mc_language_text text;
    mc_err err;
    ck_assert_int_eq(mc_language_text_make(source, strlen(source), 1, 17, &text, &err), 0);
    ck_assert_str_eq(source + text.word, "are(1))\n");
    ck_assert_uint_eq(text.end - text.word, 3);
    mc_language_text_fini(&text);
    ck_assert_int_eq(mc_language_text_make(source, strlen(source), 3, 1, &text, &err), -1);
    ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
}
END_TEST

START_TEST(a_call_is_found_around_the_cursor)
{
    struct mc_language_text text;
    mc_err err;
    size_t end = 0;
    int argument = 0;
    static const char source[] = "print(area(f(1, 2), [3, 4], ";
    ck_assert_int_eq(
        mc_language_text_make(source, strlen(source), 1, strlen(source) + 1, &text, &err), 0);
    ck_assert(mc_language_call(&text, &end, &argument));
    ck_assert_uint_eq(end, strlen("print(area"));
    ck_assert_int_eq(argument, 2);
    mc_language_text_fini(&text);
    ck_assert_int_eq(mc_language_text_make("x = (1, 2)", 10, 1, 7, &text, &err), 0);
    ck_assert(!mc_language_call(&text, &end, &argument));
    mc_language_text_fini(&text);
}
END_TEST

/* ---- answers ---- */

START_TEST(diagnostics_are_told_in_characters)
{
    static const char source[] = "print(\"äö😀\", undefd)\n";
    json_t *found = json_pack("[{s:i, s:s, s:{s:{s:i, s:i}, s:{s:i, s:i}}}]",
                              "severity",
                              1,
                              "message",
                              "use of unknown declaration 'undefd'",
                              "range",
                              "start",
                              "line",
                              0,
                              "character",
                              18,
                              "end",
                              "line",
                              0,
                              "character",
                              24);
    json_t *told = mc_language_diagnostics(source, strlen(source), NULL, NULL, found);
    const json_t *one = json_array_get(told, 0);
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(one, "column")), 14);
    ck_assert_int_eq(json_integer_value(json_object_get(one, "end_column")), 20);
    json_decref(told);
    json_decref(found);
}
END_TEST

START_TEST(help_is_text_without_marks)
{
    json_t *answer =
        json_pack("{s:{s:s}}",
                  "contents",
                  "value",
                  "```mojo\n(function) def f(n: Int)\n```\n---\n\n###\nDoes it.\n\n"
                  "#### Args:\n&nbsp;&nbsp;n: A \\ number.\n\\\n&nbsp;&nbsp;m: Another.\n");
    json_t *help = mc_language_help(answer);
    ck_assert_str_eq(json_string_value(json_object_get(help, "signature")), "def f(n: Int)");
    ck_assert_str_eq(json_string_value(json_object_get(help, "text")),
                     "def f(n: Int)\n\nDoes it.\n\nArgs:\n  n: A \\ number.\n  m: Another.");
    json_decref(help);
    json_decref(answer);
    ck_assert(json_is_null(mc_language_help(json_null())));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("language");
    TCase *all = tcase_create("language");
    tcase_add_test(all, messages_come_in_pieces);
    tcase_add_loop_test(all, what_is_no_message_is_an_error, 0, 6);
    tcase_add_test(all, what_is_written_is_read);
    tcase_add_loop_test(
        all, a_text_in_writing_is_made_readable, 0, sizeof examples / sizeof *examples);
    tcase_add_test(all, columns_count_characters);
    tcase_add_test(all, a_call_is_found_around_the_cursor);
    tcase_add_test(all, diagnostics_are_told_in_characters);
    tcase_add_test(all, help_is_text_without_marks);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
