import marimo

app = marimo.App(width="medium", app_title="What a call costs")


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # What a call costs

    Three functions, `fibonacci(10)`, `sum_squares(100)` and `is_prime(104729)`, in each way to call them from Python.
    The first call pays for compilation where there is one; the others are what a slider pays.
    """)
    return


@app.cell
def _():
    import os
    import platform
    import statistics
    import tempfile
    import time
    from pathlib import Path

    import marimo as mo
    import matplotlib.pyplot as plt
    import mojocell as mc

    return Path, mc, mo, os, platform, plt, statistics, tempfile, time


@app.cell
def _(os, tempfile):
    # The cache is emptied before each way is measured: not yours, but one of this process's own.
    import atexit
    import shutil

    if "mojo-benchmark-" not in os.environ.get("MOJOCELL_RUNTIME_DIR", ""):
        own = tempfile.mkdtemp(prefix="mojo-benchmark-")
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        os.environ["MOJOCELL_CACHE_DIR"] = os.path.join(own, "cache")
        os.environ["MOJOCELL_RUNTIME_DIR"] = own
    apart = True
    return (apart,)


@app.cell
def _(Path, apart):
    apart  # before anything is compiled
    import importlib

    import compute_wrapper
    import mo_run_cached
    import mojo_decorator

    source = (Path(compute_wrapper.__file__).parent / "compute.mojo").read_text()
    return compute_wrapper, importlib, mo_run_cached, mojo_decorator, source


@app.cell
def _():
    # The same three in Python; numba compiles these very functions where it is installed.
    def fibonacci(n):
        if n <= 1:
            return n
        prev, curr = 0, 1
        for _ in range(2, n + 1):
            prev, curr = curr, prev + curr
        return curr

    def sum_squares(n):
        total = 0
        for i in range(1, n + 1):
            total += i * i
        return total

    def is_prime(n):
        if n < 2:
            return False
        if n % 2 == 0:
            return n == 2
        i = 3
        while i * i <= n:
            if n % i == 0:
                return False
            i += 2
        return True

    tasks = {fibonacci: 10, sum_squares: 100, is_prime: 104_729}
    return (tasks,)


@app.cell
def _(compute_wrapper, importlib, mc, mo_run_cached, mojo_decorator, source, tasks):
    def named(module, suffix=""):
        return {task.__name__: getattr(module, task.__name__ + suffix) for task in tasks}

    def with_numba():
        from numba import njit

        return {task.__name__: njit(task) for task in tasks}

    # Each gives its functions; what it takes to get them counts for its first call.
    ways = {
        "run": lambda: named(compute_wrapper),
        "cached": lambda: named(mo_run_cached, "_cached"),
        "decorator": lambda: named(importlib.reload(mojo_decorator)),
        "isolated": lambda: named(mc.compile(source, mode="isolated", name="compute")),
        "inline": lambda: named(mc.compile(source, mode="inline", name="compute")),
        "Python": lambda: {task.__name__: task for task in tasks},
        "numba": with_numba,
    }
    return (ways,)


@app.cell
def _(mo):
    rounds = mo.ui.slider(1, 10, value=3, label="rounds of later calls", show_value=True, debounce=True)
    again = mo.ui.run_button(label="Measure again, with an empty cache")
    mo.hstack([rounds, again], justify="start", gap=2)
    return again, rounds


@app.cell
def _(again, mc, mo, rounds, statistics, tasks, time, ways):
    def seconds(function, argument, count=1):
        """The time of one of so many calls."""
        began = time.perf_counter()
        for _ in range(count):
            function(argument)
        return (time.perf_counter() - began) / count

    def later(function, argument):
        """The median over rounds; each repeats a fast call for some milliseconds."""
        once = seconds(function, argument)
        if once > 0.2:
            return once
        count = max(1, min(20_000, int(5e-3 / once)))
        return statistics.median(seconds(function, argument, count) for _ in range(rounds.value))

    again  # pressing it runs this cell
    before = mc.cache.stats()
    rows, missing = [], []
    for way, make in mo.status.progress_bar(ways.items(), title="Measuring", remove_on_exit=True):
        mc.clear_cache()
        began = time.perf_counter()
        try:
            functions = make()
        except ImportError:
            missing.append(way)
            continue
        setup = time.perf_counter() - began
        for task, argument in tasks.items():
            function = functions[task.__name__]
            began = time.perf_counter()
            result = function(argument)
            first, setup = time.perf_counter() - began + setup, 0
            assert result == task(argument), f"{way} disagrees with Python"
            call = f"{task.__name__}({argument})"
            rows.append({"call": call, "way": way, "first": first, "later": later(function, argument)})
    counters = {name: count - before[name] for name, count in mc.cache.stats().items() if name in ("hits", "misses")}
    return counters, missing, rows


@app.cell
def _(counters, mo, rows, tasks):
    def shown(seconds):
        for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
            if seconds >= size:
                return f"{seconds / size:.3g} {unit}"
        return f"{seconds / 1e-9:.3g} ns"

    calls = [f"{task.__name__}({argument})" for task, argument in tasks.items()]
    ways_measured = list(dict.fromkeys(row["way"] for row in rows))
    cells = {(row["way"], row["call"]): row for row in rows}
    lines = [
        "| | " + " | ".join(f"`{call}`" for call in calls) + " |",
        "|---" * (len(calls) + 1) + "|",
    ]
    for _way in ways_measured:
        _cells = [cells[_way, call] for call in calls]
        lines.append(
            f"| **{_way}** | " + " | ".join(f"{shown(cell['first'])} → {shown(cell['later'])}" for cell in _cells) + " |"
        )
    mo.md(
        "First call → later calls:\n\n" + "\n".join(lines) + "\n\n"
        f"The cache saw <span id='counters'>{counters['hits']} hits and {counters['misses']} misses</span>: "
        "a miss is a compilation; what is called in this process asks no cache."
    )
    return calls, cells, ways_measured


@app.cell
def _(calls, cells, plt, ways_measured):
    figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
    height = 0.8 / len(calls)
    for _number, _call in enumerate(calls):
        places = [at + (_number - 1) * height for at in range(len(ways_measured))]
        later_seconds = [cells[way, _call]["later"] for way in ways_measured]
        axes.barh(places, later_seconds, height, label=_call)
    axes.set(xscale="log", xlabel="seconds of a later call (logarithmic)", yticks=range(len(ways_measured)))
    axes.set_yticklabels(ways_measured)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure
    return


@app.cell
def _(mc, missing, mo, os, platform):
    _toolchain = mc.info()["toolchain"]
    _missing = f" Not installed, and so not measured: {', '.join(missing)}." if missing else ""
    mo.md(f"""
    Measured on {platform.machine()} ({_toolchain["target_cpu"]}), {len(os.sched_getaffinity(0))}
    processors, {platform.system()} {platform.release()}, Python {platform.python_version()},
    {_toolchain["version_line"]}.{_missing}
    """)
    return


@app.cell
def _(mo, rows):
    if mo.app_meta().mode == "script":
        for _row in rows:
            print(f"{_row['way']:10} {_row['call']:20} first {_row['first']:10.6f} s, later {_row['later']:12.9f} s")
    return


if __name__ == "__main__":
    app.run()
