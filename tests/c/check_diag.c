#include "base/fs.h"
#include "base/mem.h"
#include "mojo/diag.h"

#include <check.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define DATA MC_TEST_DATA

static void read_data(const char *folder, const char *name, const char *suffix, struct mc_buf *ret)
{
    char path[1024];
    mc_err err;
    snprintf(path, sizeof path, DATA "/%s/%s.%s", folder, name, suffix);
    mc_buf_clear(ret);
    int r = mc_fs_read(path, 1 << 20, ret, &err);
    ck_assert_msg(r == 0, "%s", err.message);
    mc_buf_adds(ret, ""); /* never NULL */
}

static long main_line(const struct mc_buf *source)
{
    long line = 1;
    for (size_t i = 0; i < source->length; i++) {
        const char *at = source->data + i;
        if ((i == 0 || at[-1] == '\n') &&
            (strncmp(at, "def main", 8) == 0 || strncmp(at, "fn main", 7) == 0)) {
            return line;
        }
        line += *at == '\n';
    }
    return 0;
}

/* The entry's file has no name: the user knows nothing of it. */
#define SOURCES(buf)                   \
    {{.file = "/w/mc_cell.mojo",       \
      .name = "cell",                  \
      .text = (buf).data,              \
      .length = (buf).length,          \
      .main_line = main_line(&(buf))}, \
     {.file = "/w/mc_entry.mojo"}}

/* Every recorded output of the compiler against what was found right when it was looked at; with
 * MOJOCELL_TEST_ACCEPT set, what is told now is written down instead, to be looked at. */
static json_t *told_about(const char *name)
{
    mc_autobuf source = MC_BUF_INIT;
    mc_autobuf errors = MC_BUF_INIT;
    mc_autobuf output = MC_BUF_INIT;
    read_data("diagnostics", name, "mojo", &source);
    read_data("diagnostics", name, "stderr", &errors);
    read_data("diagnostics", name, "stdout", &output);
    const struct mc_diag_source sources[] = SOURCES(source);
    json_t *told = mc_diag_read(errors.data, errors.length, output.data, output.length, sources, 2);
    ck_assert_ptr_nonnull(told);
    return told;
}

static void compare_with_record(const char *name)
{
    char path[1024];
    json_t *told = told_about(name);
    mc_autofree char *text = json_dumps(told, JSON_INDENT(1) | JSON_SORT_KEYS);
    snprintf(path, sizeof path, DATA "/diagnostics/%s.json", name);
    if (getenv("MOJOCELL_TEST_ACCEPT") != NULL) {
        mc_err err;
        mc_autofree char *line = NULL;
        ck_assert_int_gt(asprintf(&line, "%s\n", text), 0);
        ck_assert_int_eq(mc_fs_write_atomic(path, line, strlen(line), 0644, &err), 0);
    }
    json_t *expected = json_load_file(path, 0, NULL);
    ck_assert_msg(expected != NULL, "%s is missing", path);
    ck_assert_msg(json_equal(told, expected), "%s: told\n%s", name, text);
    json_decref(expected);
    json_decref(told);
}

START_TEST(test_each_recorded_output_is_told_as_it_was_found_right)
{
    DIR *dir = opendir(DATA "/diagnostics");
    size_t count = 0;
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *suffix = strstr(entry->d_name, ".mojo");
        if (suffix != NULL) {
            *suffix = '\0';
            compare_with_record(entry->d_name);
            count++;
        }
    }
    closedir(dir);
    ck_assert_uint_ge(count, 60);
}
END_TEST

/* "line:column-end message" of a diagnostic. */
static void ck_told(const json_t *told, size_t i, const char *expected)
{
    const json_t *d = json_array_get(told, i);
    mc_autofree char *text = NULL;
    ck_assert_int_gt(asprintf(&text,
                              "%d:%d-%d %s",
                              (int) json_integer_value(json_object_get(d, "line")),
                              (int) json_integer_value(json_object_get(d, "column")),
                              (int) json_integer_value(json_object_get(d, "end_column")),
                              json_string_value(json_object_get(d, "message"))),
                     0);
    ck_assert_str_eq(text, expected);
}

START_TEST(test_the_users_line_is_promoted_for_a_failed_instantiation)
{
    json_t *told = told_about("comptime_assert_nested");
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_told(told, 0, "10:13-14 even only");
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(told, 0), "notes")), 3);
    json_decref(told);
}
END_TEST

START_TEST(test_columns_count_characters)
{
    json_t *told = told_about("crlf");
    ck_told(told, 0, "2:16-23 use of unknown declaration 'missing'");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(told, 0), "source")),
                     "    print(\"ä\", missing)");
    json_decref(told);
}
END_TEST

START_TEST(test_nothing_ever_points_into_a_generated_file)
{
    DIR *dir = opendir(DATA "/diagnostics");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *suffix = strstr(entry->d_name, ".mojo");
        if (suffix != NULL) {
            *suffix = '\0';
            json_t *told = told_about(entry->d_name);
            mc_autofree char *text = json_dumps(told, 0);
            ck_assert_ptr_null(strstr(text, "mc_entry"));
            ck_assert_ptr_null(strstr(text, "mc_cell"));
            ck_assert_ptr_null(strstr(text, "Crashpad"));
            json_decref(told);
        }
    }
    closedir(dir);
}
END_TEST

static json_t *read_plain(const char *errors, const char *output)
{
    static const char cell[] = "one\ntwo\nthree\n";
    const struct mc_diag_source sources[] = {{.file = "/w/mc_cell.mojo",
                                              .name = "cell",
                                              .text = cell,
                                              .length = sizeof cell - 1,
                                              .main_line = 2},
                                             {.file = "/w/mc_entry.mojo"}};
    json_t *told = mc_diag_read(errors, strlen(errors), output, strlen(output), sources, 2);
    ck_assert_ptr_nonnull(told);
    return told;
}

#define CLOSING "{\"kind\":\"error\",\"message\":\"failed to parse\"}\n"

START_TEST(test_an_error_of_generated_code_alone_is_shown_at_main)
{
    json_t *told = read_plain("{\"diagnostic\":{\"file\":\"/w/mc_entry.mojo\",\"location\":{"
                              "\"line\":7,\"column\":9}},\"kind\":\"error\",\"message\":\"module "
                              "'mc_cell' has no declaration 'main'\"}\n",
                              CLOSING);
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_told(told, 0, "2:1-4 module 'cell' has no declaration 'main'");
    json_decref(told);
}
END_TEST

START_TEST(test_the_closing_line_is_told_only_where_nothing_else_is)
{
    json_t *told = read_plain("Failed to initialize Crashpad.  Crash reporting x\n", CLOSING);
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_told(told, 0, "0:0-0 failed to parse");
    json_decref(told);
    told = read_plain("/w/mc_cell.mojo:3:2: error: bad\n", CLOSING);
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_told(told, 0, "3:2-6 bad");
    json_decref(told);
}
END_TEST

START_TEST(test_bytes_that_are_no_diagnostics_become_one_error)
{
    json_t *told = read_plain("Please submit a bug report\nStack dump: \xff\x01\n{broken\n", "");
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_told(told, 0, "0:0-0 Please submit a bug report\nStack dump: ?\x01\n{broken");
    json_decref(told);
    told = read_plain("", "");
    ck_assert_uint_eq(json_array_size(told), 0);
    json_decref(told);
}
END_TEST

static void shift(const void *cell, long line, long column, long *ret_line, long *ret_column)
{
    (void) cell;
    *ret_line = line > 10 ? line - 10 : 0;
    *ret_column = column > 4 ? column - 4 : 1;
}

START_TEST(test_places_and_fixits_are_mapped_to_the_cell)
{
    static const char cell[] = "x = 1\n";
    const struct mc_diag_source sources[] = {{.file = "mc_cell.mojo",
                                              .name = "cell",
                                              .text = cell,
                                              .length = sizeof cell - 1,
                                              .map = shift}};
    static const char errors[] =
        "{\"diagnostic\":{\"file\":\"/other/mc_cell.mojo\",\"fixIts\":[{\"start\":{\"line\":11,"
        "\"column\":5},\"end\":{\"line\":11,\"column\":5},\"text\":\"var "
        "\"},{\"start\":{\"line\":2,"
        "\"column\":5},\"end\":{\"line\":2,\"column\":5},\"text\":\"x\"}],\"location\":{\"line\":"
        "11,\"column\":4},\"ranges\":[{\"start\":4,\"end\":5}],\"text\":\"    x = 1\"},\"kind\":"
        "\"error\",\"message\":\"m\"}\n";
    json_t *told = mc_diag_read(errors, sizeof errors - 1, "", 0, sources, 1);
    ck_told(told, 0, "1:1-2 m");
    const json_t *fixits = json_object_get(json_array_get(told, 0), "fixits");
    ck_assert_uint_eq(json_array_size(fixits), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(fixits, 0), "column")), 1);
    json_decref(told);
}
END_TEST

/* What is told of a recorded crash: "line:column library message | what was said before it". */
static void ck_crash(const char *name, const char *expected)
{
    mc_autobuf source = MC_BUF_INIT;
    mc_autobuf output = MC_BUF_INIT;
    mc_autofree char *text = NULL;
    struct mc_diag_crash crash;
    read_data("crashes", name, "mojo", &source);
    read_data("crashes", name, "stdout", &output);
    const struct mc_diag_source sources[] = SOURCES(source);
    if (mc_diag_crash(output.data, output.length, sources, 2, &crash) == 0) {
        ck_assert_msg(expected == NULL, "%s: nothing is told", name);
        return;
    }
    ck_assert_msg(expected != NULL, "%s: told %s", name, crash.message);
    ck_assert_int_gt(asprintf(&text,
                              "%ld:%ld %s%s%s | %.*s",
                              crash.line,
                              crash.column,
                              crash.library,
                              crash.library[0] ? " " : "",
                              crash.message,
                              (int) crash.start,
                              output.data),
                     0);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(crash.end, output.length);
}

START_TEST(test_the_message_and_line_of_a_crash_are_found)
{
    ck_crash("abort_message", "5:10 gave up: really | x");
    ck_crash("multiline", "4:10 first\nsecond | ");
    ck_crash("debug_assert_safe", "2:37 n too large: 10 | ");
    ck_crash("list_index", "5:12 index 7 is out of bounds, valid range is 0 to 2 | before\n");
    ck_crash("nested", "2:13 index 8 is out of bounds, valid range is 0 to 2 | ");
    ck_crash("span_index", "2:13 index 3 is out of bounds, valid range is 0 to 1 | ");
    ck_crash("string_index", "4:12 index 5 is out of bounds, valid range is 0 to 2 | ");
    ck_crash(
        "pop_empty",
        "0:0 std/collections/list.mojo:1095 index -1 is out of bounds, valid range is 0 to -1 | ");
    ck_crash("optional_value",
             "3:18 `Optional.value()` called on empty `Optional`. Consider using `if optional:` to "
             "check whether the `Optional` is empty before calling `.value()`, or use `.or_else()` "
             "to provide a default value. | ");
}
END_TEST

START_TEST(test_a_crash_is_in_the_source_whose_file_it_names)
{
    static const char text[] = "At: /w/mc_u1.mojo:2:5: Assert Error: no\n";
    const struct mc_diag_source sources[] = {
        {.file = "mc_1.mojo", .name = "cell", .text = "one\n", .length = 4},
        {.file = "mc_u1.mojo", .name = "mc_u1", .text = "x\n\xc3\xa9 = 1\n", .length = 9},
    };
    struct mc_diag_crash crash;
    ck_assert_int_eq(mc_diag_crash(text, sizeof text - 1, sources, 2, &crash), 1);
    ck_assert_uint_eq(crash.source, 1);
    ck_assert_int_eq(crash.line, 2);
    ck_assert_int_eq(crash.column, 4);
    ck_assert_int_eq(mc_diag_crash(text, sizeof text - 1, sources, 1, &crash), 1);
    ck_assert_int_eq(crash.line, 0);
}
END_TEST

START_TEST(test_the_words_of_a_crash_are_read_from_their_beginning)
{
    static const struct {
        const char *words, *message, *library;
        long line;
    } all[] = {
        {"ABORT: /a b/mc_1.mojo:2:1: \n", "", "", 2},
        {"ABORT: mc_1.mojo:2:1: x\n\ty\nABORT: mc_1.mojo:1:1: z\n",
         "x\n y\nABORT: mc_1.mojo:1:1: z",
         "",
         2},
        {"PANIC! /w/mc_1.mojo:1:1: dead\n", "PANIC! dead", "", 1},
        {"At: /w/mc_1.mojo:1:1: Assert Error: no\n", "no", "", 1},
        {"At: /x/Mojo/stdlib/std/a.mojo:7:1: Assert Error: no\n", "no", "std/a.mojo:7", 0},
        {"ABORT: /home/me/own.mojo:7:1: no\n", "no", "/home/me/own.mojo:7", 0},
        {"ABORT: /w/mc_other.mojo:7:1: no\n", "no", "", 0},
        {"too much text\n", "too much text", "", 0},
    };
    const struct mc_diag_source source = {
        .file = "mc_1.mojo", .name = "cell", .text = "one\ntwo\n", .length = 8};
    struct mc_diag_crash crash;
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        ck_assert_int_eq(mc_diag_words(all[i].words, &source, 1, &crash), 1);
        ck_assert_str_eq(crash.message, all[i].message);
        ck_assert_str_eq(crash.library, all[i].library);
        ck_assert_int_eq(crash.line, all[i].line);
    }
    ck_assert_int_eq(mc_diag_words("", &source, 1, &crash), 0);
}
END_TEST

START_TEST(test_what_is_no_crash_is_not_told_as_one)
{
    static const char *const others[] = {
        "abort_plain", "debug_assert", "dict_key", "raised", "stack_overflow"};
    for (size_t i = 0; i < MC_LENGTH(others); i++) {
        ck_crash(others[i], NULL);
    }
    static const char *const texts[] = {"At: 10:20 he came",
                                        "ABORT: x.mojo:",
                                        "ABORT: x.mojo:1:",
                                        "At: x.mojo:1:2: hello",
                                        "A",
                                        ""};
    struct mc_diag_crash crash;
    for (size_t i = 0; i < MC_LENGTH(texts); i++) {
        ck_assert_int_eq(mc_diag_crash(texts[i], strlen(texts[i]), NULL, 0, &crash), 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diag");
    TCase *tcase = tcase_create("diag");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_each_recorded_output_is_told_as_it_was_found_right);
    tcase_add_test(tcase, test_the_users_line_is_promoted_for_a_failed_instantiation);
    tcase_add_test(tcase, test_columns_count_characters);
    tcase_add_test(tcase, test_nothing_ever_points_into_a_generated_file);
    tcase_add_test(tcase, test_an_error_of_generated_code_alone_is_shown_at_main);
    tcase_add_test(tcase, test_the_closing_line_is_told_only_where_nothing_else_is);
    tcase_add_test(tcase, test_bytes_that_are_no_diagnostics_become_one_error);
    tcase_add_test(tcase, test_places_and_fixits_are_mapped_to_the_cell);
    tcase_add_test(tcase, test_the_message_and_line_of_a_crash_are_found);
    tcase_add_test(tcase, test_a_crash_is_in_the_source_whose_file_it_names);
    tcase_add_test(tcase, test_the_words_of_a_crash_are_read_from_their_beginning);
    tcase_add_test(tcase, test_what_is_no_crash_is_not_told_as_one);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
