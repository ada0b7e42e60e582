import marimo

app = marimo.App(width="full", app_title="Python and Mojo, side by side")


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # Python and Mojo, side by side

    On the left what you would write in Python, on the right the same in Mojo. Both are called with the same arguments;
    equal results are checked before anything is timed.
    """)
    return


@app.cell
def _():
    import inspect

    import marimo as mo
    import mojocell as mc
    import numpy as np

    return inspect, mc, mo, np


@app.cell
def _(np):
    # --- Python ---

    def fibonacci(n):
        prev, curr = 0, 1
        for _ in range(n):
            prev, curr = curr, prev + curr
        return prev

    def count_primes(limit):
        composite = bytearray(limit + 1)
        count = 0
        for n in range(2, limit + 1):
            if not composite[n]:
                count += 1
                for multiple in range(n * n, limit + 1, n):
                    composite[multiple] = 1
        return count

    def smooth(values, weight):
        out = np.empty_like(values)
        level = values[0]
        for i, value in enumerate(values):
            level = weight * value + (1 - weight) * level
            out[i] = level
        return out

    def mean(values):
        return float(np.mean(values))

    return count_primes, fibonacci, mean, smooth


@app.cell
def _(mc):
    # --- Mojo ---
    sources = {
        "fibonacci": '''
    def fibonacci(n: Int) -> Int:
        var prev = 0
        var curr = 1
        for _ in range(n):
            prev, curr = curr, prev + curr
        return prev
    ''',
        "count_primes": '''
    def count_primes(limit: Int) -> Int:
        var composite = List[Bool](length=limit + 1, fill=False)
        var count = 0
        for n in range(2, limit + 1):
            if not composite[n]:
                count += 1
                for multiple in range(n * n, limit + 1, n):
                    composite[multiple] = True
        return count
    ''',
        "smooth": '''
    def smooth(values: Span[Float64, _], weight: Float64) -> List[Float64]:
        var out = List[Float64](capacity=len(values))
        var level = values[0]
        for value in values:
            level = weight * value + (1 - weight) * level
            out.append(level)
        return out^
    ''',
        "mean": '''
    def mean(values: Span[Float64, _]) -> Float64:
        comptime LANES = 8
        var sums = SIMD[DType.float64, LANES](0)
        var whole = len(values) // LANES * LANES
        for i in range(0, whole, LANES):
            sums += values.unsafe_ptr().load[width=LANES](i)
        var total = sums.reduce_add()
        for i in range(whole, len(values)):
            total += values[i]
        return total / Float64(len(values))
    ''',
    }
    import textwrap

    # In this process also in an app, where calls are isolated unless one says otherwise: the languages are compared.
    module = mc.compile(
        "\n".join(textwrap.dedent(source) for source in sources.values()), name="side_by_side", mode="inline"
    )
    return module, sources, textwrap


@app.cell
def _(mo):
    size = mo.ui.slider(steps=[1_000, 10_000, 100_000, 1_000_000], value=100_000, label="size", show_value=True, debounce=True)
    size
    return (size,)


@app.cell
def _(count_primes, fibonacci, mc, mean, module, np, size, smooth):
    values = np.random.default_rng(1).normal(size=size.value)
    cases = {
        "fibonacci": (fibonacci, (90,)),
        "count_primes": (count_primes, (size.value,)),
        "smooth": (smooth, (values, 0.1)),
        "mean": (mean, (values,)),
    }
    # Each comparison checks first that both give the same; 1e-9 is for another order of additions.
    comparisons = {
        name: mc.compare(python, module[name], args=arguments, rtol=1e-9) for name, (python, arguments) in cases.items()
    }
    return cases, comparisons


@app.cell
def _(cases, comparisons, inspect, mo, sources, textwrap):
    def pane(language, code):
        return mo.md(f"```{language}\n{textwrap.dedent(code).strip()}\n```")

    def verdict(name):
        speedup = comparisons[name].speedup
        word = f"**{speedup:,.1f} ×** as fast" if speedup >= 1 else f"**{1 / speedup:,.1f} ×** as slow"
        return mo.md(f"Equal results; Mojo is <span id='speedup-{name}'>{word}</span>.")

    mo.vstack(
        [
            mo.vstack(
                [
                    mo.md(f"## {name}"),
                    mo.hstack([pane("python", inspect.getsource(cases[name][0])), pane("mojo", sources[name])], widths="equal"),
                    verdict(name),
                ]
            )
            for name in cases
        ]
    )
    return


@app.cell
def _(comparisons):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    names = list(comparisons)
    bars = axes.barh(names, [comparisons[name].speedup for name in names], color="#6366f1")
    axes.bar_label(bars, fmt=" %.1f ×")
    axes.axvline(1, color="grey", linewidth=1)
    axes.set(xscale="log", xlabel="times as fast as Python (NumPy for the mean), logarithmic")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    figure
    return


@app.cell
def _(comparisons, mo):
    if mo.app_meta().mode == "script":
        for _name, _comparison in comparisons.items():
            print(f"{_name:14} {_comparison.speedup:8.1f} times as fast")
    return


if __name__ == "__main__":
    app.run()
