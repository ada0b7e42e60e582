#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "mojo/cell.h"

#include <check.h>
#include <jansson.h>

#include <string.h>

static mc_err err;
static struct mc_cell *cell;

static struct mc_cell *parse(const char *source)
{
    cell = mc_cell_free(cell);
    ck_assert_msg(mc_cell_parse(source, strlen(source), &cell, &err) == 0, "%s", err.message);
    return cell;
}

static void forget_cell(void)
{
    cell = mc_cell_free(cell);
}

static char *module_of(const char *source)
{
    mc_autobuf text = MC_BUF_INIT;
    ck_assert_int_eq(mc_cell_module(parse(source), &text), 0);
    return mc_buf_steal(&text);
}

#define ck_module(source, expected)                \
    do {                                           \
        mc_autofree char *got = module_of(source); \
        ck_assert_str_eq(got, (expected));         \
    } while (0)

#define ck_kind(source, kind) ck_assert_int_eq(mc_cell_kind(parse(source)), (kind))

#define SHOW                                             \
    "\n\ndef _mc_show(value: None):\n    pass\n\n\n"     \
    "def _mc_show[T: AnyType](value: T):\n"              \
    "    from std.io import print as _mc_show_print\n\n" \
    "    comptime if conforms_to(T, Writable):\n"        \
    "        _mc_show_print(value)\n"

#define SHOWS_PYTHON "from std.python import PythonObject as _mc_show_object"

START_TEST(test_a_value_of_python_is_shown_where_the_cell_or_what_it_uses_imports_python)
{
    mc_autofree char *own = module_of("from std.python import Python\nx");
    ck_assert_ptr_nonnull(strstr(own, SHOWS_PYTHON));
    mc_autobuf below = MC_BUF_INIT;
    mc_cell_show_python(cell, &below);
    ck_assert_uint_eq(below.length, 0);

    mc_autofree char *used = module_of("x");
    ck_assert_ptr_null(strstr(used, SHOWS_PYTHON));
    mc_cell_show_python(cell, &below);
    ck_assert_ptr_nonnull(strstr(below.data, SHOWS_PYTHON));

    static const char *const nothing[] = {"x = 1", "def main(): pass", "def f(): pass", ""};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        mc_autobuf none = MC_BUF_INIT;
        mc_cell_show_python(parse(nothing[i]), &none);
        ck_assert_uint_eq(none.length, 0);
    }
}
END_TEST

START_TEST(test_the_kind_follows_from_what_is_in_the_cell)
{
    ck_kind("def main(): pass", MC_CELL_PROGRAM);
    ck_kind("import a\nfn main(): pass", MC_CELL_PROGRAM);
    ck_kind("x = 1\ndef f(): pass", MC_CELL_STATEMENTS);
    ck_kind("\"text\"", MC_CELL_STATEMENTS);
    ck_kind("pass", MC_CELL_STATEMENTS);
    ck_kind("def f(): pass\n'text'", MC_CELL_STATEMENTS);
    ck_kind("", MC_CELL_DEFINITIONS);
    ck_kind("# only\n\n", MC_CELL_DEFINITIONS);
    ck_kind("import a", MC_CELL_DEFINITIONS);
    ck_kind("'''docs'''\ndef f(): pass\npass\n...", MC_CELL_DEFINITIONS);
    ck_assert_str_eq(mc_cell_kind_name(MC_CELL_STATEMENTS), "statements");
}
END_TEST

START_TEST(test_main_beside_statements_is_refused_with_both_lines)
{
    const char source[] = "'''docs'''\n\ndef main():\n    pass\n\n\nprint(1)\n";
    struct mc_cell *none = NULL;
    ck_assert_int_eq(mc_cell_parse(source, strlen(source), &none, &err), -1);
    ck_assert_int_eq(err.code, MC_INVALID_CELL);
    ck_assert_str_eq(err.message,
                     "the cell has both 'main' (line 3) and a statement outside of it (line 7)");
    ck_assert_str_ne(err.hint, "");
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(test_programs_and_definitions_are_compiled_as_they_are_but_for_comments)
{
    ck_module("def main():\r\n\tpass", "def main():\r\n\tpass\n");
    ck_module("\xef\xbb\xbf# d\ndef f(): pass # e\n# g\n", "\ndef f(): pass\n");
    ck_module("", "");
}
END_TEST

START_TEST(test_statements_become_main_below_the_definitions)
{
    ck_module("x = 1\ndef f():\n    return 2\nx += 1\n",
              "\ndef f():\n    return 2\n\n\n"
              "def main() raises:\n"
              "    x = 1\n\n\n    x += 1\n\n");
}
END_TEST

START_TEST(test_only_first_lines_of_logical_lines_are_indented)
{
    ck_module("if a:\n\tx = '''b\n  c'''\n\ty = (1,\n2)\n# d\n\tz = \\\n3\n",
              "\n\n\n\n\n\n\n\n\n"
              "def main() raises:\n"
              "    if a:\n    \tx = '''b\n  c'''\n    \ty = (1,\n2)\n\n    \tz = \\\n3\n\n");
}
END_TEST

START_TEST(test_semicolons_between_definitions_and_statements_part_them)
{
    ck_module("import a; x = 1; import b; y = 2\n",
              "import a;        import b;\n\n"
              "def main() raises:\n"
              "    x = 1;           y = 2\n\n");
    ck_module("x = '''\n'''; import b\n",
              "\nimport b\n\ndef main() raises:\n    x = '''\n''';\n\n");
}
END_TEST

START_TEST(test_the_last_expression_is_shown)
{
    ck_module("x = 1\nx + 1  # c\n",
              "\n\n\ndef main() raises:\n    x = 1\n    _mc_show((x + 1))\n\n" SHOW);
    ck_module("f(\n1,\n)", "\n\n\n\ndef main() raises:\n    _mc_show((f(\n1,\n)))\n\n" SHOW);
    ck_module("x; y", "\n\ndef main() raises:\n    x; _mc_show((y))\n\n" SHOW);
}
END_TEST

START_TEST(test_what_is_no_last_expression_is_not_shown)
{
    ck_module("x;", "\n\ndef main() raises:\n    x;\n\n");
    ck_module("x\nimport a", "\nimport a\n\ndef main() raises:\n    x\n\n\n");
    ck_module("if a: b", "\n\ndef main() raises:\n    if a: b\n\n");
    ck_module("x = 1", "\n\ndef main() raises:\n    x = 1\n\n");
    ck_module("print((1)", "\n\ndef main() raises:\n    print((1)\n\n");
}
END_TEST

START_TEST(test_the_function_that_shows_has_a_name_of_its_own)
{
    mc_autofree char *got = module_of("_mc_show(_mc_show_1)");
    ck_assert_ptr_nonnull(strstr(got, "    _mc_show__((_mc_show(_mc_show_1)))\n"));
    ck_assert_ptr_nonnull(strstr(got, "def _mc_show__(value: None):"));
}
END_TEST

START_TEST(test_long_lines_are_split_in_time)
{
    static const char *const repeated[] = {"x;", "a;import b;", "x:", "import b;", "_mc_show_1 "};
    for (size_t i = 0; i < MC_LENGTH(repeated); i++) {
        mc_autobuf source = MC_BUF_INIT;
        for (int n = 0; n < 200000; n++) {
            mc_buf_adds(&source, repeated[i]);
        }
        mc_buf_adds(&source, "y");
        ck_kind(source.data, MC_CELL_STATEMENTS);
    }
}
END_TEST

START_TEST(test_comptime_is_hoisted_unless_it_needs_a_variable)
{
    ck_module("var x = 1\ncomptime N = 2\ncomptime T = type_of(x)\ncomptime U = List[T]\n"
              "comptime V = f(x=N).x\n",
              "\ncomptime N = 2\n\n\ncomptime V = f(x=N).x\n\n"
              "def main() raises:\n"
              "    var x = 1\n\n    comptime T = type_of(x)\n    comptime U = List[T]\n\n\n");
}
END_TEST

START_TEST(test_an_indented_cell_keeps_its_columns)
{
    ck_module("  x = 1\n  y = 2\n", "\n\n\ndef main() raises:\n      x = 1\n      y = 2\n\n");
}
END_TEST

START_TEST(test_the_entry_runs_main_where_there_is_one)
{
    mc_autobuf text = MC_BUF_INIT;
    ck_assert_int_eq(mc_cell_entry(parse("def main(): pass"), "mc_1a", &text), 0);
    ck_assert_ptr_nonnull(strstr(text.data, "import mc_1a as m\n"));
    ck_assert_ptr_nonnull(strstr(text.data, "@export\ndef mc_main() abi(\"C\") -> Int32:\n"));
}
END_TEST

START_TEST(test_the_entry_refers_to_definitions_with_names_of_their_own)
{
    mc_autobuf text = MC_BUF_INIT;
    parse("def f(): pass\nstruct S: pass\ndef g(x: Int): pass\ndef g(): pass\ncomptime N = 1\n"
          "def `a b`(): pass\ndef main(): pass");
    ck_assert_int_eq(mc_cell_entry(cell, "mc_1a", &text), 0);
    ck_assert_ptr_nonnull(strstr(text.data,
                                 "\ncomptime mc_refer_0 = m.f\ncomptime mc_refer_1 = m.S\n"
                                 "comptime mc_refer_5 = m.`a b`\n\n"));
}
END_TEST

START_TEST(test_the_entry_asks_for_each_imported_name_by_way_of_the_module)
{
    mc_autobuf text = MC_BUF_INIT;
    parse("import a; from b import (c,\n d as e)\nfrom f import *\nfrom g import `h i`\nprint(1)");
    ck_assert_int_eq(mc_cell_entry(cell, "mc_1a", &text), 0);
    ck_assert_ptr_nonnull(strstr(text.data,
                                 "import mc_1a as m\n"
                                 "from mc_1a import `c` as mc_imported_0\n"
                                 "from mc_1a import `e` as mc_imported_1\n"
                                 "from mc_1a import `h i` as mc_imported_2\n"
                                 "from std.sys import stderr\n"));
}
END_TEST

static void ck_place(long line, long column, long to_line, long to_column)
{
    long at_line = -1;
    long at_column = -1;
    mc_cell_map(cell, line, column, &at_line, &at_column);
    ck_assert_msg(at_line == to_line && at_column == to_column,
                  "%ld:%ld is %ld:%ld",
                  line,
                  column,
                  at_line,
                  at_column);
}

START_TEST(test_places_in_the_module_are_places_in_the_cell)
{
    /* The module: 6 lines, main, 6 lines, what shows. */
    parse("import a; x = 1\ndef f():\n    return 1\nz = (1,\n 2); x + 1\n");
    ck_place(1, 8, 1, 8);
    ck_place(3, 5, 3, 5);
    ck_place(7, 1, 0, 0);
    ck_place(8, 5, 1, 11);
    ck_place(8, 9, 1, 15);
    ck_place(11, 5, 4, 1);
    ck_place(12, 2, 5, 2);
    ck_place(12, 6, 5, 6);
    ck_place(12, 16, 5, 6);
    ck_place(12, 20, 5, 10);
    ck_place(14, 1, 0, 0);
    ck_place(99, 1, 0, 0);
    ck_place(0, 0, 0, 0);
    ck_place(11, 1, 4, 1);
}
END_TEST

START_TEST(test_a_byte_order_mark_counts_in_the_cell_only)
{
    parse("\xef\xbb\xbfx = 1\ny = 2\n");
    ck_place(5, 5, 1, 4);
    ck_place(6, 5, 2, 1);
    parse("\xef\xbb\xbf"
          "def main(): pass");
    ck_place(1, 5, 1, 8);
}
END_TEST

START_TEST(test_the_line_of_main_is_known)
{
    ck_assert_int_eq(mc_cell_main_line(parse("import a\n@x\ndef main(): pass")), 3);
    ck_assert_int_eq(mc_cell_main_line(parse("import a\n\nx = 1")), 3);
    ck_assert_int_eq(mc_cell_main_line(parse("import a")), 0);
}
END_TEST

START_TEST(test_a_definition_that_uses_a_variable_gets_a_hint)
{
    parse("var n = 3\ndef f() -> Int:\n    return n + q\nfor i, (j, k) in g(m): l = 1\n"
          "with open(p) as h: pass\nvar `a b`: Int = 1\no.r = s[t] = 2");
    const char *bound[] = {"n", "i", "j", "k", "l", "h", "a b"};
    for (size_t i = 0; i < MC_LENGTH(bound); i++) {
        ck_assert_msg(mc_cell_hint(cell, bound[i], 3) != NULL, "%s", bound[i]);
    }
    const char *free_names[] = {"q", "g", "m", "p", "o", "r", "t", "f", ""};
    for (size_t i = 0; i < MC_LENGTH(free_names); i++) {
        ck_assert_msg(mc_cell_hint(cell, free_names[i], 3) == NULL, "%s", free_names[i]);
    }
    ck_assert_ptr_null(mc_cell_hint(cell, "n", 1));
    ck_assert_ptr_null(mc_cell_hint(parse("def f(): return n"), "n", 1));
}
END_TEST

START_TEST(test_the_cell_object_has_imports_definitions_and_counts)
{
    json_t *object =
        mc_cell_json(parse("import a as b\nfrom .c import (d)\n"
                           "@x\ndef `f g`(mut y : List [\n Int] # c\n = {1}) raises -> Int:\n"
                           "    r'''Doc.'''\nx = 1; y\n"));
    json_t *expected = json_loads(
        "{\"imports\": [{\"module\": \"a\", \"line\": 1, \"name\": null, \"as\": \"b\"},"
        " {\"module\": \".c\", \"line\": 2, \"name\": \"d\", \"as\": null}],"
        " \"definitions\": [{\"name\": \"f g\", \"kind\": \"def\", \"line\": 4, \"end_line\": 7,"
        "  \"docstring\": \"Doc.\", \"decorators\": [\"@x\"], \"keyword\": \"def\", \"async\": "
        "false,"
        "  \"parameters\": [], \"arguments\": [{\"name\": \"y\", \"type\": \"List [ Int]\","
        "  \"default\": \"{1}\", \"kind\": \"any\", \"convention\": \"mut\"}], \"effects\": "
        "\"raises\","
        "  \"raises\": true, \"raises_type\": null, \"returns\": \"Int\", \"where\": null}],"
        " \"lines\": 9, \"main\": false, \"statements\": 2}",
        0,
        NULL);
    ck_assert_ptr_nonnull(expected);
    mc_autofree char *got = json_dumps(object, JSON_SORT_KEYS);
    mc_autofree char *wanted = json_dumps(expected, JSON_SORT_KEYS);
    ck_assert_str_eq(got, wanted);
    json_decref(object);
    json_decref(expected);
}
END_TEST

START_TEST(test_damaged_text_is_still_a_json_object)
{
    json_t *object = mc_cell_json(parse("def f(a: Int = '\xff\xc3\xa9\xed\xa0\x80'): pass"));
    json_t *def = json_array_get(json_object_get(object, "definitions"), 0);
    json_t *arg = json_array_get(json_object_get(def, "arguments"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(arg, "default")),
                     "'\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'");
    json_decref(object);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cell");
    TCase *tests = tcase_create("cell");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, forget_cell);
    tcase_add_test(tests, test_the_kind_follows_from_what_is_in_the_cell);
    tcase_add_test(tests,
                   test_a_value_of_python_is_shown_where_the_cell_or_what_it_uses_imports_python);
    tcase_add_test(tests, test_main_beside_statements_is_refused_with_both_lines);
    tcase_add_test(tests, test_programs_and_definitions_are_compiled_as_they_are_but_for_comments);
    tcase_add_test(tests, test_statements_become_main_below_the_definitions);
    tcase_add_test(tests, test_only_first_lines_of_logical_lines_are_indented);
    tcase_add_test(tests, test_semicolons_between_definitions_and_statements_part_them);
    tcase_add_test(tests, test_the_last_expression_is_shown);
    tcase_add_test(tests, test_what_is_no_last_expression_is_not_shown);
    tcase_add_test(tests, test_the_function_that_shows_has_a_name_of_its_own);
    tcase_add_test(tests, test_long_lines_are_split_in_time);
    tcase_add_test(tests, test_comptime_is_hoisted_unless_it_needs_a_variable);
    tcase_add_test(tests, test_an_indented_cell_keeps_its_columns);
    tcase_add_test(tests, test_the_entry_runs_main_where_there_is_one);
    tcase_add_test(tests, test_the_entry_refers_to_definitions_with_names_of_their_own);
    tcase_add_test(tests, test_the_entry_asks_for_each_imported_name_by_way_of_the_module);
    tcase_add_test(tests, test_places_in_the_module_are_places_in_the_cell);
    tcase_add_test(tests, test_a_byte_order_mark_counts_in_the_cell_only);
    tcase_add_test(tests, test_the_line_of_main_is_known);
    tcase_add_test(tests, test_a_definition_that_uses_a_variable_gets_a_hint);
    tcase_add_test(tests, test_the_cell_object_has_imports_definitions_and_counts);
    tcase_add_test(tests, test_damaged_text_is_still_a_json_object);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
