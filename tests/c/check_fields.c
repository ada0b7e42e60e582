#include "base/mem.h"
#include "protocol/fields.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *header;
static struct mc_fields fields;
static mc_err err;

static int read_text(enum mc_op op, const char *text)
{
    json_decref(header);
    header = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(header);
    err = (mc_err) {0};
    memset(&fields, 0x5a, sizeof fields);
    return mc_fields_read(op, header, &fields, &err);
}

static void forget(void)
{
    json_decref(header);
    header = NULL;
}

START_TEST(test_what_is_said_is_read)
{
    ck_assert_int_eq(read_text(MC_OP_RUN,
                               "{\"op\": \"run\", \"id\": \"1\", \"source\": \"sömething\","
                               " \"cwd\": \"/w\", \"name\": \"n\", \"umask\": 63,"
                               " \"force\": true, \"modernize\": false, \"args\": [\"x\", \"y\"],"
                               " \"stdin\": {\"frame\": 2}, \"window\": 7,"
                               " \"limits\": {\"wall\": 1.5, \"processes\": 3}}"),
                     0);
    ck_assert_str_eq(fields.id, "1");
    ck_assert_str_eq(fields.source, "sömething");
    ck_assert_uint_eq(fields.source_length, 10);
    ck_assert_str_eq(fields.cwd, "/w");
    ck_assert_str_eq(fields.name, "n");
    ck_assert_int_eq(fields.umask, 63);
    ck_assert(fields.force && !fields.modernize && !fields.fresh);
    ck_assert_uint_eq(json_array_size(fields.args), 2);
    ck_assert_int_eq(fields.stdin_frame, 2);
    ck_assert_int_eq(fields.window, 7);
    ck_assert(fabs(fields.limits_wall - 1.5) < 1e-9);
    ck_assert(fields.limits_processes > 2 && fields.limits_cpu < 1);
}
END_TEST

START_TEST(test_what_is_not_said_is_as_the_schema_has_it)
{
    ck_assert_int_eq(
        read_text(MC_OP_RUN, "{\"op\": \"run\", \"id\": \"1\", \"source\": \"\", \"cwd\": \"/\"}"),
        0);
    ck_assert_str_eq(fields.name, "cell");
    ck_assert_int_eq(fields.umask, 022);
    ck_assert(!fields.force && fields.modernize);
    ck_assert_int_eq(fields.stdin_frame, -1);
    ck_assert_int_eq((int64_t) fields.limits_output, 64 << 20);
    ck_assert_ptr_null(fields.cell);
    ck_assert_ptr_null(fields.env);
    ck_assert_ptr_null(fields.worker);
    ck_assert_int_eq(read_text(MC_OP_CACHE_EXPLAIN, "{\"op\": \"cache.explain\", \"id\": \"1\"}"),
                     0);
    ck_assert_ptr_null(fields.name);
}
END_TEST

static const struct {
    enum mc_op op;
    enum mc_code code;
    const char *text;
    const char *told;
} wrong[] = {
    {MC_OP_INFO, MC_INVALID_REQUEST, "{\"op\": \"info\"}", "'info' needs the field 'id'"},
    {MC_OP_INFO,
     MC_INVALID_REQUEST,
     "{\"op\": \"info\", \"id\": \"\"}",
     "the field 'id' must be a string of 1 to 64 characters"},
    {MC_OP_CACHE_CLEAR,
     MC_INVALID_REQUEST,
     "{\"op\": \"cache.clear\", \"id\": \"1\", \"cell\": \"1\"}",
     "'cache.clear' has no field 'cell'"},
    {MC_OP_CREDIT,
     MC_INVALID_REQUEST,
     "{\"op\": \"credit\", \"id\": \"1\", \"bytes\": 1e19}",
     "the field 'bytes' must be an integer of at least 0"},
    {MC_OP_RUN,
     MC_INVALID_REQUEST,
     "{\"op\": \"run\", \"id\": \"1\", \"source\": \"\", \"cwd\": \"/\", \"limits\": {\"disk\": "
     "1}}",
     "'limits' has no field 'disk'"},
    {MC_OP_RUN,
     MC_INVALID_REQUEST,
     "{\"op\": \"run\", \"id\": \"1\", \"source\": \"\", \"cwd\": \"/\", \"inputs\": []}",
     "'inputs' of 'run' needs the field 'worker'"},
    {MC_OP_COMPILE,
     MC_INVALID_REQUEST,
     "{\"op\": \"compile\", \"id\": \"1\", \"source\": \"\", \"using\": [1]}",
     "the field 'using' must be an array of objects"},
};

START_TEST(test_what_is_wrong_is_told_by_name)
{
    struct mc_fields before;
    memset(&before, 0x5a, sizeof before);
    ck_assert_int_eq(read_text(wrong[_i].op, wrong[_i].text), -1);
    ck_assert_int_eq(err.code, wrong[_i].code);
    ck_assert_str_eq(err.message, wrong[_i].told);
    ck_assert_mem_eq(&fields, &before, sizeof fields); /* written on success alone */
}
END_TEST

START_TEST(test_a_source_has_a_most_of_bytes)
{
    size_t most = (size_t) 8 << 20;
    mc_autofree char *text = malloc(most + 2);
    memset(text, 'x', most + 1);
    text[most + 1] = '\0';
    json_decref(header);
    header = json_pack("{s:s, s:s, s:s}", "op", "compile", "id", "1", "source", text);
    ck_assert_int_eq(mc_fields_read(MC_OP_COMPILE, header, &fields, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    text[most] = '\0';
    json_object_set_new(header, "source", json_string(text));
    ck_assert_int_eq(mc_fields_read(MC_OP_COMPILE, header, &fields, &err), 0);
    ck_assert_uint_eq(fields.source_length, most);
}
END_TEST

/* 64 of them, of two bytes each. */
START_TEST(test_an_id_is_counted_in_characters)
{
    char id[65 * 2 + 1] = "";
    for (int i = 0; i < 64; i++) {
        strcat(id, "é");
    }
    json_decref(header);
    header = json_pack("{s:s}", "id", id);
    ck_assert_str_eq(mc_fields_id(header), id);
    strcat(id, "x");
    json_object_set_new(header, "id", json_string(id));
    ck_assert_ptr_null(mc_fields_id(header));
    json_object_set_new(header, "id", json_integer(1));
    ck_assert_ptr_null(mc_fields_id(header));
    ck_assert_ptr_null(mc_fields_id(NULL));
}
END_TEST

START_TEST(test_operations_have_names)
{
    ck_assert_int_eq(mc_op_of("hello"), MC_OP_HELLO);
    ck_assert_int_eq(mc_op_of("cache.explain"), MC_OP_CACHE_EXPLAIN);
    ck_assert_int_eq(mc_op_of("dance"), MC_OP_COUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fields");
    TCase *tcase = tcase_create("fields");
    tcase_add_checked_fixture(tcase, NULL, forget);
    tcase_add_test(tcase, test_what_is_said_is_read);
    tcase_add_test(tcase, test_what_is_not_said_is_as_the_schema_has_it);
    tcase_add_loop_test(tcase, test_what_is_wrong_is_told_by_name, 0, MC_LENGTH(wrong));
    tcase_add_test(tcase, test_a_source_has_a_most_of_bytes);
    tcase_add_test(tcase, test_an_id_is_counted_in_characters);
    tcase_add_test(tcase, test_operations_have_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
