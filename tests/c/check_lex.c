#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "mojo/lex.h"

#include <check.h>

#include <string.h>

/* The tokens as "kind:text" between bars; a first one has ^ before it, an unterminated one ? behind
 * it. */
static char *tokens_of(const char *source, size_t length)
{
    static const char *const kinds[] = {"end", "nl", "n", "b", "0", "s", "o", "x"};
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_autobuf text = MC_BUF_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex(source, length, &tokens, &err), 0);
    for (size_t i = 0; i < tokens.count; i++) {
        const struct mc_token *token = &tokens.items[i];
        mc_buf_addf(&text,
                    "%s%s%s",
                    i > 0 ? "|" : "",
                    token->flags & MC_TOKEN_FIRST ? "^" : "",
                    kinds[token->kind]);
        if (token->kind != MC_TOKEN_NEWLINE) {
            mc_buf_addc(&text, ':');
            mc_buf_add(&text, source + token->start, token->length);
        }
        mc_buf_adds(&text, token->flags & MC_TOKEN_UNTERMINATED ? "?" : "");
    }
    ck_assert_int_eq(tokens.items[tokens.count].kind, MC_TOKEN_END);
    return mc_buf_steal(&text);
}

#define ck_tokens(source, expected)                                      \
    do {                                                                 \
        mc_autofree char *got = tokens_of((source), sizeof(source) - 1); \
        ck_assert_str_eq(got, (expected));                               \
    } while (0)

START_TEST(test_a_line_becomes_tokens_and_its_end)
{
    ck_tokens("x = y1+2.5e-3\n", "^n:x|o:=|n:y1|o:+|0:2.5e-3|nl");
    ck_tokens("x", "^n:x|nl");
    ck_tokens("", "");
    ck_tokens("a//=b**c->d:=e...f", "^n:a|o://=|n:b|o:**|n:c|o:->|n:d|o::=|n:e|o:...|n:f|nl");
    ck_tokens("0x1F.a 1..b 1.c", "^0:0x1F|o:.|n:a|0:1|o:.|o:.|n:b|0:1|o:.|n:c|nl");
}
END_TEST

START_TEST(test_comments_and_blank_lines_leave_no_tokens)
{
    ck_tokens("# def f():\n\n   \nx  # \"\ny", "^n:x|nl|^n:y|nl");
}
END_TEST

START_TEST(test_every_kind_of_string_is_one_token)
{
    ck_tokens("'a\"b' \"c'd\"", "^s:'a\"b'|s:\"c'd\"|nl");
    ck_tokens("r'\\'x' R\"\\n\" y", "^s:r'\\'x'|s:R\"\\n\"|n:y|nl");
    ck_tokens("'''a\n'' b'''", "^s:'''a\n'' b'''|nl");
    ck_tokens("\"\\\"\" x", "^s:\"\\\"\"|n:x|nl");
    ck_tokens("\"a\\\nb\" x", "^s:\"a\\\nb\"|n:x|nl");
    ck_tokens("\"\" ''", "^s:\"\"|s:''|nl");
    ck_tokens("f\"a\"", "^n:f|s:\"a\"|nl");
    ck_tokens("bar\"a\"", "^n:bar|s:\"a\"|nl");
}
END_TEST

START_TEST(test_fields_of_t_strings_may_hold_the_same_quotes)
{
    ck_tokens("t\"{d[\"a\"]} {\"}\"}\" x", "^s:t\"{d[\"a\"]} {\"}\"}\"|n:x|nl");
    ck_tokens("t\"{{\"x", "^s:t\"{{\"|n:x|nl");
    ck_tokens("rt'{t\"{'a'}\"}' x", "^s:rt'{t\"{'a'}\"}'|n:x|nl");
    ck_tokens("t\"\"\"{1\n+2}\"\"\" x", "^s:t\"\"\"{1\n+2}\"\"\"|n:x|nl");
    ck_tokens("t\"{1\n+2}\" x", "^s:t\"{1\n+2}\"|n:x|nl");
}
END_TEST

START_TEST(test_an_unterminated_string_ends_with_its_line)
{
    ck_tokens("x = 'abc\ny", "^n:x|o:=|s:'abc?|nl|^n:y|nl");
    ck_tokens("t\"{x\ny", "^s:t\"{x?|nl|^n:y|nl");
    ck_tokens("'''a\nb", "^s:'''a\nb?|nl");
    ck_tokens("`a\nb", "^b:`a?|nl|^n:b|nl");
    ck_tokens("'\\", "^s:'\\?|nl");
}
END_TEST

START_TEST(test_brackets_and_backslashes_join_lines)
{
    ck_tokens("f(a,\n  b)\nc", "^n:f|o:(|n:a|o:,|n:b|o:)|nl|^n:c|nl");
    ck_tokens("a + \\\r\n b", "^n:a|o:+|n:b|nl");
    ck_tokens("a \\ \nb", "^n:a|x:\\|nl|^n:b|nl");
    ck_tokens(")]\nx", "^o:)|o:]|nl|^n:x|nl");
}
END_TEST

START_TEST(test_a_definition_ends_an_open_bracket)
{
    ck_tokens("f((1\ndef g", "^n:f|o:(|o:(|0:1|nl|^n:def|n:g|nl");
    ck_tokens("f((1\n def g", "^n:f|o:(|o:(|0:1|n:def|n:g|nl");
}
END_TEST

START_TEST(test_line_ends_of_all_systems_count)
{
    const char source[] = "a\r\nb\rc\nd";
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex(source, sizeof source - 1, &tokens, &err), 0);
    ck_assert_uint_eq(tokens.count, 8);
    for (unsigned i = 0; i < 8; i += 2) {
        ck_assert_uint_eq(tokens.items[i].line, i / 2 + 1);
    }
}
END_TEST

START_TEST(test_a_byte_order_mark_is_no_token)
{
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex("\xef\xbb\xbfx", 4, &tokens, &err), 0);
    ck_assert_uint_eq(tokens.start, 3);
    ck_assert_uint_eq(tokens.count, 2);
    ck_assert_uint_eq(tokens.items[0].start, 3);
}
END_TEST

START_TEST(test_any_bytes_are_some_tokens)
{
    ck_tokens("`a b` \xc3\xa9t\xc3\xa9 $ ?", "^b:`a b`|n:\xc3\xa9t\xc3\xa9|o:$|o:?|nl");
    mc_autofree char *got = tokens_of("a\0b", 3);
    ck_assert_ptr_nonnull(strstr(got, "^n:a|x:"));
}
END_TEST

START_TEST(test_depth_is_that_of_the_brackets_around)
{
    const unsigned depths[] = {0, 0, 1, 1, 2, 1, 0, 0};
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex("f(a[b])", 7, &tokens, &err), 0);
    ck_assert_uint_eq(tokens.count, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(tokens.items[i].depth, depths[i]);
    }
}
END_TEST

START_TEST(test_deep_nesting_is_read_in_time)
{
    mc_autobuf source = MC_BUF_INIT;
    for (int i = 0; i < 300000; i++) {
        mc_buf_adds(&source, i % 2 ? "t\"{" : "([");
    }
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex(source.data, source.length, &tokens, &err), 0);
    ck_assert_uint_gt(tokens.count, 2);
}
END_TEST

START_TEST(test_too_long_a_source_is_refused)
{
    mc_autotokens tokens = MC_TOKENS_INIT;
    mc_err err = {0};
    ck_assert_int_eq(mc_lex("", MC_LEX_LIMIT + 1, &tokens, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    ck_assert_ptr_null(tokens.items);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lex");
    TCase *tests = tcase_create("lex");
    tcase_add_test(tests, test_a_line_becomes_tokens_and_its_end);
    tcase_add_test(tests, test_comments_and_blank_lines_leave_no_tokens);
    tcase_add_test(tests, test_every_kind_of_string_is_one_token);
    tcase_add_test(tests, test_fields_of_t_strings_may_hold_the_same_quotes);
    tcase_add_test(tests, test_an_unterminated_string_ends_with_its_line);
    tcase_add_test(tests, test_brackets_and_backslashes_join_lines);
    tcase_add_test(tests, test_a_definition_ends_an_open_bracket);
    tcase_add_test(tests, test_line_ends_of_all_systems_count);
    tcase_add_test(tests, test_a_byte_order_mark_is_no_token);
    tcase_add_test(tests, test_any_bytes_are_some_tokens);
    tcase_add_test(tests, test_depth_is_that_of_the_brackets_around);
    tcase_add_test(tests, test_deep_nesting_is_read_in_time);
    tcase_add_test(tests, test_too_long_a_source_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
