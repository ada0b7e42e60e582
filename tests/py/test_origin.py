"""The four patterns of notebooks/, imported and called as their notebooks do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

import mojocell as mc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports as from a notebook that stands there."""
    monkeypatch.syspath_prepend(str(NOTEBOOKS))


def python_is_prime(n: int) -> bool:
    return n > 1 and all(n % i for i in range(2, int(n**0.5) + 1))


def python_fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def agree(fibonacci: Any, sum_squares: Any, is_prime: Any, numbers: list[int]) -> None:
    assert [fibonacci(n) for n in numbers] == [python_fibonacci(n) for n in numbers]
    assert [sum_squares(n) for n in numbers] == [sum(i * i for i in range(n + 1)) for n in numbers]
    assert [is_prime(n) for n in numbers] == [python_is_prime(n) for n in numbers]


def compilations() -> int:
    return int(mc.info()["counters"]["compilations"])


@pytest.mark.usefixtures("notebooks")
def test_uncached_compiles_every_time() -> None:
    from compute_wrapper import fibonacci, is_prime, sum_squares

    before = compilations()
    assert (fibonacci(10), sum_squares(100), is_prime(104729)) == (55, 338350, True)
    assert compilations() == before + 3


@pytest.mark.usefixtures("notebooks")
def test_cached_compiles_once_for_every_number() -> None:
    from mo_run_cached import clear_cache, fibonacci_cached, is_prime_cached, sum_squares_cached

    fibonacci_cached(1)
    before, hits = compilations(), mc.cache.stats()["hits"]
    agree(fibonacci_cached, sum_squares_cached, is_prime_cached, [0, 1, 2, 10, 90])
    assert compilations() == before
    assert mc.cache.stats()["hits"] == hits + 15
    assert clear_cache is mc.clear_cache


@pytest.mark.usefixtures("notebooks")
def test_decorated_functions_compile_once_for_every_number() -> None:
    from mojo_decorator import fibonacci, is_prime, mojo, sum_squares

    assert mojo is mc.mojo
    agree(fibonacci, sum_squares, is_prime, [3])
    before = compilations()
    agree(fibonacci, sum_squares, is_prime, [0, 1, 2, 10, 30, 90])
    assert compilations() == before


@pytest.mark.usefixtures("notebooks")
def test_inline_functions_are_called_in_this_process() -> None:
    from mojo_inline import fibonacci, is_prime, module, sum_squares

    agree(fibonacci, sum_squares, is_prime, [*range(0, 91, 7)])
    assert is_prime(104729)
    assert {fibonacci.mode, sum_squares.mode, is_prime.mode} == {"inline"}
    assert sorted(module.functions) == ["fibonacci", "is_prime", "sum_squares"]


#: The blocks of "Interactive Mojo: Three Patterns for Notebook Integration" as they stand there, `fn` and all.
UNCACHED = """
from compute_wrapper import fibonacci

# Every call compiles and runs Mojo
result = fibonacci(10)  # ~50-200ms
"""
CACHED = """
from mo_run_cached import fibonacci_cached

# First call: ~1-2s (compile + run)
result = fibonacci_cached(10)

# Subsequent calls: ~10-50ms (run only)
result = fibonacci_cached(10)
"""
DECORATED = '''
from mojo_decorator import mojo

@mojo
def fibonacci(n: int) -> int:
    """
    fn fibonacci(n: Int) -> Int:
        if n <= 1:
            return n
        var prev: Int = 0
        var curr: Int = 1
        for _ in range(2, n + 1):
            var next_val = prev + curr
            prev = curr
            curr = next_val
        return curr
    
    fn main():
        print(fibonacci({{n}}))
    """
    pass

# Use like normal Python!
result = fibonacci(10)
'''  # noqa: W293  # the article's own blanks
IN_MARIMO = """
import marimo as mo
from mojo_decorator import fibonacci

# Reactive slider
fib_n = mo.ui.slider(1, 30, value=10, label="n")

# Mojo executes automatically when slider changes
result = fibonacci(fib_n.value)

# Display with markdown
shown = mo.md(f"**Fibonacci({fib_n.value})** = {result}")
"""


@pytest.mark.usefixtures("notebooks")
@pytest.mark.parametrize("block", [UNCACHED, CACHED, DECORATED, IN_MARIMO])
def test_the_articles_own_blocks_give_its_results(block: str) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(block, namespace)  # noqa: S102
    assert namespace["result"] == 55
    if block is DECORATED:
        before = compilations()
        assert [namespace["fibonacci"](n) for n in (0, 1, 30, 90)] == [0, 1, 832040, 2880067194370816120]
        assert compilations() == before
    if block is IN_MARIMO:
        assert "<strong>Fibonacci(10)</strong> = 55" in namespace["shown"].text


@pytest.mark.usefixtures("notebooks")
def test_what_is_no_number_is_refused_before_anything_runs() -> None:
    import compute_wrapper
    import mo_run_cached
    import mojo_decorator
    import mojo_inline

    calls: list[Callable[[Any], Any]] = [
        compute_wrapper.fibonacci,
        mo_run_cached.fibonacci_cached,
        mojo_decorator.fibonacci,
        mojo_inline.fibonacci,
    ]
    before = compilations()
    for call in calls:
        with pytest.raises((TypeError, ValueError)):
            call('10"); print("injected')
    assert compilations() == before


def test_the_patterns_in_a_jupyter_notebook() -> None:
    notebook = nbformat.read(NOTEBOOKS / "jupyter_patterns.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    shown = {
        cell.source: output.data
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    }
    assert [data["text/plain"] for data in shown.values() if "text/plain" in data][:3] == [
        "55",
        "[1, 1, 2, 3, 5, 8, 13, 21, 34, 55]",
        "111",
    ]
    (widget,) = [data for source, data in shown.items() if "mc.interact" in source]
    assert "application/vnd.jupyter.widget-view+json" in widget


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("side_by_side", ["fibonacci", "count_primes", "smooth", "mean"]),
        ("marimo_patterns", []),
    ],
)
def test_the_marimo_notebooks_are_scripts_too(name: str, lines: list[str]) -> None:
    words = [sys.executable, str(NOTEBOOKS / f"{name}.py")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == lines
    assert all(float(line.split()[1]) > 1 for line in done.stdout.splitlines())


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A daemon and a cache of one's own, for what empties it."""
    env = os.environ | {
        "MOJOCELL_RUNTIME_DIR": str(tmp_path / "run"),
        "MOJOCELL_CACHE_DIR": str(tmp_path / "cache"),
    }
    yield env
    end = "from mojocell.core import client; client.request({'op': 'shutdown', 'now': True})"
    subprocess.run([sys.executable, "-c", end], env=env, timeout=60, check=True)


def test_the_benchmark_measures_every_way(apart: dict[str, str]) -> None:
    count = "import mojocell as mc; mc.run('print(1)'); print(mc.cache.stats()['entries'])"
    entries = [sys.executable, "-c", count]
    before = subprocess.run(entries, env=apart, capture_output=True, timeout=60, check=True).stdout
    words = [sys.executable, str(NOTEBOOKS / "marimo_benchmark.py")]
    done = subprocess.run(words, env=apart, capture_output=True, text=True, timeout=230, check=False)
    assert done.returncode == 0, done.stderr
    later: dict[str, list[float]] = {}
    first: dict[str, list[float]] = {}
    for line in done.stdout.splitlines():
        way, _, _, one, _, _, other, _ = line.replace(",", " ").split()
        first.setdefault(way, []).append(float(one))
        later.setdefault(way, []).append(float(other))
    ways = ["run", "cached", "decorator", "isolated", "inline", "Python"]
    assert [way for way in later if way != "numba"] == ways
    assert all(len(times) == 3 for times in later.values())
    # What the ways are for, with room for a busy machine: each is faster than the one before.
    assert min(later["run"]) > max(later["cached"]) > max(later["isolated"]) > max(later["inline"])
    assert first["cached"][0] > 10 * later["cached"][0]
    # It emptied a cache of its own.
    after = subprocess.run(entries, env=apart, capture_output=True, timeout=60, check=True).stdout
    assert before == after == b"1\n"
