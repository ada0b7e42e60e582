"""`profile` and `machine`: where time goes, and on what."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mojocell as mc
from mojocell import throughput
from mojocell.core import machine
from mojocell.core.machine import Machine
from mojocell.throughput import Throughput
from scripted import FakeBridge

TARGET = {"target_cpu": "haswell", "target_features": "+avx,+avx2,+sse2,-avx512f,+fma"}
MACHINE = Machine("A CPU", "x86_64", "haswell", ("avx", "avx2", "fma", "sse2"), 4, 8, 2, None)

SOURCE = """
def twice(n: Int) -> Int:
    return 2 * n

def total(x: Span[Float64, _]) -> Float64:
    var t = 0.0
    for v in x:
        t += v
    return t

def double(x: Span[mut=True, Float64, _], by: Float64 = 2.0) raises:
    for i in range(len(x)):
        if x[i] != 1.0:
            raise Error("changed before: ", x[i])
        x[i] *= by
"""


@pytest.fixture(scope="module")
def module(service: Path) -> mc.MojoModule:
    return mc.compile(SOURCE)


# --- what is known already --------------------------------------------------------------------


def test_a_result_shows_each_stage_and_what_is_left_of_the_total(bridge: FakeBridge) -> None:
    times = {"queue": 0.25, "identify": 0.5, "scan": 0.001, "compile": 2.0, "load": 0.01, "run": 0.2}
    bridge.answers["run"] = [{"returncode": 0, "cache": "miss", "times": {**times, "total": 3.0}}]
    bridge.answers["info"] = [{"toolchain": TARGET}]
    found = mc.profile(mc.run("print(1)", name="a cell"))
    assert found.title == "a cell"
    assert {name: found.seconds[name] for name in times} == times
    assert found.seconds["other"] == pytest.approx(0.039)
    assert sum(found.seconds.values()) == pytest.approx(3.0)
    assert {"name": "compile", "seconds": 2.0, "spread": None, "says": "cold; linking included"}.items() <= (
        found.table[3].items()
    )
    lines = repr(found).splitlines()
    assert lines[4].split() == ["compile", "2", "s", "cold;", "linking", "included"]
    assert lines[-1].endswith("target haswell, SIMD 256 bits (4 Float64)")
    html = found._repr_html_()
    assert html.count("<tr>") == 7 and "cold; linking included" in html and "haswell" in html
    assert found._mime_() == ("text/html", html)


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        ({"cache": "hit"}, "from the cache"),
        ({"cache": "joined"}, "by another's compilation of the same"),
        (
            {"cache": "miss", "compiler_cache": True},
            "answered from the compiler's own cache; linking included",
        ),
    ],
)
def test_a_result_says_where_the_compilation_came_from(
    bridge: FakeBridge, wire: dict[str, object], says: str
) -> None:
    bridge.answers["run"] = [{**wire, "kind": "definitions", "times": {"total": 0.1}}]
    bridge.answers["info"] = [{}]
    found = mc.profile(mc.run("x"))
    assert [stage.says for stage in found.stages if stage.name == "compile"] == [says]
    assert "run" not in found.seconds and "load" not in found.seconds  # nothing ran
    assert "target" not in repr(found)


def test_what_cannot_be_profiled_is_refused(bridge: FakeBridge) -> None:
    with pytest.raises(TypeError, match="takes a Mojo function, a RunResult or a MojoModule, not <built-in"):
        mc.profile(len, [])
    with pytest.raises(TypeError, match="a RunResult takes no arguments"):
        mc.profile(mc.run("x"), 1)
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        mc.profile(len, rounds=0)


# --- functions --------------------------------------------------------------------------------


def test_a_function_inline(module: mc.MojoModule) -> None:
    found = mc.profile(module.twice, 21, rounds=3)
    assert found.title == "def twice(n: Int) -> Int, inline"

    names = ["queue", "identify", "scan", "compile", "other", "load", "first call"]
    assert list(found.seconds) == [*names, "call", "arguments", "function"]
    seconds = found.seconds
    assert seconds["arguments"] + seconds["function"] == pytest.approx(seconds["call"])
    assert all(value >= 0 for value in seconds.values()) and seconds["load"] > 0
    assert [stage.part for stage in found.stages[-3:]] == [False, True, True]
    assert "in each of 3 rounds" in repr(found) and "  arguments" in repr(found)


def test_a_function_of_a_cell_that_ran_has_one_load_and_nothing_of_that_run(service: Path) -> None:
    cell = mc.cell("def five(n: Int) -> Int: return 5 * n\ndef main(): print(five(1))")
    assert [stage.name for stage in mc.profile(cell).stages][-2:] == ["load", "run"]
    names = [stage.name for stage in mc.profile(cell.five, 2, rounds=1).stages]
    assert names == [
        *("queue", "identify", "scan", "compile", "other", "load"),
        *("first call", "call", "arguments", "function"),
    ]


def test_the_function_and_its_arguments_are_told_apart(module: mc.MojoModule) -> None:
    numbers = np.ones(1_000_000)
    inline = mc.profile(module.total, numbers, rounds=3).seconds
    assert inline["arguments"] < inline["function"]  # nothing is copied
    copied = mc.profile(module.total.with_options(mode="isolated"), numbers, rounds=3)
    assert copied.seconds["arguments"] > inline["arguments"]
    assert "to the worker and back" in copied.stages[-2].says


def test_the_start_of_a_worker_is_in_the_first_call(service: Path) -> None:
    function = mc.compile("def thrice(n: Int) -> Int: return 3 * n", mode="isolated").thrice
    first = mc.profile(function, 1, rounds=1)
    again = mc.profile(function, 1, rounds=1)
    says = {
        profile: [stage.says for stage in profile.stages if stage.name == "first call"]
        for profile in (first, again)
    }
    assert says == {first: ["with the start of its worker"], again: [""]}
    assert "load" not in first.seconds  # it was loaded there


@pytest.mark.parametrize("mode", ["inline", "isolated"])
def test_what_a_function_writes_to_is_fresh_in_each_call(module: mc.MojoModule, mode: str) -> None:
    numbers = np.ones(10)
    double = module.double.with_options(mode=mode)  # type: ignore[arg-type]
    assert mc.profile(double, numbers, by=3.0, rounds=2).seconds["call"] > 0
    assert (numbers == 1.0).all()


def test_a_call_that_fails_raises(module: mc.MojoModule) -> None:
    with pytest.raises(mc.MojoRuntimeError, match="changed before: 5"):
        mc.profile(module.double, np.full(3, 5.0))
    with pytest.raises(TypeError, match="missing 1 required"):
        mc.profile(module.twice)


def test_flags_tell_the_target(bridge: FakeBridge) -> None:
    bridge.answers["compile"] = [{"kind": "definitions", "cache": "hit", "functions": [], "times": {}}]
    bridge.answers["info"] = [{"toolchain": TARGET}] * 3
    for flags in (["--target-cpu", "x86-64-v2"], ["--target-cpu=x86-64-v2"]):
        found = mc.profile(mc.compile("x", flags=flags))
        assert (found.machine.target_cpu, found.machine.simd_bits) == ("x86-64-v2", None)
    assert mc.profile(mc.compile("x")).machine.target_cpu == "haswell"


# --- what a function gets through -------------------------------------------------------------


def test_a_function_of_arrays_says_how_much_it_gets_through(module: mc.MojoModule) -> None:
    numbers = np.ones(50_000)
    found = mc.profile(module.total, numbers, rounds=3)
    rates = found.throughput
    assert rates is not None
    assert (rates.elements, rates.size) == (50_000, 400_000)
    assert rates.seconds == found.seconds["function"]
    assert rates.elements_per_second == pytest.approx(50_000 / rates.seconds)
    assert rates.bytes_per_second == pytest.approx(8 * rates.elements_per_second)
    assert rates.bound == "arithmetic"  # an addition waits for the one before
    assert repr(found).splitlines()[-2] == repr(rates)
    assert f"{rates!r}<br>" in found._repr_html_()


def test_what_is_changed_is_read_and_written(module: mc.MojoModule) -> None:
    for args, named in (((np.ones(1_000), 3.0), {}), ((), {"x": np.ones(1_000), "by": 3.0})):
        found = mc.profile(module.double, *args, rounds=2, **named)
        assert found.throughput is not None
        assert (found.throughput.elements, found.throughput.size) == (1_000, 16_000)


def test_numbers_alone_have_no_throughput(module: mc.MojoModule) -> None:
    assert mc.profile(module.twice, 21, rounds=2).throughput is None
    assert mc.profile(module.total, np.ones(100), rounds=2).throughput is None


@pytest.mark.parametrize(
    ("took", "bound"), [(0.5e-3, "memory"), (1.4e-3, "memory"), (1.6e-3, "arithmetic"), (1.0, "arithmetic")]
)
def test_who_is_nearly_as_fast_as_a_copy_is_bound_by_memory(took: float, bound: str) -> None:
    assert Throughput(1_000, 8_000, took, copy_seconds=1e-3).bound == bound


def test_rates_have_the_prefix_of_their_unit() -> None:
    assert repr(Throughput(400, 3_200, 1.0, 0.5)) == (
        "400 elements/s, 3.2 kB/s: 50% of a copy of as many bytes (6.4 kB/s), bound by arithmetic"
    )


def test_the_arrays_of_libraries_tell_their_bytes() -> None:
    import array

    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    numbers = [1.0] * 1_000
    for value in (
        array.array("d", numbers),
        np.ones((10, 100)),
        pandas.Series(numbers),
        polars.Series(numbers),
        pyarrow.array(numbers),
    ):
        found = throughput.measure([value, 3, "text"], [], None, 1e-6, rounds=1)
        assert found is not None
        assert (found.elements, found.size) == (1_000, 8_000)
    result = throughput.measure([], [], (np.ones(1_000), 2), 1e-6, rounds=1)
    assert result is not None
    assert result.size == 8_000


# --- the machine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("features", "bits"),
    [
        ("+sse2,+avx,+avx2,+avx512f", 512),
        ("+sse2,+avx,+avx2,-avx512f", 256),
        ("+sse2,+avx", 128),
        ("+neon,+sve", 128),
        ("", None),
    ],
)
def test_the_features_of_the_target_decide_the_width(features: str, bits: int | None) -> None:
    found = machine.describe({"target_cpu": "x", "target_features": features})
    assert found.simd_bits == bits
    assert found.elements.get("Float32") == (bits // 32 if bits else None)


def test_the_width_is_what_mojo_says(service: Path) -> None:
    source = (
        "from std.sys.info import simd_bit_width, simd_width_of\n"
        "def main():\n"
        "    print(simd_bit_width(), simd_width_of[DType.float64](), simd_width_of[DType.int8]())\n"
    )
    found = mc.machine()
    said = [int(word) for word in mc.run(source).stdout.split()]
    assert said == [found.simd_bits, found.elements["Float64"], found.elements["Int8"]]


def test_a_machine_shows_itself_and_comes_back_from_plain_values() -> None:
    assert Machine.from_dict(json.loads(json.dumps(MACHINE.as_dict()))).line() == MACHINE.line()
    assert repr(MACHINE).splitlines() == [
        "processor   A CPU (x86_64)",
        "processors  4 cores, 8 threads, 2 allowed",
        "target      haswell",
        "features    avx avx2 fma",
        "SIMD        256 bits: 4 Float64, 8 Float32, 4 Int64, 8 Int32, 16 Int16, 32 Int8",
    ]
    assert MACHINE._replace(model="<b>")._repr_html_().count("&lt;b&gt;") == 1
    limited = MACHINE._replace(quota=1.5, target_cpu=None, features=())
    assert (limited.usable, limited.elements) == (1, {})
    assert "2 allowed, 1.5 by the control group" in repr(limited) and "no compiler" in repr(limited)


@pytest.mark.parametrize(
    ("line", "files", "expected"),
    [
        ("0::/a/b", {"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n"}, 1.5),
        ("0::/a/b", {"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/", {"cpu.max": "200000 100000\n"}, 2.0),
        ("0::/not/here", {"cpu.max": "200000 100000\n"}, 2.0),
        (
            "4:cpuset:/z\n3:cpu,cpuacct:/a\n0::/",
            {"cpu/a/cpu.cfs_quota_us": "30000\n", "cpu/a/cpu.cfs_period_us": "10000\n", "z/cpu.max": "1 1"},
            3.0,
        ),
        ("3:cpu,cpuacct:/a", {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "10000\n"}, None),
        ("0::/a", {"a/cpu.max": "max 100000\n"}, None),
        ("", {}, None),
    ],
)
def test_the_control_groups_limit(
    tmp_path: Path, line: str, files: dict[str, str], expected: float | None
) -> None:
    for name, text in files.items():
        place = tmp_path / "cgroup" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "self").write_text(line + "\n")
    assert machine.quota(tmp_path / "self", tmp_path / "cgroup") == expected


def test_threads_of_one_core_are_one_core(tmp_path: Path) -> None:
    for number, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        place = tmp_path / f"cpu{number}/topology"
        place.mkdir(parents=True)
        (place / "thread_siblings_list").write_text(siblings + "\n")
    assert machine._physical(tmp_path) == 2
    assert machine._physical(tmp_path / "none") is None
