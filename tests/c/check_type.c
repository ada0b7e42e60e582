#include "abi/kind.h"
#include "abi/memory.h"
#include "abi/signature.h"
#include "abi/thunk.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static void check_round_trip(const char *text)
{
    mc_err err = {0};
    struct mc_type type;
    ck_assert_msg(mc_type_parse(text, &type, &err) == 0, "%s", err.message);
    mc_autobuf written = MC_BUF_INIT;
    mc_type_write(&type, &written);
    ck_assert_str_eq(written.data, text);
    mc_type_fini(&type);
}

START_TEST(types_read_as_they_are_written)
{
    static const char *const texts[] = {
        "None",
        "String",
        "Optional[String]",
        "Optional[Span[Float32]]",
        "Tuple[Int, String, List[Float64], Optional[Bool]]",
        "Any",
        "Tuple[Any, Any]",
        "List[String]",
        "Optional[List[String]]",
        "Tuple[List[String], Dict[String, Float64]]",
        "Dict[Int, String]",
        "Optional[NDSpan[DType.float64, 2]]",
        "Tuple[NDArray[DType.int8, 1], Int]",
        "Record[mc_u1.Point, x: Float64, y_2: String]",
        "Record[mc_u1.Line, start: Record[mc_u2.Point, x: Int], words: List[String]]",
        "Optional[Record[mc_u1.Point, größe: Int8]]",
        "Tuple[Record[mc_u1.P, x: Optional[Int]], Records[Record[mc_u1.P, x: Int]]]",
        "Dict[String, Record[mc_u1.P, x: Int]]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_round_trip(texts[i]);
    }
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        static const char *const frames[] = {"%s", "Span[%s]", "MutSpan[%s]", "List[%s]"};
        for (size_t k = 0; k < 4; k++) {
            mc_autobuf text = MC_BUF_INIT;
            const char *at = strstr(frames[k], "%s");
            mc_buf_add(&text, frames[k], (size_t) (at - frames[k]));
            mc_buf_adds(&text, mc_scalars[i].name);
            mc_buf_adds(&text, at + 2);
            check_round_trip(text.data);
        }
    }
    for (int i = 0; i < MC_SCALAR_COUNT * MC_RANK_MAX; i++) {
        static const enum mc_type_kind kinds[] = {MC_TYPE_NDSPAN, MC_TYPE_NDSPAN, MC_TYPE_NDARRAY};
        for (size_t k = 0; k < 3; k++) {
            struct mc_type type = {
                .kind = kinds[k], .scalar = i % MC_SCALAR_COUNT, .writable = k == 1};
            mc_autobuf text = MC_BUF_INIT;
            ck_assert(mc_type_set_rank(&type, 1 + i / MC_SCALAR_COUNT));
            mc_type_write(&type, &text);
            check_round_trip(text.data);
        }
    }
}
END_TEST

START_TEST(a_signature_counts_its_words)
{
    mc_err err = {0};
    mc_autosignature signature = MC_SIGNATURE_INIT;
    ck_assert_int_eq(
        mc_signature_parse("masked (Int, MutSpan[Float64], Optional[String]) raises -> "
                           "Tuple[Int, Optional[List[UInt8]]]",
                           &signature,
                           &err),
        0);
    ck_assert(signature.masked && signature.raises);
    ck_assert_uint_eq(signature.n_args, 3);
    ck_assert_uint_eq(signature.in_words, 1 + 1 + 2 + 3);
    ck_assert_uint_eq(signature.result.words, 1 + 3);
    ck_assert(signature.args[1].writable);
    ck_assert(mc_type_owns_memory(&signature.result));
    mc_autosignature none = MC_SIGNATURE_INIT;
    ck_assert_int_eq(mc_signature_parse("() -> None", &none, &err), 0);
    ck_assert_uint_eq(none.in_words, 0);
    ck_assert(!none.raises && !none.masked && !mc_type_owns_memory(&none.result));
}
END_TEST

START_TEST(a_struct_has_the_words_of_its_fields)
{
    mc_err err = {0};
    struct mc_type type;
    mc_autobuf said = MC_BUF_INIT;
    ck_assert_int_eq(
        mc_type_parse("Optional[Record[mc_u1.Line, start: Record[mc_u1.Point, x: Int, y: Int8], "
                      "name: String]]",
                      &type,
                      &err),
        0);
    ck_assert_uint_eq(type.words, 1 + 2 + 2);
    ck_assert(mc_type_owns_memory(&type));
    ck_assert_str_eq(type.items->record->fields[1], "name");
    mc_type_write_said(&type, &said);
    ck_assert_str_eq(said.data, "Optional[Line]");
    mc_type_fini(&type);
}
END_TEST

START_TEST(structs_look_different_and_lists_of_them_are_named_as_lists)
{
    static const char *const texts[] = {"Record[mc_u1.P, x: Int]",
                                        "Record[mc_u2.P, x: Int]",
                                        "Record[mc_u1.Q, x: Int]",
                                        "Records[Record[mc_u1.P, x: Int]]"};
    struct mc_type types[4];
    mc_err err = {0};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(mc_type_parse(texts[i], &types[i], &err), 0);
        for (size_t k = 0; k < i; k++) {
            ck_assert_int_ne(mc_type_look(&types[i]), mc_type_look(&types[k]));
        }
    }
    mc_autobuf said = MC_BUF_INIT;
    mc_type_write_said(&types[3], &said);
    ck_assert_str_eq(said.data, "List[P]");
    for (size_t i = 0; i < 4; i++) {
        mc_type_fini(&types[i]);
    }
}
END_TEST

START_TEST(a_struct_of_too_many_words_is_refused)
{
    mc_autobuf text = MC_BUF_INIT;
    struct mc_type type;
    mc_err err = {0};
    mc_buf_adds(&text, "Record[mc_u1.P");
    for (int i = 0; i < 64; i++) {
        mc_buf_addf(&text, ", f%d: Int", i);
    }
    mc_autobuf more = MC_BUF_INIT;
    mc_buf_addf(&more, "%s, g: Int]", text.data);
    mc_buf_adds(&text, "]");
    ck_assert_int_eq(mc_type_parse(text.data, &type, &err), 0);
    mc_type_fini(&type);
    ck_assert_int_eq(mc_type_parse(more.data, &type, &err), -1);
}
END_TEST

START_TEST(what_is_no_signature_is_refused)
{
    static const char *const texts[] = {
        "",
        "()",
        "() ->",
        "() -> ",
        "() -> Int ",
        "(Int -> Int",
        "(Int,Int) -> Int",
        "(None) -> Int",
        "(Any) -> Int",
        "() -> Optional[Any]",
        "(Tuple[Int]) -> Int",
        "() -> Int7",
        "() -> Int8x",
        "() -> Span[String]",
        "() -> Optional[None]",
        "() -> Optional[Optional[Int]]",
        "() -> Optional[Int, Int]",
        "() -> Tuple[]",
        "() -> Tuple[Int",
        "() -> Tuple[Tuple[Int]]",
        "raises () -> Int",
        "() -> Dict[String]",
        "() -> Dict[String, Int, Int]",
        "() -> Dict[Float64, Int]",
        "() -> Dict[Int, List[Int]]",
        "(Dict[Int, Dict[Int, Int]]) -> Int",
        "(List[Strings]) -> Int",
        "(List[String) -> Int",
        "masked masked () -> Int",
        "(NDSpan[DType.float64]) -> Int",
        "(NDSpan[DType.float64, 0]) -> Int",
        "(NDSpan[DType.float64, 5]) -> Int",
        "(NDSpan[DType.Float64, 2]) -> Int",
        "(NDSpan[Float64, 2]) -> Int",
        "(NDSpan[DType.float64, 2) -> Int",
        "(NDArray[DType.float64, 2]) -> Int",
        "() -> List[NDArray[DType.float64, 2]]",
        "() -> Record[P, x: Int]",
        "() -> Record[mc_u1.P]",
        "() -> Record[mc_u1.P, x]",
        "() -> Record[mc_u1.P, x: Span[Int]]",
        "() -> Record[mc_u1.P, x: Tuple[Int]]",
        "() -> Record[mc_u1.P, x: Int, ]",
        "() -> Records[Int]",
        "() -> Records[Record[mc_u1.P, x: List[Int]]]",
        "() -> Dict[Record[mc_u1.P, x: Int], Int]",
        "() -> Dict[Int, Record[mc_u1.P, x: List[Int]]]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mc_err err = {0};
        mc_autosignature signature = MC_SIGNATURE_INIT;
        ck_assert_msg(mc_signature_parse(texts[i], &signature, &err) < 0, "'%s'", texts[i]);
        ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
        ck_assert_ptr_null(signature.args);
    }
}
END_TEST

START_TEST(a_tag_tells_the_type_of_an_any)
{
    struct mc_any any;
    ck_assert_int_eq(mc_type_of_any(0, &any), 0);
    ck_assert_int_eq(any.type.kind, MC_TYPE_NONE);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_TAG(MC_TYPE_LIST, MC_FLOAT32), &any), 0);
    ck_assert(any.type.kind == MC_TYPE_LIST && any.type.scalar == MC_FLOAT32 &&
              any.type.words == 2);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_TAG(MC_TYPE_SCALAR, MC_BOOL), &any), 0);
    ck_assert_int_eq(any.type.words, 1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_TAG(MC_TYPE_STRING, 0), &any), 0);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_DICT(MC_SCALAR_COUNT, MC_FLOAT64), &any), 0);
    ck_assert_int_eq(any.type.items[0].kind, MC_TYPE_STRING);
    ck_assert_int_eq(any.type.items[1].scalar, MC_FLOAT64);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_DICT(MC_SCALAR_COUNT + 1, MC_INT), &any), -1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_NDARRAY(3, MC_INT8), &any), 0);
    ck_assert(any.type.rank == 3 && any.type.scalar == MC_INT8 && any.type.words == 4);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_NDARRAY(0, MC_INT8), &any), -1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_NDARRAY(5, MC_INT8), &any), -1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_UNKNOWN, &any), -1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_TAG(MC_TYPE_SCALAR, MC_SCALAR_COUNT), &any), -1);
    ck_assert_int_eq(mc_type_of_any(MC_ANY_TAG(MC_TYPE_TUPLE, 0), &any), -1);
}
END_TEST

START_TEST(too_many_arguments_are_refused)
{
    for (int n = MC_THUNK_MAX_ARGS; n <= MC_THUNK_MAX_ARGS + 1; n++) {
        mc_autobuf text = MC_BUF_INIT;
        mc_err err = {0};
        mc_autosignature signature = MC_SIGNATURE_INIT;
        mc_buf_adds(&text, "(Int");
        for (int i = 1; i < n; i++) {
            mc_buf_adds(&text, ", Int");
        }
        mc_buf_adds(&text, ") -> Int");
        ck_assert_int_eq(mc_signature_parse(text.data, &signature, &err),
                         n <= MC_THUNK_MAX_ARGS ? 0 : -1);
    }
}
END_TEST

static int pack_into(const struct mc_memory *memory, void *to)
{
    mc_memory_pack(memory, to);
    return 1;
}

static int unpack_from(const struct mc_memory *memory, void *from)
{
    mc_memory_unpack(memory, from);
    return 1;
}

START_TEST(elements_are_packed_and_put_back_where_they_were)
{
    int16_t matrix[4][6];
    int16_t packed[6];
    mc_err err;
    struct mc_type type;
    /* every second row of the columns 5, 3, 1, the columns as rows */
    const uint64_t words[] = {(uint64_t) (uintptr_t) &matrix[0][5], 3, 2, (uint64_t) -2, 12};
    uint64_t in[5];
    for (int i = 0; i < 24; i++) {
        matrix[i / 6][i % 6] = (int16_t) i;
    }
    ck_assert_int_eq(mc_type_parse("MutNDSpan[DType.int16, 2]", &type, &err), 0);
    memcpy(in, words, sizeof in);
    ck_assert_int_eq(mc_memory_walk(&type, in, pack_into, packed), 1);
    const int16_t expected[] = {5, 3, 1, 17, 15, 13}; /* steps of 12 come before those of 2 */
    ck_assert_mem_eq(packed, expected, sizeof packed);
    ck_assert(in[3] == 1 && in[4] == 3);
    for (int i = 0; i < 6; i++) {
        packed[i] = (int16_t) -packed[i];
    }
    memcpy(in, words, sizeof in);
    ck_assert_int_eq(mc_memory_walk(&type, in, unpack_from, packed), 1);
    for (int i = 0; i < 24; i++) {
        bool taken = i / 6 % 2 == 0 && i % 2 == 1;
        ck_assert_int_eq(matrix[i / 6][i % 6], taken ? -i : i);
    }
}
END_TEST

START_TEST(lengths_that_no_memory_has_are_more_than_any)
{
    const uint64_t shapes[][2] = {
        {UINT64_MAX, 1}, {(uint64_t) 1 << 33, (uint64_t) 1 << 33}, {(uint64_t) -2, (uint64_t) -3}};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(mc_kind_elements(shapes[i], 2), UINT64_MAX);
    }
    ck_assert_uint_eq(mc_kind_elements((const uint64_t[]) {0, UINT64_MAX}, 2), 0);
    ck_assert_uint_eq(mc_kind_elements((const uint64_t[]) {3, 4}, 2), 12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("type");
    TCase *tests = tcase_create("type");
    tcase_add_test(tests, types_read_as_they_are_written);
    tcase_add_test(tests, a_signature_counts_its_words);
    tcase_add_test(tests, a_struct_has_the_words_of_its_fields);
    tcase_add_test(tests, structs_look_different_and_lists_of_them_are_named_as_lists);
    tcase_add_test(tests, a_struct_of_too_many_words_is_refused);
    tcase_add_test(tests, what_is_no_signature_is_refused);
    tcase_add_test(tests, a_tag_tells_the_type_of_an_any);
    tcase_add_test(tests, too_many_arguments_are_refused);
    tcase_add_test(tests, elements_are_packed_and_put_back_where_they_were);
    tcase_add_test(tests, lengths_that_no_memory_has_are_more_than_any);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
