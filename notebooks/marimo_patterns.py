import marimo

app = marimo.App(width="medium", app_title="Interactive Mojo: four patterns")


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # Interactive Mojo: four patterns

    The same three functions, called in four ways. Move a slider: Mojo runs, and the number below follows. What differs
    is what happens between the slider and the result.

    | | what a call is | first call | later calls |
    |---|---|---|---|
    | **1 uncached** | `mojo build` and a process, each time | seconds | seconds |
    | **2 cached** | a process; compiled once | seconds | a millisecond |
    | **3 decorator** | a call of a worker; compiled once, also for new numbers | seconds | a fraction of one |
    | **4 inline** | a call in this process | seconds, all functions together | under a microsecond |

    `marimo_benchmark.py` measures them on your machine.
    """)
    return


@app.cell
def _():
    import time

    import marimo as mo

    return mo, time


@app.cell
def _(time):
    def timed(function, *arguments):
        """Return a result and what it took, in words."""
        began = time.perf_counter()
        result = function(*arguments)
        took = time.perf_counter() - began
        if took < 1e-3:
            return result, f"{took * 1e6:.1f} µs"
        return result, f"{took * 1e3:.1f} ms" if took < 1 else f"{took:.2f} s"

    return (timed,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 1. Uncached

    Every position compiles. This slider waits until you let go of it.
    """)
    return


@app.cell
def _(mo):
    uncached_n = mo.ui.slider(1, 30, value=10, label="n", show_value=True, debounce=True)
    uncached_n
    return (uncached_n,)


@app.cell
def _(mo, timed, uncached_n):
    from compute_wrapper import fibonacci as fibonacci_uncached

    _result, _took = timed(fibonacci_uncached, uncached_n.value)
    mo.md(f"**Fibonacci({uncached_n.value})** = <span id='uncached'>{_result:,}</span> in {_took}")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 2. Cached

    The program was compiled once and takes the number as its argument. A position starts a process.
    """)
    return


@app.cell
def _(mo):
    cached_n = mo.ui.slider(1, 1000, value=100, label="n", show_value=True)
    cached_n
    return (cached_n,)


@app.cell
def _(cached_n, mo, timed):
    from mo_run_cached import sum_squares_cached

    _result, _took = timed(sum_squares_cached, cached_n.value)
    mo.md(f"**1² + … + {cached_n.value}²** = <span id='cached'>{_result:,}</span> in {_took}")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 3. Decorator

    The program stands in a docstring; `{{n}}` is passed when it runs. A position calls a worker.
    """)
    return


@app.cell
def _(mo):
    decorator_n = mo.ui.slider(2, 200_000, value=104_729, label="n", show_value=True, full_width=True)
    decorator_n
    return (decorator_n,)


@app.cell
def _(decorator_n, mo, timed):
    from mojo_decorator import is_prime

    _result, _took = timed(is_prime, decorator_n.value)
    _word = "is prime" if _result else "is not prime"
    mo.md(f"**{decorator_n.value:,}** <span id='decorator'>{_word}</span>, in {_took}")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 4. Inline

    The compiled functions themselves. `mc.interact` makes the slider, and shows what the function returns.
    """)
    return


@app.cell
def _():
    import mojocell as mc
    from mojo_inline import fibonacci

    widget = mc.interact(fibonacci, n=(1, 90))
    widget
    return (widget,)


@app.cell
def _(mo, widget):
    mo.md(f"The cells below follow: **Fibonacci({widget.arguments['n']})** has {len(str(widget.value))} digits.")
    return


if __name__ == "__main__":
    app.run()
