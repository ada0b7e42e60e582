#include "base/mem.h"
#include "cache/history.h"
#include "cache/key.h"

#include <check.h>

#include <stdlib.h>

static json_t *parts_of(const char *source, const char *compiler, const char *flag, char *ret_hex)
{
    struct mc_key key;
    json_t *parts;
    mc_err err;
    ck_assert_int_eq(mc_key_init(&key, &err), 0);
    mc_key_add_string(&key, "source", source);
    mc_key_add_string(&key, "compiler", compiler);
    if (flag) {
        mc_key_add_string(&key, "flag", "-DA=1");
        mc_key_add_string(&key, "flag", flag);
    }
    mc_key_add_string(&key, "module /m/helper.mojo", "absent");
    ck_assert_int_eq(mc_key_finish(&key, ret_hex, &parts, &err), 0);
    mc_key_fini(&key);
    return parts;
}

static const char *sentence(const json_t *sentences, size_t i)
{
    return json_string_value(json_array_get(sentences, i));
}

START_TEST(test_equal_parts_make_equal_keys_and_others_do_not)
{
    char a[MC_HASH_HEX];
    char b[MC_HASH_HEX];
    char c[MC_HASH_HEX];
    json_decref(parts_of("x", "1.2", NULL, a));
    json_decref(parts_of("x", "1.2", NULL, b));
    json_decref(parts_of("x", "1.2", "-O2", c));
    ck_assert_str_eq(a, b);
    ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(test_parts_never_hold_the_source_itself)
{
    char a[MC_HASH_HEX];
    json_t *parts = parts_of("secret", "1.2", NULL, a);
    char *text = json_dumps(parts, 0);
    ck_assert_ptr_null(strstr(text, "secret"));
    free(text);
    json_decref(parts);
}
END_TEST

START_TEST(test_a_comparison_says_what_changed)
{
    char hex[MC_HASH_HEX];
    json_t *before = parts_of("x", "1.1.0", NULL, hex);
    json_t *after = parts_of("y", "1.2.0", "-O2", hex);
    json_object_set_new(after, "module /m/helper.mojo", json_string("abc"));
    json_t *said = mc_key_compare(before, after);
    ck_assert_uint_eq(json_array_size(said), 5);
    ck_assert_str_eq(sentence(said, 0), "the source changed");
    ck_assert_str_eq(sentence(said, 1), "the compiler changed: 1.1.0 → 1.2.0");
    ck_assert_str_eq(sentence(said, 2), "the flag -DA=1 is new");
    ck_assert_str_eq(sentence(said, 3), "the flag -O2 is new");
    ck_assert_str_eq(sentence(said, 4), "module /m/helper.mojo appeared");
    json_decref(said);
    json_decref(before);
    json_decref(after);
}
END_TEST

static const struct {
    const char *tag;
    const char *reason;
} reasons[] = {
    {"source", "source"},
    {"flag", "flags"},
    {"repair", "flags"},
    {"compiler", "toolchain"},
    {"linker", "toolchain"},
    {"runtime.identity", "toolchain"},
    {"target.cpu", "target"},
    {"export", "exports"},
    {"exports", "exports"},
    {"using", "using"},
    {"using.names", "using"},
    {"inputs", "inputs"},
    {"outputs", "outputs"},
    {"module /m/a.mojo", "imports"},
    {"of another day", "other"},
};

START_TEST(test_a_part_that_differs_has_its_reason)
{
    json_t *none = json_object();
    json_t *one = json_pack("{s:s}", reasons[_i].tag, "x");
    json_t *other = json_pack("{s:s}", reasons[_i].tag, "y");
    json_t *later = json_pack("{s:s, s:s}", reasons[_i].tag, "x", "module /z", "1");
    ck_assert_str_eq(mc_key_reason(one, other), reasons[_i].reason);
    ck_assert_str_eq(mc_key_reason(none, one), reasons[_i].reason);
    ck_assert_str_eq(mc_key_reason(one, none), reasons[_i].reason);
    ck_assert_str_eq(mc_key_reason(one, later), "imports");
    json_decref(none);
    json_decref(one);
    json_decref(other);
    json_decref(later);
}
END_TEST

START_TEST(test_a_history_gives_reasons_and_survives_a_restart)
{
    char root[] = "/tmp/mc_check_key.XXXXXX";
    char path[64];
    char first[MC_HASH_HEX];
    char second[MC_HASH_HEX];
    mc_err err;
    struct mc_history history;
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/history.json", root);
    json_t *one = parts_of("x", "1.2", NULL, first);
    json_t *two = parts_of("y", "1.2", NULL, second);
    ck_assert_int_eq(mc_history_open(&history, path, &err), 0);
    ck_assert_str_eq(mc_history_note(&history, "c1", first, one, MC_LOOKUP_MISS, NULL), "new");
    ck_assert_str_eq(mc_history_note(&history, "c1", first, one, MC_LOOKUP_HIT, NULL), "");
    ck_assert_int_eq(mc_history_save(&history, path, &err), 0);
    mc_history_fini(&history);
    ck_assert_int_eq(mc_history_open(&history, path, &err), 0);
    ck_assert_str_eq(mc_history_note(&history, "c1", second, two, MC_LOOKUP_MISS, NULL), "source");
    json_t *told = mc_history_explain(&history, "c1");
    ck_assert_uint_eq(json_array_size(told), 1);
    ck_assert_str_eq(sentence(json_object_get(json_array_get(told, 0), "reasons"), 0),
                     "the source changed");
    json_decref(told);
    ck_assert_str_eq(mc_history_note(&history, "c1", second, two, MC_LOOKUP_MISS, "damaged"),
                     "damaged");
    ck_assert_str_eq(mc_history_note(&history, "c1", second, two, MC_LOOKUP_MISS, NULL), "evicted");
    ck_assert_str_eq(mc_history_note(&history, "c1", second, two, MC_LOOKUP_FORCED, NULL),
                     "forced");
    mc_history_fini(&history);
    json_decref(one);
    json_decref(two);
}
END_TEST

START_TEST(test_a_history_is_bounded_and_keeps_the_newest)
{
    char key[MC_HASH_HEX];
    char cell[16];
    mc_err err;
    struct mc_history history;
    json_t *parts = parts_of("x", "1.2", NULL, key);
    ck_assert_int_eq(mc_history_open(&history, "/nonexistent/history.json", &err), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(cell, sizeof cell, "c%d", i);
        mc_history_note(&history, cell, key, parts, MC_LOOKUP_MISS, NULL);
    }
    ck_assert_uint_eq(json_object_size(history.cells), 400);
    ck_assert_ptr_nonnull(json_object_get(history.cells, "c999"));
    ck_assert_ptr_null(json_object_get(history.cells, "c0"));
    json_t *all = mc_history_explain(&history, NULL);
    ck_assert_uint_eq(json_array_size(all), 20);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(all, 0), "cell")), "c999");
    json_decref(all);
    mc_history_fini(&history);
    json_decref(parts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key");
    TCase *tcase = tcase_create("key");
    tcase_add_test(tcase, test_equal_parts_make_equal_keys_and_others_do_not);
    tcase_add_test(tcase, test_parts_never_hold_the_source_itself);
    tcase_add_test(tcase, test_a_comparison_says_what_changed);
    tcase_add_loop_test(tcase, test_a_part_that_differs_has_its_reason, 0, MC_LENGTH(reasons));
    tcase_add_test(tcase, test_a_history_gives_reasons_and_survives_a_restart);
    tcase_add_test(tcase, test_a_history_is_bounded_and_keeps_the_newest);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
