"""Mojo functions as Python objects: what tools see, what is pickled, how they fail; the real compiler."""

from __future__ import annotations

import copy
import doctest
import gc
import inspect
import pickle
import pydoc
import subprocess
import sys
import typing
import weakref
from pathlib import Path
from typing import Any

import pytest

import mojocell as mc
from mojocell.cells.diagnostics import CellDiagnostics

SOURCE = '''\
comptime LIMIT = 5

def fibonacci(n: Int) -> Int:
    """Return a Fibonacci number.

    >>> fibonacci(10)
    55
    """
    var a = 0
    var b = 1
    for _ in range(n):
        a, b = b, a + b
    return a

def mixed(a: Int, /, b: Float64 = 0.5, *, word: String = "x", flag: Bool = False) -> String:
    return String(a) + " " + String(b) + " " + word + " " + String(flag)

def mean(x: Span[Float64, _]) -> Float64:
    var s = 0.0
    for v in x:
        s += v
    return s / Float64(len(x))

def evens(n: Int) -> List[Int]:
    var r = List[Int]()
    for i in range(n):
        r.append(2 * i)
    return r^

def maybe(x: Optional[Int]) -> Optional[Float64]:
    if x:
        return Float64(x.value())
    return None

def pair(x: Int, s: String) -> Tuple[Int, String]:
    return (x, s)

def checked(n: Int) raises -> Int:
    if n > LIMIT:
        raise Error("too big: ", n)
    return n

def at(n: Int) -> Int:
    var values = List[Int]()
    values.append(7)
    return values[n]

def deep(n: Int) -> Int:
    var text = String(n)
    return deep(n + 1) + text.byte_length()

def computed(n: Int, limit: Int = LIMIT * 2) -> Int:
    return n + limit

@always_inline
def over(n: Int) -> Int:
    return n

def over(x: Float64) -> Float64:
    """Of a float.
    """
    return -x

struct Point:
    var x: Int

def of_point(p: Point) -> Int:
    return p.x

def generic[T: AnyType](x: T):
    pass

def _hidden() -> Int:
    return 1

def forever(n: Int) -> Int:
    var i = n
    while i != -1:
        i += 2
        if i > 1000000:
            i = 0
    return i
'''


@pytest.fixture(scope="module")
def module(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE)


# --- the module -------------------------------------------------------------------------------


def test_a_module_has_its_functions_as_attributes(module: mc.MojoModule) -> None:
    assert module.fibonacci(90) == 2880067194370816120
    assert module.mixed(1) == "1 0.5 x False"
    assert module.mixed(1, 2, word="y", flag=True) == "1 2.0 y True"
    assert module.mean(memoryview(__import__("array").array("d", [1, 2, 6]))) == 3
    assert list(module.evens(3)) == [0, 2, 4]
    assert (module.maybe(None), module.maybe(3)) == (None, 3.0)
    assert module.pair(4, "ü") == (4, "ü")
    assert module.computed(1) == 11
    assert (module.over(3), module.over(3.0)) == (3, -3.0)
    assert module.fibonacci is module.fibonacci


def test_a_module_tells_what_it_has_and_what_not(module: mc.MojoModule) -> None:
    assert {"fibonacci", "mean", "over"} <= set(dir(module))
    assert "_hidden" not in dir(module)
    assert module.functions["checked"] == "def checked(n: Int) raises -> Int"
    assert module.functions["over"] == "def over(n: Int) -> Int\ndef over(x: Float64) -> Float64"
    assert set(module.skipped) == {"of_point", "generic"}
    with pytest.raises(AttributeError, match=r"of_point cannot be called from Python: .*Point"):
        _ = module.of_point
    with pytest.raises(AttributeError, match="no function 'nothing'"):
        _ = module.nothing
    with pytest.raises(AttributeError, match="cannot be set"):
        module.fibonacci = 3
    assert module["fibonacci"] is module.fibonacci
    with pytest.raises(KeyError):
        _ = module["nothing"]
    assert repr(module).startswith("<MojoModule: fibonacci, mixed, mean")
    assert "def mean(x: Span[Float64, _]) -&gt; Float64" in module._mime_()[1]
    assert "skipped generic: " in module._mime_()[1]


@pytest.mark.usefixtures("service")
def test_a_source_without_functions_is_a_module_without_attributes() -> None:
    module = mc.compile("comptime N = 3")
    assert (module.functions, module.skipped, repr(module)) == ({}, {}, "<MojoModule: no functions>")


@pytest.mark.usefixtures("service")
def test_a_function_may_have_the_name_of_what_a_module_has_itself() -> None:
    module = mc.compile("def result() -> Int: return 1\ndef functions() -> Int: return 2")
    assert module.result is None
    assert (module["result"](), module["functions"]()) == (1, 2)


# --- what tools see ---------------------------------------------------------------------------


def test_signatures_have_annotations_and_defaults(module: mc.MojoModule) -> None:
    def of(name: str) -> str:
        return str(inspect.signature(module[name]))

    assert of("fibonacci") == "(n: int) -> int"
    assert of("mixed") == "(a: int, /, b: float = 0.5, *, word: str = 'x', flag: bool = False) -> str"
    assert of("mean") == "(x: 'NDArray[float64]') -> float"
    assert of("evens") == "(n: int) -> 'NDArray[int64]'"
    assert of("maybe") == "(x: int | None) -> float | None"
    assert of("pair") == "(x: int, s: str) -> tuple[int, str]"
    assert of("computed") == "(n: int, limit: int = LIMIT * 2) -> int"
    assert of("over") == "(*args, **kwargs)"
    assert module.mixed.__annotations__["word"] is str
    assert module.mixed.__defaults__ == (0.5,)


def test_annotations_can_be_evaluated(module: mc.MojoModule) -> None:
    assert typing.get_type_hints(module.fibonacci) == {"n": int, "return": int}
    pytest.importorskip("numpy")
    hints = typing.get_type_hints(module.mean)
    assert "float64" in str(hints["x"])


def test_the_source_is_mojo_at_the_lines_of_the_cell(module: mc.MojoModule) -> None:
    lines, first = inspect.getsourcelines(module.mean)
    assert "".join(lines).rstrip("\n") == (
        "def mean(x: Span[Float64, _]) -> Float64:\n    var s = 0.0\n    for v in x:\n        s += v\n"
        "    return s / Float64(len(x))"
    )
    assert SOURCE.split("\n")[first - 1] == "def mean(x: Span[Float64, _]) -> Float64:"
    assert inspect.getsource(module.over).startswith("@always_inline\ndef over(n: Int)")
    assert inspect.getsource(module.fibonacci).rstrip().endswith("return a")


def test_documentation_is_the_docstring_dedented(module: mc.MojoModule) -> None:
    assert module.fibonacci.__doc__ == "Return a Fibonacci number.\n\n>>> fibonacci(10)\n55"
    assert module.mean.__doc__ == "def mean(x: Span[Float64, _]) -> Float64"
    assert module.over.__doc__ == ("def over(n: Int) -> Int\ndef over(x: Float64) -> Float64\n\nOf a float.")
    assert inspect.getdoc(module.fibonacci) == module.fibonacci.__doc__


def test_help_and_doctest_work(module: mc.MojoModule) -> None:
    text = pydoc.plain(pydoc.render_doc(module.fibonacci))
    assert "fibonacci(n: int) -> int" in text
    assert "Return a Fibonacci number." in text
    failed, attempted = doctest.DocTestRunner(verbose=False).run(
        doctest.DocTestFinder().find(module.fibonacci, "fibonacci", globs={"fibonacci": module.fibonacci})[0]
    )
    assert (failed, attempted) == (0, 1)


def test_names_are_those_of_a_function(module: mc.MojoModule) -> None:
    function = module.fibonacci
    assert (function.__name__, function.__qualname__) == ("fibonacci", "fibonacci")
    assert function.__module__ == __name__
    assert isinstance(function, mc.MojoFunction)
    assert callable(function)
    assert "fibonacci" in repr(function)


def test_the_stub_calls_the_function(module: mc.MojoModule) -> None:
    assert inspect.unwrap(module.mixed)(1, word="z") == "1 0.5 z False"
    assert inspect.unwrap(module.computed)(1) == 11
    assert inspect.unwrap(module.over)(2.5) == -2.5
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        inspect.unwrap(module.mixed)()


@pytest.mark.usefixtures("service")
def test_code_that_is_hashed_differs_with_all_that_the_function_is_made_of() -> None:
    source = "comptime N = {}\ndef f(n: Int) -> Int: return N"
    codes = [mc.compile(source.format(n)).f.__code__ for n in (1, 2, 1)]
    assert codes[0].co_consts != codes[1].co_consts
    assert codes[0].co_consts == codes[2].co_consts
    assert codes[0].co_code == codes[2].co_code


# --- copies and pickles -----------------------------------------------------------------------


def test_functions_and_modules_survive_pickle_and_copy_in_the_same_process(module: mc.MojoModule) -> None:
    assert pickle.loads(pickle.dumps(module.fibonacci)) is module.fibonacci
    assert copy.copy(module.fibonacci)(10) == 55
    assert copy.deepcopy(module.fibonacci)(10) == 55
    assert pickle.loads(pickle.dumps(module)) == module
    assert hash(pickle.loads(pickle.dumps(module))) == hash(module)
    assert copy.deepcopy(module) is module
    assert module != mc.compile("def other() -> Int: return 1")
    assert mc.compile(SOURCE) == module


@pytest.mark.usefixtures("service")
def test_another_process_gets_a_pickled_function_from_the_cache(module: mc.MojoModule) -> None:
    before = mc.cache.stats()["compilations"]
    variant = module.fibonacci.with_options(mode="isolated", nogil=True)
    code = (
        "import pickle, sys\n"
        "f, m, g = pickle.load(sys.stdin.buffer)\n"
        "print(f(10), m.mixed(1), m.fibonacci is f, f.__wrapped__.__doc__.split(chr(10))[0])\n"
        "print(g(10), g.mode, g.nogil, f.mode, f.nogil)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((module.fibonacci, module, variant)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode() == (
        "55 1 0.5 x False True Return a Fibonacci number.\n55 isolated True inline False\n"
    )
    assert mc.cache.stats()["compilations"] == before


@pytest.mark.usefixtures("service")
def test_what_is_pickled_is_what_was_asked_for() -> None:
    """Its limits too; what is for one run alone, and the place of the compiler, are not part of it."""
    source = "def say(n: Int):\n    for i in range(n): print('0123456789' * 10)"
    kept = {"flags": ["-O1"], "name": "loud", "timeout": 60.0, "most_output": 1, "modernize": False}
    say = mc.cell(source, mode="isolated", args=["for", "a", "run"], **kept).say
    code = (
        "import pickle, sys, os, mojocell as mc\n"
        "say = pickle.load(sys.stdin.buffer)\n"
        "job = say.__mojo__.job\n"
        "print(list(job.flags), job.name, job.timeout, job.most_output, job.modernize, job.args)\n"
        "print(pickle.loads(pickle.dumps(say)) is say, say.mode)\n"
        "sys.stdout = open(os.devnull, 'w')\n"
        "try: say(10**12)\n"
        "except mc.MojoLimit as error: sys.__stdout__.write(error.limit)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(say), capture_output=True, timeout=60, check=True
    )
    assert done.stdout.decode() == "['-O1'] loud 60.0 1 False ()\nTrue isolated\noutput"
    assert say.__mojo__.job.toolchain not in str(pickle.dumps(say))


@pytest.mark.usefixtures("service")
def test_a_module_that_ran_keeps_its_result_in_a_pickle() -> None:
    module = mc.cell("def twice(n: Int) -> Int: return 2 * n\nprint(twice(4))")
    again = pickle.loads(pickle.dumps(module))
    assert module.result is not None and again.result is not None
    assert again.result.stdout == module.result.stdout == "8\n"
    assert again.twice(5) == 10


@pytest.mark.usefixtures("service")
def test_what_is_not_used_any_more_is_let_go() -> None:
    module = mc.compile("def gone(n: Int) -> Int: return n - 1")
    assert module.gone(1) == 0
    unit = weakref.ref(module.__mojo__)
    del module
    gc.collect()
    assert unit() is None


# --- options ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("service")
def test_exports_limit_what_can_be_called() -> None:
    module = mc.compile("def a() -> Int: return 1\ndef b() -> Int: return a() + 1", exports=["b"])
    assert list(module.functions) == ["b"]
    assert module.b() == 2
    with pytest.raises(mc.MojoError, match="no function 'c'"):
        mc.compile("def a() -> Int: return 1", exports=["c"])


def test_a_source_can_use_functions_of_others(module: mc.MojoModule) -> None:
    second = mc.compile(
        "def next(n: Int) -> Int: return fibonacci(n) + 1", using=[module.fibonacci, module.mean]
    )
    assert second.next(10) == 56
    third = mc.compile("def more(n: Int) -> Int: return next(n) + 1", using=[second])
    assert third.more(10) == 57
    assert pickle.loads(pickle.dumps(third.more))(10) == 57
    with pytest.raises(TypeError, match="using must be a list of Mojo functions or modules"):
        mc.compile("def f() -> Int: return 1", using=[len])  # type: ignore[list-item]


@pytest.mark.usefixtures("service")
def test_a_crash_in_a_source_that_is_used_names_its_line(module: mc.MojoModule) -> None:
    using = mc.compile("def twice_at(n: Int) -> Int:\n    return 2 * at(n)\n", using=[module.at])
    line = SOURCE.split("\n").index("    return values[n]") + 1
    assert using.twice_at(0) == 14
    for function in (using.twice_at, using.twice_at.with_options(mode="isolated")):
        with pytest.raises(mc.MojoCrash, match="index 3 is out of bounds") as caught:
            function(3)
        error = caught.value
        assert (error.line, error.column, error.used, error.name) == (line, 18, True, "cell of at")
        assert str(error).startswith("cell:2:16: index 3 is out of bounds")
        assert "|     return 2 * at(n)" in str(error)
        assert f"cell of at:{line}:18: note: it happened here" in str(error)
        assert "|     return values[n]" in str(error)
        assert function(0) == 14
    with pytest.raises(mc.MojoCrash, match="index 5 is out of bounds") as caught:
        mc.cell("print(at(5))", using=[module.at])
    assert (caught.value.line, caught.value.used) == (line, True)
    diagnostics = CellDiagnostics()
    diagnostics.note("here", caught.value.result, None)  # type: ignore[arg-type]
    (found,) = diagnostics.of("here")["diagnostics"]  # what is underlined here is the call
    assert (found["line"], found["column"], found["message"][:18]) == (1, 7, "cell of at: index ")
    with pytest.raises(mc.MojoCrash) as caught:
        mc.cell("var x: List[Int] = [at(0)]\nprint(x[at(0)])", using=[module.at])
    assert (caught.value.line, caught.value.used, caught.value.name) == (2, False, "cell")


@pytest.mark.usefixtures("service")
def test_a_file_is_a_module_with_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "helper.mojo").write_text("def six() -> Int: return 6\n")
    (tmp_path / "main.mojo").write_text("from helper import six\ndef answer() -> Int: return 7 * six()\n")
    module = mc.import_module(tmp_path / "main.mojo")
    assert module.answer() == 42
    with pytest.raises(FileNotFoundError):
        mc.import_module(tmp_path / "none.mojo")


@pytest.mark.usefixtures("service")
def test_functions_of_programs_and_of_statements_can_be_called_too() -> None:
    program = mc.cell("def two() -> Int: return 2\ndef main(): print(two())")
    assert program.result is not None
    assert (program.result.stdout, program.two()) == ("2\n", 2)
    statements = mc.compile("def three() -> Int: return 3\nprint(three())")
    assert (statements.result, statements.three()) == (None, 3)


@pytest.mark.parametrize(
    ("call", "mode", "says"),
    [
        (mc.compile, "cached", "how functions are called: inline, isolated .*for programs: mc.run"),
        (mc.run, "inline", "how a program runs: cached, run .*for functions: mc.compile"),
        (mc.cell, "fast", "how functions are called: inline, isolated, cached, run, not 'fast'"),
    ],
)
def test_a_mode_of_the_other_kind_says_where_it_belongs(call: Any, mode: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^mode must be {says}"):
        call("def f() -> Int: return 1", mode=mode)


# --- failures ---------------------------------------------------------------------------------


def test_what_a_function_raises_is_a_runtime_error(module: mc.MojoModule) -> None:
    assert module.checked(5) == 5
    with pytest.raises(mc.MojoRuntimeError, match=r"^too big: 6$") as caught:
        module.checked(6)
    assert (caught.value.code, caught.value.function) == ("raised", "checked")


def test_a_crash_names_the_line_of_the_cell_and_the_next_call_works(module: mc.MojoModule) -> None:
    assert module.at(0) == 7
    with pytest.raises(mc.MojoCrash) as caught:
        module.at(3)
    error = caught.value
    assert error.signal in (4, 5, 6)
    assert "bounds" in error.message
    assert error.line == SOURCE.split("\n").index("    return values[n]") + 1
    assert f"cell:{error.line}:{error.column}: " in str(error)
    assert "| " in str(error) and "return values[n]" in str(error)
    assert module.at(0) == 7


def test_an_endless_recursion_is_a_stack_overflow(module: mc.MojoModule) -> None:
    with pytest.raises(mc.MojoCrash, match=r"^stack overflow\nhint: look for a recursion") as caught:
        module.deep(0)
    assert caught.value.signal == 11
    assert module.fibonacci(10) == 55


def test_wrong_arguments_are_errors_of_python(module: mc.MojoModule) -> None:
    with pytest.raises(TypeError, match="n"):
        module.fibonacci("3")
    with pytest.raises(OverflowError):
        module.fibonacci(2**70)
    with pytest.raises(TypeError):
        module.fibonacci()


def test_the_traceback_of_a_failed_call_shows_the_callers_line(module: mc.MojoModule) -> None:
    with pytest.raises(mc.MojoRuntimeError) as caught:
        module.checked(9)
    text = "\n".join(caught.value._render_traceback_())
    assert text.startswith("MojoRuntimeError: too big: 9")
    assert "module.checked(9)" in text
