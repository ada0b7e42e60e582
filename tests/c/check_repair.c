#include "base/fs.h"
#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/diag.h"
#include "mojo/repair.h"

#include <check.h>

#include <string.h>
#include <sys/wait.h>

static void read_data(const char *name, const char *suffix, struct mc_buf *ret)
{
    char path[1024];
    mc_err err;
    snprintf(path, sizeof path, MC_TEST_DATA "/diagnostics/%s.%s", name, suffix);
    int r = mc_fs_read(path, 1 << 20, ret, &err);
    ck_assert_msg(r == 0, "%s", err.message);
    mc_buf_adds(ret, "");
}

static json_t *told(const struct mc_buf *source, const struct mc_buf *errors)
{
    const struct mc_diag_source sources[] = {
        {.file = "mc_cell.mojo", .name = "cell", .text = source->data, .length = source->length},
        {.file = "mc_entry.mojo"}};
    json_t *diagnostics = mc_diag_read(errors->data, errors->length, "", 0, sources, 2);
    ck_assert_ptr_nonnull(diagnostics);
    return diagnostics;
}

/* The source after one round with what the compiler said about it; NULL where nothing is repaired.
 */
static char *
repaired(const struct mc_buf *source, const struct mc_buf *errors, json_t **ret_changes)
{
    mc_autobuf ret = MC_BUF_INIT;
    mc_err err = {0};
    json_t *diagnostics = told(source, errors);
    int r = mc_repair(source->data, source->length, diagnostics, &ret, ret_changes, &err);
    ck_assert_msg(r >= 0, "%s", err.message);
    json_decref(diagnostics);
    ck_assert(r == 0 || ret.length == 0);
    return r == 0 ? mc_buf_steal(&ret) : NULL;
}

/* One round over a recorded output, against the source that is expected. */
static void ck_repaired(const char *name, const char *expected)
{
    mc_autobuf source = MC_BUF_INIT;
    mc_autobuf errors = MC_BUF_INIT;
    json_t *changes = NULL;
    read_data(name, "mojo", &source);
    read_data(name, "stderr", &errors);
    mc_autofree char *text = repaired(&source, &errors, &changes);
    if (expected == NULL) {
        ck_assert_ptr_null(text);
        ck_assert_ptr_null(changes);
    } else {
        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, expected);
        ck_assert_uint_gt(json_array_size(changes), 0);
    }
    json_decref(changes);
}

/* The same with a made-up error at a place of a given source. */
static void ck_repairs(const char *source, const char *message, const char *expected)
{
    json_t *changes = NULL;
    mc_err err = {0};
    mc_autobuf ret = MC_BUF_INIT;
    json_t *diagnostics =
        json_pack("[{s:s, s:s, s:[]}]", "kind", "error", "message", message, "fixits");
    int r = mc_repair(source, strlen(source), diagnostics, &ret, &changes, &err);
    ck_assert_int_eq(r, expected == NULL ? 1 : 0);
    if (expected != NULL) {
        ck_assert_str_eq(ret.data, expected);
    }
    json_decref(changes);
    json_decref(diagnostics);
}

/* The same where the error has a place, and perhaps a note. */
static void ck_repairs_at(const char *source,
                          int line,
                          int column,
                          const char *message,
                          const char *note,
                          const char *expected)
{
    json_t *changes = NULL;
    mc_err err = {0};
    mc_autobuf ret = MC_BUF_INIT;
    json_t *diagnostics = json_pack("[{s:s, s:s, s:i, s:i, s:[], s:[{s:s}]}]",
                                    "kind",
                                    "error",
                                    "message",
                                    message,
                                    "line",
                                    line,
                                    "column",
                                    column,
                                    "fixits",
                                    "notes",
                                    "message",
                                    note);
    int r = mc_repair(source, strlen(source), diagnostics, &ret, &changes, &err);
    ck_assert_int_eq(r, expected == NULL ? 1 : 0);
    if (expected != NULL) {
        ck_assert_str_eq(ret.data, expected);
    }
    json_decref(changes);
    json_decref(diagnostics);
}

START_TEST(test_every_fn_is_repaired_at_once_and_only_those)
{
    ck_repaired("fn",
                "def add(a: Int, b: Int) -> Int:\n    return a + b\n\ndef main():\n"
                "    # fn in a comment\n    print(\"fn\", add(1, 2))\n");
    ck_repaired(
        "fn_in_struct",
        "struct P:\n    var x: Int\n\n    def __init__(out self, x: Int):\n        self.x = "
        "x\n\n    def double(self) -> Int:\n        return self.x * 2\n\ndef main():\n    "
        "print(P(2).double())\n");
    ck_repairs("fn f(): pass\nvar fn = 3\nfn = fn + fn\ns = '''\nfn g()\n'''\n",
               "'fn' has been removed; use 'def' instead",
               "def f(): pass\nvar fn = 3\nfn = fn + fn\ns = '''\nfn g()\n'''\n");
}
END_TEST

START_TEST(test_imports_of_the_standard_library_are_repaired_at_once)
{
    ck_repaired("from_math", "from std.math import sqrt\n\ndef main():\n    print(sqrt(2.0))\n");
    ck_repaired("import_math",
                "import std.math as math\n\ndef main():\n    print(math.sqrt(2.0))\n");
    ck_repaired(
        "from_several",
        "from std.time import perf_counter_ns\nfrom std.random import random_float64, "
        "seed\nfrom std.collections import Dict\nfrom std.sys import argv\n\ndef main():\n  "
        "  print(perf_counter_ns() > 0)\n");
    ck_repairs("import math as m, mine, time, os.path\nfrom utils import x\nfrom .math import y\n"
               "x = \"\"\"\nimport math\n\"\"\"\n",
               "unable to locate module 'math'",
               "import std.math as m, mine, std.time as time, std.os.path\nfrom utils import x\n"
               "from .math import y\nx = \"\"\"\nimport math\n\"\"\"\n");
    ck_repairs(
        "from utils import x\n", "unable to locate module 'utils'", "from std.utils import x\n");
    ck_repaired("import_unknown", NULL);
    ck_repaired("std_module_typo", NULL);
}
END_TEST

START_TEST(test_removed_words_are_replaced)
{
    ck_repaired("let", "def main():\n    var x = 3\n    print(x)\n");
    ck_repaired("alias", "comptime N = 4\n\ndef main():\n    print(N)\n");
    ck_repaired("alias_local", "def main():\n    comptime n = 4\n    print(n)\n");
    ck_repaired("owned",
                "def take(var s: String) -> String:\n    return s^\n\ndef main():\n    "
                "print(take(\"x\"))\n");
    ck_repaired("inout",
                "def bump(mut n: Int):\n    n += 1\n\ndef main():\n    var n = 1\n    bump(n)\n    "
                "print(n)\n");
    ck_repaired("inout_self",
                "struct C:\n    var n: Int\n\n    def __init__(out self):\n        self.n = "
                "0\n\ndef main():\n    print(C().n)\n");
    ck_repaired("borrowed",
                "def size(s: String) -> Int:\n    return len(s)\n\ndef main():\n    "
                "print(size(\"x\"))\n");
    ck_repaired("comptime_for",
                "def main():\n\n    comptime for i in range(3):\n        print(i)\n");
    ck_repaired("value_decorator",
                "@fieldwise_init\nstruct P(ImplicitlyCopyable, Movable):\n    var x: Int\n\ndef "
                "main():\n    "
                "print(P(1).x)\n");
    ck_repairs(
        "@value\nstruct P[T: AnyType](Show):\n    pass\n",
        "use of unknown declaration 'value'",
        "@fieldwise_init\nstruct P[T: AnyType](ImplicitlyCopyable, Movable, Show):\n    pass\n");
}
END_TEST

START_TEST(test_fixits_of_errors_are_applied_and_guesses_are_not)
{
    ck_repaired("implicit_declaration",
                "def main():\n    var total = 0\n    for i in range(3):\n        total += i\n    "
                "print(total)\n");
    ck_repaired("unused_result", NULL); /* only warnings */
    ck_repaired("undefined", NULL);
    ck_repaired("type_mismatch", NULL);
}
END_TEST

START_TEST(test_copies_are_written_out_and_what_is_returned_is_moved)
{
    static const char copied[] = "value of type 'List[Int]' cannot be implicitly copied, it ...";
    static const char note[] = "you can copy it explicitly with '.copy()'";
    ck_repairs_at("def f():\n    var b = self.a[0].x\n",
                  2,
                  22,
                  copied,
                  note,
                  "def f():\n    var b = self.a[0].x.copy()\n");
    ck_repairs_at("def f():\n    var a = g()\n    return a\n",
                  3,
                  12,
                  copied,
                  note,
                  "def f():\n    var a = g()\n    return a^\n");
    ck_repairs_at("def f(a: List[Int]) -> List[Int]:\n    return a\n",
                  2,
                  12,
                  copied,
                  note,
                  "def f(a: List[Int]) -> List[Int]:\n    return a.copy()\n");
    ck_repairs_at(
        "def f():\n    var b = a\n", 2, 13, copied, "consider transferring with '^'", NULL);
    ck_repairs_at("def f():\n    var b = a.copy()\n", 2, 19, copied, note, NULL);
    ck_repairs_at(
        "def f():\n    for k, v in d.items():\n        print(k)\n",
        2,
        24,
        "value of type '_DictEntryIter[Int, Int].Element' cannot be implicitly copied, it ...",
        note,
        NULL);
    ck_repairs_at(
        "struct P(Copyable, Movable):\n    var x: Int\ndef f():\n    var b = a\n",
        4,
        13,
        "value of type 'P' cannot be implicitly copied, it ...",
        note,
        "struct P(ImplicitlyCopyable, Movable):\n    var x: Int\ndef f():\n    var b = a\n");
}
END_TEST

START_TEST(test_elements_stand_in_brackets_with_their_type)
{
    static const char none[] = "no matching function in initialization";
    ck_repairs_at("var a = List[Int](1)\n", 1, 18, none, "", "var a: List[Int] = [1]\n");
    ck_repairs_at("self.a = List[F](1, f(2, 3))\nx = List[F](n)\n",
                  1,
                  17,
                  none,
                  "",
                  "self.a = [1, f(2, 3)]\nx = List[F](n)\n");
    ck_repairs_at("var g = List[List[F]](List[F](1, 2), List[F]())\n",
                  1,
                  22,
                  none,
                  "",
                  "var g: List[List[F]] = [[1, 2], List[F]()]\n");
    ck_repairs_at("p(List[Int](1, 2))\n", 1, 12, none, "", "p(List[Int]([1, 2]))\n");
    ck_repairs_at("var a = List[Int](capacity=3)\n", 1, 18, none, "", NULL);
    ck_repairs("var v = DynamicVector[Int](n)\n",
               "use of unknown declaration 'DynamicVector'",
               "var v = List[Int](capacity=n)\n");
}
END_TEST

START_TEST(test_values_keep_what_they_meant)
{
    static const char number[] = "cannot implicitly convert 'Int' value to 'Float64'";
    static const char length[] = "`len(String/StringSlice)` is not supported because ...";
    static const char place[] = "String does not support direct positional indexing like ...";
    ck_repairs_at("    return (a + b) / 2\n", 1, 20, number, "", "    return Float64(a + b) / 2\n");
    ck_repairs_at("    return len(xs)\n", 1, 15, number, "", "    return Float64(len(xs))\n");
    ck_repairs_at(
        "    return x\n", 1, 12, "cannot implicitly convert 'Float64' value to 'Int'", "", NULL);
    ck_repairs_at("n = len(s)\n", 1, 8, length, "", "n = s.byte_length()\n");
    ck_repairs_at("n = len(s + t)\n", 1, 8, length, "", "n = (s + t).byte_length()\n");
    ck_repairs_at("var c = s[i + 1]\n", 1, 10, place, "", "var c = String(s[byte=i + 1])\n");
    ck_repairs_at("f(s[-1])\n", 1, 4, place, "", "f(s[byte=s.byte_length() - 1])\n");
    ck_repairs_at("f(xs[-1])\n",
                  1,
                  5,
                  "negative indexing is not supported, use e.g. ...",
                  "",
                  "f(xs[len(xs) - 1])\n");
}
END_TEST

START_TEST(test_values_of_python_say_so_and_abort_gives_nothing_back)
{
    static const char none[] = "no matching function in initialization";
    static const char note[] = "value passed to 'value' cannot be converted from 'PythonObject' to";
    ck_repairs_at("    var n = Int(x)\n", 1, 16, none, note, "    var n = Int(py=x)\n");
    ck_repairs_at("f(a.Int(x))\n", 1, 8, none, note, NULL);
    ck_repairs_at("f(Int(x, y))\n", 1, 6, none, note, NULL);
    ck_repairs_at("        return abort[PythonObject](t(\"no\"))\n",
                  1,
                  16,
                  "no matching function in call to 'abort'",
                  "",
                  "        abort(t(\"no\"))\n");
}
END_TEST

START_TEST(test_a_loop_s_variable_is_the_element_itself)
{
    static const char none[] = "invalid call to '__getitem__': missing required argument: 'idx'";
    ck_repairs_at("for x in a:\n    f(x[], x[])\ng(x[])\n",
                  2,
                  8,
                  none,
                  "",
                  "for x in a:\n    f(x, x)\ng(x[])\n");
    ck_repairs_at("for x in a:\n    x[].n += 1\n    f(x[])\n",
                  3,
                  8,
                  none,
                  "",
                  "for ref x in a:\n    x.n += 1\n    f(x)\n");
    ck_repairs_at("f(o.value()[])\n", 1, 12, none, "", "f(o.value())\n");
}
END_TEST

START_TEST(test_errors_leave_functions_that_say_so)
{
    ck_repairs_at("def f(x: Int) -> Int:\n    raise e\ndef g():\n    print(f(1))\ndef h():\n"
                  "    try:\n        g()\n    except:\n        pass\n",
                  2,
                  5,
                  "'raise' requires a surrounding 'try' block or ...",
                  "",
                  "def f(x: Int) raises -> Int:\n    raise e\ndef g() raises:\n    print(f(1))\n"
                  "def h():\n    try:\n        g()\n    except:\n        pass\n");
}
END_TEST

START_TEST(test_structs_keep_their_own_init_and_write_their_text)
{
    ck_repairs("@value\nstruct P:\n    var x: List[Int]\n    def __init__(out self, x: Int):\n"
               "        pass\n",
               "use of unknown declaration 'value'",
               "\nstruct P(Copyable, Movable):\n    var x: List[Int]\n"
               "    def __init__(out self, x: Int):\n        pass\n");
    ck_repairs("struct P(Stringable):\n    def __str__(self) -> String:\n        if a:\n"
               "            return b\n        return c + d\n",
               "use of unknown declaration 'Stringable'",
               "struct P(Writable):\n    def write_to(self, mut writer: Some[Writer]):\n"
               "        if a:\n            writer.write(b); return\n        writer.write(c + d)\n");
    ck_repairs("struct P(Writable, Stringable):\n    def write_to(self): pass\n",
               "use of unknown declaration 'Stringable'",
               "struct P(Writable):\n    def write_to(self): pass\n");
}
END_TEST

START_TEST(test_imports_that_are_named_move_no_line)
{
    static const char missing[] =
        "use of unknown declaration 'Set'; did you mean to import it from "
        "'std.collections'? Add 'from std.collections import Set'";
    ck_repairs(
        "\nvar s: Set[Int]\n", missing, "from std.collections import Set\nvar s: Set[Int]\n");
    ck_repairs("import a\nvar s: Set[Int]\n",
               missing,
               "from std.collections import Set; import a\nvar s: Set[Int]\n");
    ck_repairs("var s: Set[Int]", missing, "var s: Set[Int]\nfrom std.collections import Set\n");
}
END_TEST

START_TEST(test_copies_and_moves_of_a_struct_stay_its_own)
{
    ck_repairs("fn __copyinit__(inout self, other: Self):\n    self.x = other.x + self.other\n"
               "fn __moveinit__(inout self, owned other: Self):\n    self.x = other.x^\n",
               "'fn' has been removed; use 'def' instead",
               "def __init__(out self, *, copy: Self):\n    self.x = copy.x + self.other\n"
               "def __init__(out self, *, deinit move: Self):\n    self.x = move.x^\n");
}
END_TEST

START_TEST(test_strings_and_comments_stay)
{
    ck_repairs("x = 'str(1)' # str(2)\ny = str(3)\nz = a.str(4)\n",
               "use of unknown declaration 'str'",
               "x = 'str(1)' # str(2)\ny = String(3)\nz = a.str(4)\n");
    ck_repairs_at("print(f'{x}', y)\nz = f'{x}'\nw = 'f\"{x}\"'\n",
                  1,
                  7,
                  "expected ')' in call argument list",
                  "",
                  "print(t'{x}', y)\nz = String(t'{x}')\nw = 'f\"{x}\"'\n");
}
END_TEST

START_TEST(test_the_changes_name_lines_before_and_after)
{
    static const char source[] = "fn f():\r\n    pass\r\n@parameter\r\nfor i in x:\r\n";
    json_t *changes = NULL;
    mc_err err;
    mc_autobuf ret = MC_BUF_INIT;
    json_t *diagnostics = json_pack("[{s:s, s:s}, {s:s, s:s}]",
                                    "kind",
                                    "error",
                                    "message",
                                    "'fn' has been removed; use 'def' instead",
                                    "kind",
                                    "error",
                                    "message",
                                    "'for' statement does not support decorators");
    json_t *expected =
        json_pack("[{s:i, s:s, s:s, s:s}, {s:i, s:s, s:s, s:s}, {s:i, s:s, s:s, s:s}]",
                  "line",
                  1,
                  "message",
                  "'fn' has been removed; use 'def' instead",
                  "before",
                  "fn f():",
                  "after",
                  "def f():",
                  "line",
                  3,
                  "message",
                  "`@parameter` is `comptime` now",
                  "before",
                  "@parameter",
                  "after",
                  "",
                  "line",
                  4,
                  "message",
                  "`@parameter` is `comptime` now",
                  "before",
                  "for i in x:",
                  "after",
                  "comptime for i in x:");
    ck_assert_int_eq(mc_repair(source, sizeof source - 1, diagnostics, &ret, &changes, &err), 0);
    ck_assert_str_eq(ret.data, "def f():\r\n    pass\r\n\r\ncomptime for i in x:\r\n");
    ck_assert(json_equal(changes, expected));
    json_decref(changes);
    json_decref(expected);
    json_decref(diagnostics);
}
END_TEST

/* With the real compiler: repaired until it compiles. */

/* Compiles the source as a cell; its errors, empty where there are none. */
static void compile(const char *directory, const struct mc_buf *source, struct mc_buf *ret_errors)
{
    struct mc_toolchain toolchain = {.root = getenv("MOJOCELL_TEST_TOOLCHAIN")};
    mc_autofree char *cell = mc_fs_join(directory, "mc_cell.mojo");
    mc_autofree char *entry = mc_fs_join(directory, "mc_entry.mojo");
    mc_autofree char *output = mc_fs_join(directory, "out.so");
    mc_autofree char *errors = mc_fs_join(directory, "errors");
    static const char text[] =
        "import mc_cell as m\n\n@export\ndef mc_main() abi(\"C\") -> Int32:\n"
        "    try:\n        m.main()\n        return 0\n    except:\n"
        "        return 1\n";
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    mc_err err;
    int status;
    struct mc_compile_spec spec = {.toolchain = &toolchain,
                                   .entry = entry,
                                   .output = output,
                                   .module_dir = directory,
                                   .shim_dir = MC_TEST_SHIM_DIR,
                                   .tmp_dir = directory,
                                   .home_dir = directory};
    ck_assert_int_eq(mc_fs_write_atomic(cell, source->data, source->length, 0600, &err), 0);
    ck_assert_int_eq(mc_fs_write_atomic(entry, text, sizeof text - 1, 0600, &err), 0);
    ck_assert_int_eq(mc_command_build(&spec, &argv, &env, &err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen(errors, "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL) {
            execve(argv.items[0], argv.items, env.items);
        }
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    mc_buf_clear(ret_errors);
    if (status != 0) {
        ck_assert_int_eq(mc_fs_read(errors, 1 << 20, ret_errors, &err), 0);
    }
}

/* Rounds until it compiles; fails where it never does. */
static int rounds_to_compile(const char *text)
{
    char directory[] = "/tmp/mc_check_repair.XXXXXX";
    mc_autobuf source = MC_BUF_INIT;
    mc_autobuf errors = MC_BUF_INIT;
    mc_err err;
    int rounds = 0;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    mc_buf_adds(&source, text);
    for (compile(directory, &source, &errors); errors.length > 0; rounds++) {
        json_t *changes = NULL;
        ck_assert_int_lt(rounds, MC_REPAIR_ROUNDS);
        mc_autofree char *better = repaired(&source, &errors, &changes);
        ck_assert_msg(better != NULL, "not repaired:\n%s\n%s", source.data, errors.data);
        json_decref(changes);
        mc_buf_clear(&source);
        mc_buf_adds(&source, better);
        compile(directory, &source, &errors);
    }
    ck_assert_int_eq(mc_fs_remove(directory, &err), 0);
    return rounds;
}

/* The compiler looks at imports only once it has read what needs them. */
START_TEST(test_old_functions_take_one_round_and_old_imports_another)
{
    static const char functions[] = "fn fibonacci(n: Int) -> Int:\n"
                                    "    if n <= 1:\n"
                                    "        return n\n"
                                    "    var prev: Int = 0\n"
                                    "    var curr: Int = 1\n"
                                    "    for _ in range(2, n + 1):\n"
                                    "        var next_val = prev + curr\n"
                                    "        prev = curr\n"
                                    "        curr = next_val\n"
                                    "    return curr\n"
                                    "\n"
                                    "fn sum_squares(n: Int) -> Int:\n"
                                    "    var total: Int = 0\n"
                                    "    for i in range(1, n + 1):\n"
                                    "        total += i * i\n"
                                    "    return total\n"
                                    "\n"
                                    "fn is_prime(n: Int) -> Bool:\n"
                                    "    if n < 2:\n"
                                    "        return False\n"
                                    "    var i: Int = 2\n"
                                    "    while i * i <= n:\n"
                                    "        if n % i == 0:\n"
                                    "            return False\n"
                                    "        i += 1\n"
                                    "    return True\n"
                                    "\n";
    mc_autofree char *plain = NULL;
    mc_autofree char *with_import = NULL;
    ck_assert_int_gt(asprintf(&plain,
                              "%sfn main():\n"
                              "    print(fibonacci(10), sum_squares(100), is_prime(104729))\n",
                              functions),
                     0);
    ck_assert_int_gt(asprintf(&with_import,
                              "from math import sqrt\n\n%sfn main():\n"
                              "    print(fibonacci(10), sqrt(2.0))\n",
                              functions),
                     0);
    ck_assert_int_eq(rounds_to_compile(plain), 1);
    ck_assert_int_eq(rounds_to_compile(with_import), 2);
}
END_TEST

START_TEST(test_old_mojo_of_many_kinds_compiles_in_the_end)
{
    ck_assert_int_le(
        rounds_to_compile(
            "import math\nfrom collections import Optional\n\nalias N = 4\n\n@value\nstruct P:\n   "
            " "
            "var x: Int\n\n    fn twice(borrowed self) -> Int:\n        return self.x * 2\n\nfn "
            "bump(inout n: Int):\n    n += 1\n\nfn take(owned s: String) -> String:\n    return "
            "s^\n\nfn main() raises:\n    let p = P(3)\n    var n = 1\n    bump(n)\n    "
            "@parameter\n    for i in range(N):\n        print(i)\n    total = 0\n    "
            "print(p.twice(), n, take(\"x\"), math.sqrt(4.0), str(total))\n"),
        MC_REPAIR_ROUNDS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("repair");
    TCase *tcase = tcase_create("repair");
    tcase_add_test(tcase, test_every_fn_is_repaired_at_once_and_only_those);
    tcase_add_test(tcase, test_imports_of_the_standard_library_are_repaired_at_once);
    tcase_add_test(tcase, test_removed_words_are_replaced);
    tcase_add_test(tcase, test_fixits_of_errors_are_applied_and_guesses_are_not);
    tcase_add_test(tcase, test_copies_are_written_out_and_what_is_returned_is_moved);
    tcase_add_test(tcase, test_elements_stand_in_brackets_with_their_type);
    tcase_add_test(tcase, test_values_keep_what_they_meant);
    tcase_add_test(tcase, test_values_of_python_say_so_and_abort_gives_nothing_back);
    tcase_add_test(tcase, test_a_loop_s_variable_is_the_element_itself);
    tcase_add_test(tcase, test_errors_leave_functions_that_say_so);
    tcase_add_test(tcase, test_structs_keep_their_own_init_and_write_their_text);
    tcase_add_test(tcase, test_imports_that_are_named_move_no_line);
    tcase_add_test(tcase, test_copies_and_moves_of_a_struct_stay_its_own);
    tcase_add_test(tcase, test_strings_and_comments_stay);
    tcase_add_test(tcase, test_the_changes_name_lines_before_and_after);
    suite_add_tcase(suite, tcase);
    if (getenv("MOJOCELL_TEST_TOOLCHAIN") != NULL) {
        TCase *real = tcase_create("real compiler");
        tcase_set_timeout(real, 120);
        tcase_add_test(real, test_old_functions_take_one_round_and_old_imports_another);
        tcase_add_test(real, test_old_mojo_of_many_kinds_compiles_in_the_end);
        suite_add_tcase(suite, real);
    } else {
        puts("MOJOCELL_TEST_TOOLCHAIN is not set: nothing is tried with a real compiler");
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
