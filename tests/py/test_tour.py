"""The tour on a real kernel, and the example without the package: what a new user tries first."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
HEADLESS = ROOT / "docs" / "examples" / "headless.py"


@pytest.fixture(scope="module")
def tour(service: Path) -> dict[str, Any]:
    """The cells of the tour by their identifiers, executed with an empty cache."""
    notebook = nbformat.read(ROOT / "notebooks" / "tour.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(service)}}).execute()
    return {cell.id: cell for cell in notebook.cells}


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def error(cell: Any) -> Any:
    (found,) = [output for output in cell.outputs if output.output_type == "error"]
    return found


def test_programs_and_statements_of_the_tour_print_what_they_compute(tour: dict[str, Any]) -> None:
    assert printed(tour["hello-mojo"]) == "Hello from Mojo!\n"
    assert printed(tour["fibonacci-mojo"]).splitlines()[-1] == "fibonacci(90) = 2880067194370816120"
    assert printed(tour["statements-mojo"]) == "385\n"
    assert printed(tour["monte-carlo-mojo"]).startswith("pi is about 3.14")


def test_the_tour_warns_of_nothing(tour: dict[str, Any]) -> None:
    shown = [
        output.data["text/plain"]
        for cell in tour.values()
        for output in cell.get("outputs", ())
        if output.output_type == "display_data"
    ]
    assert any(text.startswith("bound mean, scale, prime, spin\n") for text in shown)
    assert [text for text in shown if "warning" in text] == []


def test_the_mistake_of_the_tour_is_told_at_its_line_and_its_fix_runs(tour: dict[str, Any]) -> None:
    mistake = error(tour["mistake-mojo"])
    assert mistake.ename == "MojoCompileError"
    assert "cell:6:9" in mistake.evalue
    assert "'total'" in mistake.evalue
    assert printed(tour["fix-mojo"]) == "mean: 21.25\n"


def test_the_crash_of_the_tour_leaves_its_output_and_the_kernel(tour: dict[str, Any]) -> None:
    assert printed(tour["crash-mojo"]) == "0 2\n1 3\n2 5\n3 7\n4 11\n"
    crash = error(tour["crash-mojo"])
    assert crash.ename == "MojoCrash"
    assert "index 5 is out of bounds" in crash.evalue
    assert "cell:5:" in crash.evalue
    assert printed(tour["crash-alive"]).startswith("the kernel is alive")


def test_the_tour_tells_a_hit_from_a_miss_and_why(tour: dict[str, Any]) -> None:
    assert printed(tour["cache-hit-check"]) == "hit\n"
    assert "-O1" in printed(tour["cache-explain"])
    (hits,) = re.findall(r"^hits +(\d+)$", printed(tour["cache-stats"]), re.MULTILINE)
    assert int(hits) >= 1


def test_the_functions_of_the_tour_are_called_with_numbers_and_arrays(tour: dict[str, Any]) -> None:
    called = printed(tour["functions-call"])
    assert called == "[0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377]\nThe nth Fibonacci number.\n"
    assert printed(tour["functions-array"]) == "21.25 -> 212.5 [215.  190.  232.5]\n"
    assert "write values.astype(numpy.float64)" in printed(tour["functions-refused"])
    raised = error(tour["functions-raises"])
    assert (raised.ename, raised.evalue) == ("MojoRuntimeError", "the mean of no values")


def test_the_functions_of_the_tour_crash_and_are_stopped_without_harm(tour: dict[str, Any]) -> None:
    crash = error(tour["functions-crash-call"])
    assert crash.ename == "MojoCrash"
    assert "index 5 is out of bounds" in crash.evalue
    assert "return primes[i]" in "".join(crash.traceback)
    assert printed(tour["functions-crash-next"]) == "the kernel is alive: 11 55\n"
    assert printed(tour["functions-stop-call"]) == "stopped, and the kernel is alive: 55\n"


def test_the_tour_compares_python_with_mojo(tour: dict[str, Any]) -> None:
    compared = printed(tour["functions-compare-call"])
    assert "fibonacci_in_python" in compared and "fibonacci" in compared


@pytest.mark.usefixtures("service")
def test_the_headless_example_compiles_runs_and_streams_in_under_30_lines() -> None:
    done = subprocess.run([sys.executable, str(HEADLESS)], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if line.startswith("square")] == [
        f"square of {n} is {n * n}" for n in range(5)
    ]
    assert '"ok": true' in done.stdout.splitlines()[-1]
    assert len(HEADLESS.read_text().splitlines()) < 30
