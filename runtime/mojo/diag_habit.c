#include "mojo/diag_habit.h"

#include "base/mem.h"

#include <string.h>

/* Where `message` has `part` and the line of source has `line`; the first that fits. */
static const struct {
    const char *part;
    const char *line; /* "": any */
    const char *hint;
} habits[] = {
    {"_DictEntryIter[",
     "for ",
     "the items of a Dict are entries: `for entry in d.items():` with `entry.key` and "
     "`entry.value`"},
    {"expected ')' in call argument list",
     " f\"",
     "strings with fields are t-strings: `t\"{x}\"`; as a String, `String(t\"{x}\")`"},
    {"expected ')' in call argument list",
     "(f\"",
     "strings with fields are t-strings: `t\"{x}\"`; as a String, `String(t\"{x}\")`"},
    {"statements must start at the beginning of a line",
     " f\"",
     "strings with fields are t-strings: `t\"{x}\"`; as a String, `String(t\"{x}\")`"},
    {"statements must start at the beginning of a line",
     "(f\"",
     "strings with fields are t-strings: `t\"{x}\"`; as a String, `String(t\"{x}\")`"},
    {"statements must start at the beginning of a line",
     "Self {",
     "`Self {…}` has been removed: `def __init__(out self, …)` fills the fields of `self`"},
    {"type as a value to an instance of",
     "Self {",
     "`Self {…}` has been removed: `def __init__(out self, …)` fills the fields of `self`"},
    {"format specifiers are not supported in t-strings",
     "",
     "`round(x, 2)` gives a number with fewer digits"},
    {"use of unknown declaration", ":=", "Mojo has no `:=`: assign on a line of its own"},
    {"argument type must be specified",
     "",
     "each argument has a type: `def f(x: Int, y: Float64) -> Float64:`"},
    {"value to 'None' in return value",
     "",
     "the function does not say what it returns: write `-> Int`, or another type, before the "
     "colon"},
    {"with type 'None' does not conform to trait 'Writable'",
     "",
     "`None` cannot be printed: print `\"None\"`, or let the function return something with `-> "
     "Type`"},
    {"cannot be implicitly copied", "", "write `x.copy()`, or `x^` where x is not used again"},
    {"cannot call function that may raise",
     "",
     "write `raises` before the colon of the function, or catch it with `try`"},
    {"'raise' requires a surrounding 'try'",
     "",
     "write `raises` before the colon of the function, or catch it with `try`"},
    {"the SIMD type must be floating point",
     "",
     "a number with a point and an Int do not mix: write `Float64(n)`"},
    {"'Int' value to 'Float64'",
     "/",
     "`/` of two Ints gives an Int: write `Float64(a) / Float64(b)`"},
    {"'Int' value to 'Float64'", "", "write `Float64(x)`"},
    {"from 'Int' to 'Float64'", "", "write `Float64(x)`"},
    {"no matching function in initialization",
     "List[",
     "elements stand in brackets: `var xs: List[Int] = [1, 2, 3]`"},
    {"no matching function in initialization",
     "Pointer[",
     "a pointer always points somewhere: `Optional` holds one or none, `Pointer(to=x)` points at "
     "x, `alloc[T](n)` makes room"},
    {"no matching function in initialization", "", "the notes say what it can be made of"},
    {"value has no attribute 'append'",
     "",
     "a list literal without a type is an Array, which keeps its size: write `var xs: List[Int] = "
     "[1, 2]`"},
    {"value has no attribute 'init_pointee", "", "write `p[] = value`; a `List` needs no pointers"},
    {"failed to infer parameter 'origin'",
     "",
     "name where it points: `Pointer[Int, MutUntrackedOrigin]`, or use a `List`"},
    {"no matching function in call to 'vectorize'",
     "",
     "the function is an argument now, `vectorize[4](n, f)`, and says what it uses: `def f[width: "
     "Int](i: Int) {mut total, imm xs}:`"},
    {"invalid call to 'run'", "benchmark", "the function is an argument now: `benchmark.run(f)`"},
    {"no matching function in call to 'len'",
     "",
     "a struct that has a length says so: `struct Name(Sized):`"},
    {"expected ':' in function definition",
     " as ",
     "a named result is an argument: `def f(n: Int, out result: Int):`"},
    {"cannot return reference with incompatible origin",
     "",
     "return the value itself, `-> Int`, or say where it is: `-> ref [xs.element] Int`"},
    {"'UInt64' value to 'UInt'",
     "hash",
     "a struct of simple fields needs no `__hash__`: leave it out and write `(KeyElement)`"},
    {"expression must be mutable", "for ", "write `for ref x in xs:` to change the elements"},
    {"does not contain 'mem", "", "copy and fill in a loop, or use a `List`: it copies itself"},
    {"cannot implicitly convert '",
     "",
     "the name of a type converts, where that can be: `Float64(x)`"},
    {"einitable",
     "",
     "a type of any kind says that it can be dropped: `[T: Copyable & Deinitable]`"},
    {"without being explicitly destroyed",
     "",
     "a type of any kind says that it can be dropped: `[T: Copyable & Deinitable]`"},
    {"statement indentation must match",
     "",
     "the lines of a block begin in one column; after another error it may follow from that"},
    {"no matching ", "", "the notes say which arguments it takes"},
};

bool mc_diag_habit(const char *message, const char *line, struct mc_buf *ret)
{
    for (size_t i = 0; i < MC_LENGTH(habits); i++) {
        if (strstr(message, habits[i].part) != NULL && strstr(line, habits[i].line) != NULL) {
            mc_buf_adds(ret, habits[i].hint);
            return true;
        }
    }
    return false;
}
