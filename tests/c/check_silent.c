#include "base/buf.h"
#include "base/strv.h"
#include "mojo/cell.h"
#include "mojo/silent.h"

#include <check.h>

#include <string.h>

static json_t *notes_of(const char *source, const char *flag)
{
    struct mc_cell *cell;
    mc_autostrv flags = MC_STRV_INIT;
    mc_err err;
    json_t *notes = json_array();
    mc_strv_add(&flags, "-D");
    mc_strv_add(&flags, flag);
    ck_assert_int_eq(mc_cell_parse(source, strlen(source), &cell, &err), 0);
    mc_silent_add(cell, &flags, notes);
    mc_cell_free(cell);
    return notes;
}

/* Exactly one note, on a division at this place, or none at line 0. */
static void ck_division(const char *source, int line, int column)
{
    json_t *notes = notes_of(source, "ASSERT=all");
    const json_t *note = json_array_get(notes, 0);
    ck_assert_msg(json_array_size(notes) == (line > 0 ? 1 : 0), "%s", source);
    if (line > 0) {
        ck_assert_msg(json_integer_value(json_object_get(note, "line")) == line, "%s", source);
        ck_assert_msg(json_integer_value(json_object_get(note, "column")) == column, "%s", source);
        ck_assert_str_eq(json_string_value(json_object_get(note, "kind")), "note");
    }
    json_decref(notes);
}

START_TEST(a_fraction_that_is_lost_is_told)
{
    ck_division("var a = 10\nvar b = 4\nprint(a / b)\n", 3, 9);
    ck_division("a = 10\nb = 4\na / b\n", 3, 3);
    ck_division("var a = 10\nprint(\"é\", a / 4)\n", 2, 14);
    ck_division("def main():\n    var n = 3\n    var half = n / 2\n    print(half)\n", 3, 18);
    ck_division("def mean(xs: List[Int]) -> Float64:\n    var total = 0\n    for x in xs:\n"
                "        total += x\n    var mean = total / len(xs)\n    return mean\n",
                5,
                22);
    ck_division("def f(a: Int, b: Int = 2):\n    print(Float64((a + b) / 2))\n", 2, 27);
    ck_division("def f(a: Int):\n    if a / 2 > 1:\n        print(a)\n", 2, 10);
    ck_division("for i in range(4):\n    print(2 * i / 3, 7)\n", 2, 17);
    ck_division("var i = 0\ni = i + 1\nprint(i / 2)\n", 3, 9);
    ck_division("var a = 1\nvar b = a * 2\nprint(1 / b)\nprint(1 / a)\n", 3, 9);
}
END_TEST

START_TEST(of_what_is_right_or_not_known_nothing_is_said)
{
    ck_division("print(10 / 4)\nvar x = 10 / 4\nprint(x / 2)\n", 0, 0);
    ck_division("var a = 10.0\nprint(a / 4)\n", 0, 0);
    ck_division("var a = 1e3\nprint(a / 4)\n", 0, 0);
    ck_division("var a = 10\nprint(a // 4, a / 4.0, Float64(a) / 4, a % 4 / 2.0)\n", 0, 0);
    ck_division("def f(x: Float64, n: Int):\n    print(x * n / 2, x / n, n * x / 2)\n", 0, 0);
    ck_division("def f(n: Int) -> Int:\n    return n / 2\n", 0, 0);
    ck_division("def f(n: Int):\n    var half: Int = n / 2\n    print(half)\n", 0, 0);
    ck_division(
        "def f(n: Int):\n    g(n / 2)\n    for i in range(n / 2):\n        print(xs[i / 2])\n",
        0,
        0);
    ck_division(
        "def f(lo: Int, hi: Int):\n    var mid = (lo + hi) / 2\n    print(xs[mid])\n", 0, 0);
    ck_division("def f(lo: Int, hi: Int):\n    var mid = 0\n    mid = (lo + hi) / 2\n", 0, 0);
    ck_division("var a, b = 1, 2.5\nprint(b / a)\n", 0, 0);
    ck_division("for i, x in enumerate(xs):\n    print(x / 2)\n", 0, 0);
    ck_division("var a = 1\nvar a: Float64 = 2\nprint(a / 2)\n", 0, 0);
    ck_division("comptime N = 10\nprint(N / 4)\n", 0, 0);
    ck_division("var a = f(3)\nprint(a / 2, b / 2, c.a / 2, d[0] / 2, len(e).x / 2)\n", 0, 0);
    ck_division("struct S:\n    var a: Int\n    def f(self):\n        print(self.a / 2)\n", 0, 0);
    ck_division("var n = 3\nprint(n / 2 ** 2, n ** 2 / 2.0)\n", 0, 0);
    ck_division("var a = a + 1\nvar c = )a / (2\nprint(/)", 0, 0);
    ck_division("# nothing\n", 0, 0);
}
END_TEST

START_TEST(names_that_are_looked_for_without_end_are_given_up)
{
    mc_autobuf source = MC_BUF_INIT;
    mc_buf_adds(&source, "var a0 = 1\n");
    for (int i = 1; i < 60; i++) {
        for (int k = 0; k < 4; k++) {
            mc_buf_addf(&source, "a%d = a%d + a%d\n", i, i - 1, (i + 7 * k) % 60);
        }
    }
    mc_buf_adds(&source, "print(a59 / 2)\n");
    ck_division(source.data, 0, 0);
}
END_TEST

START_TEST(an_assert_that_nothing_checks_is_told_once)
{
    static const char source[] = "def f():\n    assert 1 == 2\n    assert 1 == 3\n";
    json_t *notes = notes_of(source, "N=1");
    ck_assert_uint_eq(json_array_size(notes), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(notes, 0), "line")), 2);
    json_decref(notes);
    notes = notes_of(source, "ASSERT=all");
    ck_assert_uint_eq(json_array_size(notes), 0);
    json_decref(notes);
    notes = notes_of("comptime assert 1 == 1\nprint(\"assert\")\n", "N=1");
    ck_assert_uint_eq(json_array_size(notes), 0);
    json_decref(notes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("silent");
    TCase *tests = tcase_create("silent");
    tcase_add_test(tests, a_fraction_that_is_lost_is_told);
    tcase_add_test(tests, of_what_is_right_or_not_known_nothing_is_said);
    tcase_add_test(tests, names_that_are_looked_for_without_end_are_given_up);
    tcase_add_test(tests, an_assert_that_nothing_checks_is_told_once);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
