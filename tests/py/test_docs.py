"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING

import pytest

import mojocell

if TYPE_CHECKING:
    from pathlib import Path

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(mojocell.__path__, "mojocell.")
    if module.name != "mojocell.__main__"
)
#: Modules whose examples run programs.
REAL = {
    f"mojocell.{name}"
    for name in (
        "api",
        "cache",
        "comparison",
        "compat",
        "decorator",
        "call.module",
        "call.unit",
        "core.machine",
        "core.result",
        "patterns",
        "patterns._load",
        "patterns.black_scholes",
        "patterns.mandelbrot",
        "patterns.monte_carlo",
        "patterns.rolling",
        "patterns.tokens",
        "patterns.value_at_risk",
        "profiling",
        "widgets.interaction",
    )
}


def examples(name: str) -> doctest.TestResults:
    return doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )


@pytest.mark.parametrize("name", [name for name in MODULES if name not in REAL])
def test_examples_without_a_daemon_hold(name: str) -> None:
    assert examples(name).failed == 0


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", ["mojocell", *sorted(REAL)])
def test_examples_with_the_real_compiler_hold(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = examples(name)
    assert found.failed == 0
    assert found.attempted > 0


def test_every_public_name_has_a_docstring_with_an_example_where_it_is_called() -> None:
    for name in mojocell.__all__:
        value = getattr(mojocell, name)
        if name.startswith("_"):
            continue
        assert value.__doc__, name
        if callable(value) and not isinstance(value, type) and "ipython" not in name:
            assert ">>>" in value.__doc__, name
