#include "mojo/diag_hint.h"

#include "base/mem.h"
#include "mojo/diag_habit.h"

#include <string.h>

/* The top-level modules of Mojo 1.0 to 1.2. */
static const char *const std_modules[] = {
    "algorithm",   "atomic",     "base64",  "benchmark",     "bit",    "builtin",
    "collections", "compile",    "complex", "documentation", "ffi",    "format",
    "hash",        "io",         "iter",    "itertools",     "logger", "math",
    "memory",      "os",         "pathlib", "prelude",       "pwd",    "python",
    "random",      "reflection", "runtime", "simd",          "stat",   "subprocess",
    "sys",         "tempfile",   "testing", "time",          "traits", "utils",
};

bool mc_std_module(const char *name, size_t length)
{
    for (size_t i = 0; i < MC_LENGTH(std_modules); i++) {
        if (strlen(std_modules[i]) == length && memcmp(std_modules[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    const char *hint;
} unknown_names[] = {
    {"let", "`let` has been removed: write `var`"},
    {"alias", "`alias` has been removed: write `comptime`"},
    {"true", "it is written `True`"},
    {"false", "it is written `False`"},
    {"null", "it is written `None`"},
    {"nil", "it is written `None`"},
    {"none", "it is written `None`"},
    {"str", "the type is `String`; a value is converted with `String(x)`"},
    {"int", "the type is `Int`; a value is converted with `Int(x)`"},
    {"float", "the type is `Float64`; a value is converted with `Float64(x)`"},
    {"bool", "the type is `Bool`"},
    {"list", "the type is `List`"},
    {"dict", "the type is `Dict`"},
    {"set", "the type is `Set`: `from std.collections import Set`"},
    {"tuple", "the type is `Tuple`"},
    {"Float", "the types are `Float64` and `Float32`"},
    {"Double", "the type is `Float64`"},
    {"double", "the type is `Float64`"},
    {"string", "the type is `String`"},
    {"value",
     "`@value` has been removed: write `@fieldwise_init`, and `(Copyable, Movable)` after the "
     "struct's name"},
    {"object", "each name has one type; Python's objects are `PythonObject`"},
    {"sum", "`sum` is a loop: `for x in xs: total += x`"},
    {"sorted", "`sort(xs)` sorts a List in its place"},
    {"Self", "`Self` is for the body of a struct"},
    {"isdigit", "`s.is_ascii_digit()` of a String or a part of it"},
    {"memcpy", "copy in a loop, or use a `List`: it copies itself"},
    {"memset_zero", "fill in a loop, or use `List[Int](length=n, fill=0)`"},
    {"Tensor", "`Tensor` has been removed: use a `List`, or LayoutTensor of the package `max`"},
    {"CollectionElement", "`CollectionElement` has been removed: write `Copyable & Deinitable`"},
    {"Stringable",
     "`Stringable` has been removed: write `Writable`, and `def write_to(self, mut writer: "
     "Some[Writer])` with `writer.write(…)`"},
    {"lambda", "Mojo has no `lambda`: define a function"},
    {"UnsafePointer", "`from std.memory import UnsafePointer`"},
    {"sqrt", "`from std.math import sqrt`"},
    {"exp", "`from std.math import exp`"},
    {"log", "`from std.math import log`"},
    {"sin", "`from std.math import sin`"},
    {"cos", "`from std.math import cos`"},
    {"pi", "`from std.math import pi`"},
    {"perf_counter", "`from std.time import perf_counter`"},
    {"perf_counter_ns", "`from std.time import perf_counter_ns`"},
    {"sleep", "`from std.time import sleep`"},
    {"random_float64", "`from std.random import random_float64`"},
    {"random_si64", "`from std.random import random_si64`"},
    {"seed", "`from std.random import seed`"},
    {"argv", "`from std.sys import argv`"},
    {"Python", "`from std.python import Python`"},
    {"PythonObject", "`from std.python import PythonObject`"},
    {"NDSpan", "`from mojocell import NDSpan`"},
    {"MutNDSpan", "`from mojocell import MutNDSpan`"},
    {"NDArray", "`from mojocell import NDArray`"},
    {"parallelize", "`from max.algorithm import parallelize`"},
    {"DeviceContext", "`from max.gpu.host import DeviceContext`"},
};

/* The quoted word after `prefix`, which `message` begins with; NULL where it does not. */
static const char *quoted(const char *message, const char *prefix, size_t *ret_length)
{
    size_t length = strlen(prefix);
    if (strncmp(message, prefix, length) != 0) {
        return NULL;
    }
    *ret_length = strcspn(message + length, "'");
    return message + length;
}

static void hint_unknown(const char *name, size_t length, struct mc_buf *ret)
{
    for (size_t i = 0; i < MC_LENGTH(unknown_names); i++) {
        if (strlen(unknown_names[i].name) == length &&
            memcmp(unknown_names[i].name, name, length) == 0) {
            mc_buf_adds(ret, unknown_names[i].hint);
        }
    }
}

static bool is_one(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(name, word, length) == 0;
}

/* Modules that are not the user's own: packages, libraries, and what the standard library had in
 * 0.24 to 0.26. */
static const struct {
    const char *name;
    const char *hint;
} modules[] = {
    {"max", "`max` is a package of its own: pip install max"},
    {"mojmelo",
     "`mojmelo` is a library from PyPI: after `pip install mojmelo` and `mojmelo-setup` a new "
     "process finds it, or give its directory `_mojmelo` with -I"},
    {"anypointer", "the module has been removed, and `Pointer` needs no import"},
    {"arc", "`from std.memory import ArcPointer`"},
    {"autotune", "`autotune` has been removed: choose the value, or give one with -D"},
    {"buffer", "`Buffer` and `NDBuffer` have been removed: use a `List` or a `Span`"},
    {"hashlib", "`hash(x)` needs no import"},
    {"inline_array", "`InlineArray` is `Array` now, which needs no import"},
    {"inline_list", "`InlineList` has been removed: `List` needs no import"},
    {"inlined_string", "the module has been removed, and `String` needs no import"},
    {"limit", "`from std.utils.numerics import max_finite, min_finite`"},
    {"loop", "`comptime for` unrolls a loop"},
    {"param_env", "`from std.sys.defines import get_defined_int`"},
    {"reference", "the module has been removed, and `Pointer` needs no import"},
    {"sort", "`sort(xs)` needs no import"},
    {"span", "`Span` needs no import"},
    {"string_slice", "`StringSlice` needs no import"},
    {"stringref", "`StringRef` has been removed: `StringSlice` needs no import"},
    {"vector", "`List` needs no import"},
};

static void hint_module(const char *name, size_t length, const char *line, struct mc_buf *ret)
{
    static const char *const python[] = {"numpy",
                                         "pandas",
                                         "matplotlib",
                                         "scipy",
                                         "torch",
                                         "polars",
                                         "sklearn",
                                         "json",
                                         "re",
                                         "datetime"};
    int n = (int) length;
    for (size_t i = 0; i < MC_LENGTH(modules); i++) {
        if (is_one(name, length, modules[i].name)) {
            mc_buf_adds(ret, modules[i].hint);
            return;
        }
    }
    if (is_one(name, length, "gpu") || is_one(name, length, "layout")) {
        mc_buf_addf(ret, "it is in the package `max` now: `from max.%.*s import …`", n, name);
        return;
    }
    if (is_one(name, length, "tensor")) {
        hint_unknown("Tensor", strlen("Tensor"), ret);
        return;
    }
    if (mc_std_module(name, length)) {
        mc_buf_addf(ret, "modules of the standard library are imported as `std.%.*s`", n, name);
        return;
    }
    for (size_t i = 0; i < MC_LENGTH(python); i++) {
        if (strlen(python[i]) == length && memcmp(python[i], name, length) == 0) {
            mc_buf_addf(ret,
                        "a Python module is imported with `from std.python import Python` and "
                        "`Python.import_module(\"%.*s\")`",
                        n,
                        name);
            return;
        }
    }
    if (strstr(line, "std.") == NULL) {
        mc_buf_addf(ret,
                    "where `%.*s` is a module of yours or of a library, give the directory that it "
                    "is in with -I",
                    n,
                    name);
    }
}

/* The word that ends just before the byte (from 1). */
static const char *word_before(const char *line, long column, size_t *ret_length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    size_t end = strlen(line);
    end = (size_t) (column - 1) < end ? (size_t) (column - 1) : end;
    while (end > 0 && line[end - 1] == ' ') {
        end--;
    }
    size_t start = end;
    while (start > 0 && strchr(letters, line[start - 1]) != NULL) {
        start--;
    }
    *ret_length = end - start;
    return line + start;
}

static void hint_argument(const char *line, long column, struct mc_buf *ret)
{
    static const struct {
        const char *word;
        const char *hint;
    } conventions[] = {
        {"inout", "`inout` has been removed: write `mut`, and `out self` in `__init__`"},
        {"owned", "`owned` has been removed: write `var`"},
        {"borrowed", "`borrowed` has been removed: leave it out"},
    };
    size_t length;
    const char *word = word_before(line, column, &length);
    for (size_t i = 0; i < MC_LENGTH(conventions); i++) {
        if (strlen(conventions[i].word) == length &&
            memcmp(conventions[i].word, word, length) == 0) {
            mc_buf_adds(ret, conventions[i].hint);
        }
    }
}

static void
hint_statement(const char *message, const char *line, const char *before, struct mc_buf *ret)
{
    const char *start = line + strspn(line, " \t");
    const char *above = before + strspn(before, " \t");
    if (strncmp(message, "expressions must not appear at file scope", 41) == 0 &&
        strncmp(start, "alias ", 6) == 0) {
        mc_buf_adds(ret, "`alias` has been removed: write `comptime`");
    } else if (strncmp(message, "statements must start at the beginning", 38) == 0 &&
               strncmp(start, "print ", 6) == 0) {
        mc_buf_adds(ret, "`print` is a function: write `print(…)`");
    } else if (strstr(message, "statement does not support decorators") != NULL &&
               strncmp(above, "@parameter", 10) == 0) {
        int n = (int) strcspn(start, " ");
        mc_buf_addf(ret, "`@parameter` has been removed: write `comptime %.*s`", n, start);
    } else if (strncmp(message, "classes are not supported", 25) == 0) {
        mc_buf_adds(ret, "write a `struct`, with its fields declared as `var name: Type`");
    }
}

void mc_diag_hint(
    const char *message, const char *line, long column, const char *before, struct mc_buf *ret)
{
    size_t length;
    const char *name;
    if (mc_diag_habit(message, line, ret)) {
        return;
    }
    if ((name = quoted(message, "use of unknown declaration '", &length)) != NULL) {
        hint_unknown(name, length, ret);
    } else if ((name = quoted(message, "unable to locate module '", &length)) != NULL) {
        hint_module(name, length, line, ret);
    } else if (strcmp(message, "package 'algorithm' does not contain 'parallelize'") == 0) {
        hint_unknown("parallelize", strlen("parallelize"), ret);
    } else if (strncmp(message, "expected ')' in argument list", 29) == 0) {
        hint_argument(line, column, ret);
    } else if (strcmp(message, "unexpected character") == 0 && column >= 1 &&
               (size_t) column <= strlen(line) && (line[column - 1] & 0x80) != 0) {
        mc_buf_adds(ret,
                    strncmp(line, "\xef\xbb\xbf", 3) == 0
                        ? "the cell begins with an invisible byte order mark: delete it"
                        : "outside of strings and comments only ASCII characters are understood");
    } else {
        hint_statement(message, line, before, ret);
    }
}
