#include "mojo/bind.h"
#include "mojo/cell.h"
#include "mojo/cell_io.h"

#include <check.h>
#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static struct mc_cell *cell;
static struct mc_bindings *bindings;
static json_t *functions;
static json_t *skipped;

static void teardown(void)
{
    json_decref(functions);
    json_decref(skipped);
    functions = skipped = NULL;
    bindings = mc_bindings_free(bindings);
    cell = mc_cell_free(cell);
}

static void bind(const char *source)
{
    mc_err err = {0};
    teardown();
    ck_assert_msg(mc_cell_parse(source, strlen(source), &cell, &err) == 0, "%s", err.message);
    ck_assert_msg(mc_bindings_make(cell, NULL, NULL, &bindings, &err) == 0, "%s", err.message);
    functions = mc_bindings_functions(bindings);
    skipped = mc_bindings_skipped(bindings);
    ck_assert_ptr_nonnull(functions);
    ck_assert_ptr_nonnull(skipped);
}

static const char *abi(const char *source)
{
    bind(source);
    return json_string_value(json_object_get(json_array_get(functions, 0), "abi"));
}

static const char *reason(const char *source, const char *name)
{
    bind(source);
    const char *text = json_string_value(json_object_get(skipped, name));
    return text ? text : "(bound)";
}

static const json_t *argument(const char *source, size_t i)
{
    bind(source);
    return json_array_get(json_object_get(json_array_get(functions, 0), "arguments"), i);
}

START_TEST(types_are_read_as_they_are_written)
{
    static const char *const cases[][2] = {
        {"def f(a: Int, b: UInt8) -> Float32: pass", "(Int, UInt8) -> Float32"},
        {"def f(a: Scalar[DType.float16]) -> Float16: pass", "(Float16) -> Float16"},
        {"def f(): pass", "() -> None"},
        {"def f() -> None: pass", "() -> None"},
        {"def f() raises -> Bool: pass", "() raises -> Bool"},
        {"fn f(a: Byte) -> Int: pass", "(UInt8) -> Int"},
        {"def f(a: Scalar[DType.float64]): pass", "(Float64) -> None"},
        {"def f(a: SIMD[DType.int8, 1]): pass", "(Int8) -> None"},
        {"def f(a: Scalar[.uint16]): pass", "(UInt16) -> None"},
        {"def f(a: String) -> String: pass", "(String) -> String"},
        {"def f(a: StringSlice): pass", "(String) -> None"},
        {"def f(a: StringSlice[_]): pass", "(String) -> None"},
        {"def f() -> StaticString: pass", "() -> String"},
        {"def f(a: Span[Float64, _]): pass", "(Span[Float64]) -> None"},
        {"def f(a: Span[Float64, ...]): pass", "(Span[Float64]) -> None"},
        {"def f(a: Span[mut=True, Float64, _]): pass", "(MutSpan[Float64]) -> None"},
        {"def f(a: Span[mut=False, Int, _]): pass", "(Span[Int]) -> None"},
        {"def f(a: Span[Int32, MutAnyOrigin]): pass", "(MutSpan[Int32]) -> None"},
        {"def f(a: MutSpan[Int32, _]): pass", "(MutSpan[Int32]) -> None"},
        {"def f[o: MutOrigin](a: Span[Int32, o]): pass", "(MutSpan[Int32]) -> None"},
        {"def f[o: Origin](a: Span[Int32, o]): pass", "(Span[Int32]) -> None"},
        {"def f[o: Origin[mut=True]](a: Span[Int32, o]): pass", "(MutSpan[Int32]) -> None"},
        {"def f[m: Bool, //, o: Origin[mut=m]](a: Span[Int8, o]): pass", "(Span[Int8]) -> None"},
        {"def f(a: NDSpan[DType.float64, 2, _]): pass", "(NDSpan[DType.float64, 2]) -> None"},
        {"def f(a: NDSpan[mut=True, .int, 4, _]): pass", "(MutNDSpan[DType.int, 4]) -> None"},
        {"def f(a: MutNDSpan[DType.bool, 1, _]): pass", "(MutNDSpan[DType.bool, 1]) -> None"},
        {"def f[o: MutOrigin](a: NDSpan[DType.float16, 3, o]): pass",
         "(MutNDSpan[DType.float16, 3]) -> None"},
        {"from mojocell import NDSpan\ncomptime T = DType.uint8\ncomptime N = 3\n"
         "def f(a: NDSpan[T, N, _], b: Scalar[T]): pass",
         "(NDSpan[DType.uint8, 3], UInt8) -> None"},
        {"def f(a: Optional[NDSpan[DType.float64, 2, MutAnyOrigin]]): pass",
         "(Optional[MutNDSpan[DType.float64, 2]]) -> None"},
        {"def f() -> NDArray[DType.bfloat16, 2]: pass", "() -> NDArray[DType.bfloat16, 2]"},
        {"def f() -> Tuple[Int, NDArray[DType.float64, 1]]: pass",
         "() -> Tuple[Int, NDArray[DType.float64, 1]]"},
        {"def f(a: List[Bool]) -> List[Int]: pass", "(List[Bool]) -> List[Int]"},
        {"def f(a: Optional[String]) -> Optional[List[Int]]: pass",
         "(Optional[String]) -> Optional[List[Int]]"},
        {"def f() -> Tuple[Int, String]: pass", "() -> Tuple[Int, String]"},
        {"def f(n: Int, out r: Int): pass", "(Int) -> Int"},
        {"comptime F = Float64\ndef f(a: F, b: Span[F, _]): pass",
         "(Float64, Span[Float64]) -> None"},
        {"comptime F = G\ncomptime G = List[Int]\ndef f(a: F): pass", "(List[Int]) -> None"},
        {"from std.collections import List\ndef f(a: List[Int]): pass", "(List[Int]) -> None"},
        {"def f(\n  a: Int,  # one\n  b: List[\n    Int\n  ],\n): pass",
         "(Int, List[Int]) -> None"},
        {"def f[w: Int = 4](a: Int): pass", "(Int) -> None"},
        {"def f(var a: String, owned b: Int, read c: Int): pass", "(String, Int, Int) -> None"},
        {"def `f`(`def`: Int): pass", "(Int) -> None"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = abi(cases[i][0]);
        ck_assert_msg(text != NULL, "%s: %s", cases[i][0], json_dumps(skipped, 0));
        ck_assert_str_eq(text, cases[i][1]);
    }
}
END_TEST

START_TEST(what_cannot_cross_says_why)
{
    static const char *const cases[][2] = {
        {"def f(a): pass", "the argument 'a' has no type"},
        {"def f(a: Dict[String, List[Int]]): pass",
         "the argument 'a' is a Dict[String, List[Int]], which has no counterpart in Python"},
        {"def f(*a: Int): pass", "it takes any number of arguments ('a')"},
        {"def f(**a: Int): pass", "it takes any number of arguments ('a')"},
        {"async def f(): pass", "it is async"},
        {"def f[n: Int](): pass",
         "it has compile-time parameters [n: Int]: write a def that gives them"},
        {"def f() -> Foo[1]: pass", "it returns Foo[1], which has no counterpart in Python"},
        {"def f() -> StringSlice[_]: pass",
         "it returns StringSlice[_], which has no counterpart in Python"},
        {"def f(a: Tuple[Int, Int]): pass",
         "the argument 'a' is a Tuple[Int, Int], which has no counterpart in Python"},
        {"def f(a: Optional[Optional[Int]]): pass",
         "the argument 'a' is a Optional[Optional[Int]], which has no counterpart in Python"},
        {"def f(a: Span[Int, o]): pass",
         "the argument 'a' is a Span[Int, o], which has no counterpart in Python"},
        {"def f(a: None): pass", "the argument 'a' is a None, which has no counterpart in Python"},
        {"struct Int:\n    pass\n\ndef f(a: Int): pass",
         "the argument 'a' is a Int: the struct has no @fieldwise_init above it"},
        {"def f(a: NDArray[DType.float64, 2]): pass",
         "the argument 'a' is an NDArray, which functions return: take an NDSpan[DType.float64, 2, "
         "_]"},
        {"def f() -> NDSpan[DType.float64, 2, _]: pass",
         "it returns an NDSpan, whose memory nobody keeps: return an NDArray"},
        {"def f(a: NDSpan[DType.float64, 5, _]): pass",
         "the argument 'a' is a NDSpan[DType.float64, 5, _], which has no counterpart in Python"},
        {"from mine import NDSpan\ndef f(a: NDSpan[DType.float64, 2, _]): pass",
         "the argument 'a' is a NDSpan[DType.float64, 2, _], which has no counterpart in Python"},
        {"from mine import Span\ndef f(a: Span[Int, _]): pass",
         "the argument 'a' is a Span[Int, _], which has no counterpart in Python"},
        {"comptime A = B\ncomptime B = A\ndef f(a: A): pass",
         "the argument 'a' is a A, which has no counterpart in Python"},
        {"def f(a: PythonObject): pass",
         "the argument 'a' is a PythonObject: give it a type, as in 'a: Int'; no "
         "PythonModuleBuilder is needed"},
        {"def f() -> PythonObject: pass",
         "it returns a PythonObject: give its result a type, as in '-> Int'; no "
         "PythonModuleBuilder is needed"},
        {"def f(a: Int32): pass\ndef f(a: Int64): pass",
         "Python cannot tell its overloads on lines 1 and 2 apart"},
        {"def f(a: Int, b: Int = 1): pass\ndef f(a: Int, b: Float64 = 2.0): pass",
         "Python cannot tell its overloads on lines 1 and 2 apart"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_str_eq(reason(cases[i][0], "f"), cases[i][1]);
        ck_assert_uint_eq(mc_bindings_count(bindings), 0);
    }
    ck_assert_ptr_nonnull(strstr(reason("def f(mut a: Int): pass", "f"), "return the new value"));
    ck_assert_ptr_nonnull(
        strstr(reason("def PyInit_m() -> PythonObject: pass", "PyInit_m"), "none is needed"));
    ck_assert_ptr_nonnull(strstr(reason("def f(a: Int = g(), b: Int = g(), c: Int = g(), "
                                        "d: Int = g(), e: Int = g()): pass",
                                        "f"),
                                 "more than 4 defaults"));
}
END_TEST

#define POINT "@fieldwise_init\nstruct P(Copyable):\n    var x: Float64\n    var y: Int8\n\n"

START_TEST(structs_are_read_field_by_field)
{
    static const char *const cases[][2] = {
        {POINT "def f(p: P) -> P: pass",
         "(Record[mc_cell.P, x: Float64, y: Int8]) -> Record[mc_cell.P, x: Float64, y: Int8]"},
        {"comptime F = Float32\n@fieldwise_init\nstruct P:\n    \"\"\"Doc.\"\"\"\n    comptime N = "
         "3\n"
         "    var x: F; var y: F\n    def area(self) -> Int:\n        var z: Int = 3\n        "
         "return z\n"
         "    var z: Optional[Int]\ndef f(p: P): pass",
         "(Record[mc_cell.P, x: Float32, y: Float32, z: Optional[Int]]) -> None"},
        {"@fieldwise_init(\"implicit\")\nstruct P(Copyable): var s: String\ndef f(p: List[P]): "
         "pass",
         "(Records[Record[mc_cell.P, s: String]]) -> None"},
        {POINT "@fieldwise_init\nstruct L:\n    var a: P\n    var ps: List[P]\ndef f(l: L): pass",
         "(Record[mc_cell.L, a: Record[mc_cell.P, x: Float64, y: Int8], ps: "
         "Records[Record[mc_cell.P, x: Float64, y: Int8]]]) -> None"},
        {POINT "comptime Q = P\ndef f(p: Optional[Q]) -> Tuple[Q, Dict[Int, P]]: pass",
         "(Optional[Record[mc_cell.P, x: Float64, y: Int8]]) -> Tuple[Record[mc_cell.P, x: "
         "Float64, y: Int8], Dict[Int, Record[mc_cell.P, x: Float64, y: Int8]]]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = abi(cases[i][0]);
        ck_assert_msg(text != NULL, "%s: %s", cases[i][0], json_dumps(skipped, 0));
        ck_assert_str_eq(text, cases[i][1]);
    }
}
END_TEST

START_TEST(what_keeps_a_struct_from_crossing_is_told)
{
    static const char *const cases[][2] = {
        {"struct P:\n    var x: Int\n", "the struct has no @fieldwise_init above it"},
        {"@fieldwise_init\nstruct P[n: Int]:\n    var x: Int\n", "the struct has parameters"},
        {"@fieldwise_init\nstruct P:\n    pass\n", "the struct has no fields"},
        {"@fieldwise_init\nstruct P:\n    var x: Pointer[Int, MutAnyOrigin]\n",
         "its field 'x' is a Pointer[Int, MutAnyOrigin], which has no counterpart in Python"},
        {"@fieldwise_init\nstruct P:\n    var x: Tuple[Int, Int]\n",
         "its field 'x' is a Tuple[Int, Int], which has no counterpart in Python"},
        {"@fieldwise_init\nstruct P:\n    var x: StaticString\n",
         "its field 'x' is a StaticString, which has no counterpart in Python"},
        {"@fieldwise_init\nstruct P:\n    var lambda: Int\n",
         "its field lambda is no name in Python"},
        {"struct Q:\n    var x: Int\n@fieldwise_init\nstruct P:\n    var q: Q\n",
         "its field 'q' is a Q: the struct has no @fieldwise_init above it"},
        {"@fieldwise_init\nstruct P:\n    var q: List[P]\n",
         "its field 'q' is a List[P]: the struct is inside of itself"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mc_autobuf source = MC_BUF_INIT;
        mc_autobuf wanted = MC_BUF_INIT;
        mc_buf_addf(&source, "%sdef f(p: P): pass\ndef g() -> P: pass\n", cases[i][0]);
        mc_buf_addf(&wanted, "the argument 'p' is a P: %s", cases[i][1]);
        ck_assert_str_eq(reason(source.data, "f"), wanted.data);
        mc_buf_clear(&wanted);
        mc_buf_addf(&wanted, "it returns P: %s", cases[i][1]);
        ck_assert_str_eq(reason(source.data, "g"), wanted.data);
    }
}
END_TEST

static void bind_around(const char *source, const struct mc_around *around)
{
    mc_err err = {0};
    teardown();
    ck_assert_int_eq(mc_cell_parse(source, strlen(source), &cell, &err), 0);
    ck_assert_int_eq(mc_bindings_make(cell, NULL, around, &bindings, &err), 0);
    functions = mc_bindings_functions(bindings);
    skipped = mc_bindings_skipped(bindings);
}

START_TEST(structs_of_other_sources_are_theirs)
{
    mc_autostrv names = MC_STRV_INIT;
    mc_autostrv texts = MC_STRV_INIT;
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    const struct mc_around around = {"mc_u3", "from mc_u2 import Line\n", &names, &texts};
    mc_strv_add(&names, "mc_u1");
    mc_strv_add(&texts, "comptime F = Float64\n@fieldwise_init\nstruct Place:\n    var x: F\n");
    mc_strv_add(&names, "mc_u2");
    mc_strv_add(&texts,
                "@fieldwise_init\nstruct Line:\n    var p: Place\n\nfrom mc_u1 import Place\n");
    bind_around("@fieldwise_init\nstruct Place:\n    var x: Int\ndef take(l: Line) -> Place: pass",
                &around);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(functions, 0), "abi")),
                     "(Record[mc_u2.Line, p: Record[mc_u1.Place, x: Float64]]) -> "
                     "Record[mc_u3.Place, x: Int]");
    json_t *records = mc_bindings_records(bindings);
    ck_assert_uint_eq(json_array_size(records), 3);
    ck_assert(json_is_true(json_object_get(json_array_get(records, 0), "own")));
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(records, 1), "module")),
                     "mc_u1");
    json_decref(records);
    ck_assert_int_eq(
        mc_bindings_sources(bindings, "mc_9", "from mc_u2 import Line\n", &module, &entry), 0);
    ck_assert_ptr_nonnull(strstr(module.data, "comptime mc_u3_Place = Place\n"));
    ck_assert_ptr_nonnull(strstr(module.data, "from mc_u1 import Place as mc_u1_Place\n"));
    ck_assert_ptr_nonnull(strstr(module.data, "mc_u2_Line(mc_u1_Place(mc_word[Float64](a, 0)))"));
}
END_TEST

START_TEST(the_rest_is_not_disturbed)
{
    bind("def a(x: Foo): pass\ndef b(x: Int): pass\ndef _c(x: Int): pass\n"
         "def main(): pass\nstruct S:\n    def d(self): pass\n");
    ck_assert_uint_eq(json_array_size(functions), 1);
    ck_assert_uint_eq(json_object_size(skipped), 1);
    ck_assert_ptr_nonnull(json_object_get(skipped, "a"));
}
END_TEST

START_TEST(overloads_that_differ_are_all_there)
{
    bind(
        "def f(a: Int): pass\ndef f(a: Float64): pass\ndef f(a: String): pass\n"
        "def f(a: Int, b: Int): pass\ndef f(a: Span[Int, _]): pass\ndef f(a: Span[Int8, _]): pass");
    ck_assert_uint_eq(json_array_size(functions), 6);
}
END_TEST

static void check_default(const char *type, const char *text, json_t *wanted)
{
    mc_autobuf source = MC_BUF_INIT;
    mc_buf_addf(&source, "def f(a: %s = %s): pass", type, text);
    const json_t *arg = argument(source.data, 0);
    ck_assert_msg(arg != NULL, "%s", source.data);
    const json_t *value = json_object_get(arg, "default");
    ck_assert_msg(wanted ? value && json_equal(value, wanted) : value == NULL, "%s", source.data);
    ck_assert_str_eq(json_string_value(json_object_get(arg, "default_text")), text);
    const char *written = json_string_value(json_object_get(json_array_get(functions, 0), "abi"));
    ck_assert_int_eq(strncmp(written, "masked ", 7) == 0, wanted == NULL);
    json_decref(wanted);
}

START_TEST(literal_defaults_are_told_and_others_are_left_to_mojo)
{
    check_default("Int", "3", json_integer(3));
    check_default("Int", "-3", json_integer(-3));
    check_default("Int", "1_000", json_integer(1000));
    check_default("UInt8", "0xff", json_integer(255));
    check_default("Int", "0b101", json_integer(5));
    check_default("Int", "0o17", json_integer(15));
    check_default("Float64", "2", json_real(2));
    check_default("Float64", "-1.5e3", json_real(-1500));
    check_default("Bool", "True", json_true());
    check_default("Bool", "False", json_false());
    check_default("String", "\"a b\"", json_string("a b"));
    check_default("String", "''", json_string(""));
    check_default("Optional[Int]", "None", json_null());
    check_default("Optional[Int]", "4", json_integer(4));
    check_default("Int", "N", NULL);
    check_default("Int", "1 + 2", NULL);
    check_default("Int", "2.5", NULL);
    check_default("Float64", "0x10", NULL);
    check_default("UInt64", "18446744073709551615", NULL);
    check_default("String", "\"a\\n\"", NULL);
    check_default("String", "'''x'''", NULL);
    check_default("Bool", "1", NULL);
    check_default("Optional[Int]", "Optional[Int](3)", NULL);
}
END_TEST

START_TEST(exports_limit_what_is_bound)
{
    static const char source[] = "def a(): pass\ndef b(): pass\n";
    mc_err err = {0};
    teardown();
    ck_assert_int_eq(mc_cell_parse(source, strlen(source), &cell, &err), 0);
    json_t *exports = json_pack("[s]", "b");
    ck_assert_int_eq(mc_bindings_make(cell, exports, NULL, &bindings, &err), 0);
    ck_assert_uint_eq(mc_bindings_count(bindings), 1);
    skipped = mc_bindings_skipped(bindings);
    ck_assert_str_eq(json_string_value(json_object_get(skipped, "a")),
                     "it is not among the exports");
    json_decref(exports);
    exports = json_pack("[s]", "c");
    struct mc_bindings *other = NULL;
    ck_assert_int_eq(mc_bindings_make(cell, exports, NULL, &other, &err), -1);
    ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
    ck_assert_ptr_nonnull(strstr(err.message, "'c'"));
    json_decref(exports);
}
END_TEST

static void sources(const char *source, struct mc_buf *ret_module, struct mc_buf *ret_entry)
{
    bind(source);
    ck_assert_int_eq(
        mc_bindings_sources(bindings, "mc_1", "from x import y\n", ret_module, ret_entry), 0);
}

START_TEST(thunks_stand_behind_definitions_and_beside_programs)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    sources("def f(): pass", &module, &entry);
    ck_assert_uint_eq(entry.length, 0);
    ck_assert_int_eq(strncmp(module.data, "def f(): pass\n\nfrom x import y\n", 31), 0);
    ck_assert_ptr_nonnull(strstr(module.data, "def mc_call_0("));
    mc_buf_clear(&module);
    sources("def f(): pass\ndef main(): pass", &module, &entry);
    ck_assert_ptr_null(strstr(module.data, "mc_call_0"));
    ck_assert_ptr_nonnull(strstr(entry.data, "def mc_call_0("));
    ck_assert_ptr_nonnull(strstr(entry.data, "mc_main"));
    mc_buf_clear(&module);
    mc_buf_clear(&entry);
    sources("struct Pointer:\n    pass\ndef f(): pass", &module, &entry);
    ck_assert_ptr_null(strstr(module.data, "mc_call_0"));
    ck_assert_ptr_nonnull(strstr(entry.data, "def mc_call_0("));
    ck_assert_ptr_null(strstr(entry.data, "mc_main"));
    mc_buf_clear(&module);
    mc_buf_clear(&entry);
    sources("struct S:\n    pass", &module, &entry);
    ck_assert_uint_eq(entry.length, 0);
    ck_assert_ptr_null(strstr(module.data, "mc_words"));
}
END_TEST

/* The line of `text` in the file. */
static long line_of(const char *file, const char *text)
{
    const char *at = strstr(file, text);
    long line = 1;
    ck_assert_ptr_nonnull(at);
    for (const char *c = file; c < at; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}

START_TEST(what_the_compiler_refuses_is_dropped)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    sources("def f(): pass\ndef g(): pass", &module, &entry);
    char output[300];
    int length = snprintf(output,
                          sizeof output,
                          "no JSON\n{\"kind\": \"error\", \"message\": \"no such call\", "
                          "\"diagnostic\": {\"file\": \"/x/mc_1.mojo\", \"location\": "
                          "{\"line\": %ld}}}\n",
                          line_of(module.data, "def mc_call_1") + 2);
    ck_assert(!mc_bindings_drop(bindings, output, (size_t) length, "other.mojo"));
    ck_assert(mc_bindings_drop(bindings, output, (size_t) length, "mc_1.mojo"));
    ck_assert(!mc_bindings_drop(bindings, output, (size_t) length, "mc_1.mojo"));
    ck_assert_uint_eq(mc_bindings_count(bindings), 1);
    json_decref(skipped);
    skipped = mc_bindings_skipped(bindings);
    ck_assert_str_eq(json_string_value(json_object_get(skipped, "g")),
                     "the compiler refuses a call from outside: no such call");
}
END_TEST

START_TEST(an_error_in_the_cell_drops_nothing)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    sources("def f(): pass\ndef g(): pass", &module, &entry);
    static const char output[] = "{\"kind\": \"error\", \"message\": \"m\", \"diagnostic\": "
                                 "{\"file\": \"mc_1.mojo\", \"location\": {\"line\": 2}}}";
    ck_assert(!mc_bindings_drop(bindings, output, sizeof output - 1, "mc_1.mojo"));
    ck_assert_uint_eq(mc_bindings_count(bindings), 2);
}
END_TEST

static int parse_io(const char *source, const char *inputs, const char *outputs, mc_err *err)
{
    static struct mc_cell_io io;
    teardown();
    mc_cell_io_fini(&io);
    json_t *in = json_loads(inputs, 0, NULL);
    json_t *out = json_loads(outputs, 0, NULL);
    int result = mc_cell_io_read(in, out, &io, err);
    json_decref(in);
    json_decref(out);
    if (result == 0) {
        result = mc_cell_parse_io(source, strlen(source), &io, &cell, err);
    }
    if (result < 0) {
        mc_cell_io_fini(&io);
    }
    return result;
}

START_TEST(a_cell_takes_and_gives_variables)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    mc_err err = {0};
    ck_assert_int_eq(parse_io("def f(): pass\nvar y = n; var z = n\n",
                              "[{\"name\": \"n\", \"type\": \"Span[Int]\"}]",
                              "[\"y\", \"z\"]",
                              &err),
                     0);
    ck_assert_int_eq(mc_bindings_make(cell, NULL, NULL, &bindings, &err), 0);
    json_t *run = mc_bindings_run(bindings);
    ck_assert_str_eq(json_string_value(json_object_get(run, "abi")),
                     "(Span[Int]) raises -> Tuple[Any, Any]");
    json_decref(run);
    ck_assert_int_eq(mc_bindings_sources(bindings, "mc_1", "", &module, &entry), 0);
    ck_assert_ptr_nonnull(strstr(module.data, "def mc_run(n: Span[Int, ImmutAnyOrigin], mc_out"));
    ck_assert_ptr_nonnull(strstr(module.data, "    mc_put_any(z, mc_out, 6)\n"));
    ck_assert_ptr_nonnull(strstr(entry.data, "m.mc_run(a0, r)"));
    ck_assert_ptr_null(strstr(entry.data, "mc_main"));
    long line;
    long column;
    mc_cell_map(cell, line_of(module.data, "mc_put_any(z"), 5, &line, &column);
    ck_assert_int_eq(line, 2);
}
END_TEST

START_TEST(variables_that_cannot_be_taken_or_given_are_refused)
{
    static const char *const cases[][2] = {
        {"[{\"name\": \"a b\", \"type\": \"Int\"}]", "[]"},
        {"[{\"name\": \"a\", \"type\": \"Foo\"}]", "[]"},
        {"[{\"name\": \"a\"}]", "[]"},
        {"[{\"name\": \"a\", \"type\": \"Int\"}, {\"name\": \"a\", \"type\": \"Int\"}]", "[]"},
        {"[]", "[\"main\"]"},
        {"[]", "[\"mc_x\"]"},
        {"[]", "[\"x\", \"x\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mc_err err = {0};
        ck_assert_int_eq(parse_io("var x = 1", cases[i][0], cases[i][1], &err), -1);
        ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
    }
    mc_err err = {0};
    ck_assert_int_eq(parse_io("var x = 1", "[]", "[\"y\"]", &err), -1);
    ck_assert_int_eq(err.code, MC_INVALID_CELL);
    ck_assert_str_eq(err.hint, "the variables of its statements are x");
    ck_assert_int_eq(parse_io("def f(): pass", "[]", "[\"x\"]", &err), -1);
    ck_assert_int_eq(err.code, MC_INVALID_CELL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bind");
    TCase *tests = tcase_create("bind");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, types_are_read_as_they_are_written);
    tcase_add_test(tests, what_cannot_cross_says_why);
    tcase_add_test(tests, structs_are_read_field_by_field);
    tcase_add_test(tests, what_keeps_a_struct_from_crossing_is_told);
    tcase_add_test(tests, structs_of_other_sources_are_theirs);
    tcase_add_test(tests, the_rest_is_not_disturbed);
    tcase_add_test(tests, overloads_that_differ_are_all_there);
    tcase_add_test(tests, literal_defaults_are_told_and_others_are_left_to_mojo);
    tcase_add_test(tests, exports_limit_what_is_bound);
    tcase_add_test(tests, thunks_stand_behind_definitions_and_beside_programs);
    tcase_add_test(tests, what_the_compiler_refuses_is_dropped);
    tcase_add_test(tests, a_cell_takes_and_gives_variables);
    tcase_add_test(tests, variables_that_cannot_be_taken_or_given_are_refused);
    tcase_add_test(tests, an_error_in_the_cell_drops_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
