import marimo

app = marimo.App(width="medium", app_title="A slider on a Mojo function")


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # A slider on a Mojo function

    The logistic map makes next year's population from this year's: $x \mapsto r\,x\,(1 - x)$. Move $r$ and watch the
    population die out, settle, swing between two values, then four, then eight, and at last never repeat itself.

    Both functions below are Mojo. They are compiled once; every position of a slider is a call like any other.
    """)
    return


@app.cell
def _():
    import marimo as mo
    import mojocell as mc

    return mc, mo


@app.cell
def _(mc):
    logistic = mc.cell(r'''
    def orbit(r: Float64, start: Float64, years: Int) -> List[Float64]:
        """The population of so many years."""
        var path = List[Float64](capacity=years)
        var x = start
        for _ in range(years):
            path.append(x)
            x = r * x * (1 - x)
        return path^


    def cycle(r: Float64, start: Float64, longest: Int = 64) -> List[Float64]:
        """The values that it repeats once it has settled; none: it never repeats itself."""
        var x = start
        for _ in range(100_000):
            x = r * x * (1 - x)
        var first = x
        var values = List[Float64]()
        for _ in range(longest):
            values.append(x)
            x = r * x * (1 - x)
            if abs(x - first) < 1e-7:
                return values^
        return List[Float64]()
    ''')
    logistic
    return (logistic,)


@app.cell
def _(mo):
    r = mo.ui.slider(0.5, 4.0, step=0.01, value=3.5, label="growth $r$", show_value=True, full_width=True)
    start = mo.ui.slider(0.05, 0.95, step=0.05, value=0.2, label="start $x$", show_value=True, full_width=True)
    mo.hstack([r, start], widths="equal", gap=3)
    return r, start


@app.cell
def _(logistic, r, start):
    path = logistic.orbit(r.value, start.value, 60)
    cycle = logistic.cycle(r.value, start.value)
    return cycle, path


@app.cell
def _(chart, cycle, mo, path, table, verdict):
    mo.hstack(
        [chart(path, cycle), mo.vstack([mo.md(f"### {verdict(cycle)}"), table(cycle)])],
        widths=[5, 2],
        gap=2,
    )
    return


@app.cell
def _(cycle, mo, path, r, verdict):
    if mo.app_meta().mode == "script":
        print(f"r = {r.value}: {verdict(cycle)}. After {len(path) - 1} years x = {path[-1]:.4f}.")
    return


@app.cell(hide_code=True)
def _(mo):
    def verdict(cycle):
        """A sentence on what becomes of the population."""
        if len(cycle) == 0:
            return "It never repeats itself"
        if len(cycle) > 1:
            return f"It repeats itself after {len(cycle)} years"
        return "It settles" if cycle[0] > 1e-6 else "It dies out"

    def table(cycle):
        """The values that it goes on with."""
        lines = "".join(f"<tr><td>{i}</td><td>{x:.4f}</td></tr>" for i, x in enumerate(cycle, 1))
        return mo.Html(f"<table id='cycle' style='opacity: 0.8'>{lines}</table>")

    def chart(path, cycle, width=660, height=340):
        """The years as a line, the values that it goes on with as levels."""
        across = [30 + (width - 40) * i / (len(path) - 1) for i in range(len(path))]

        def down(x):
            return height - 30 - (height - 50) * x

        levels = "".join(
            f"<line x1='30' x2='{width - 10}' y1='{down(x):.1f}' y2='{down(x):.1f}'/>" for x in cycle
        )
        points = [(f"{a:.1f}", f"{down(x):.1f}") for a, x in zip(across, path)]
        line = " ".join(f"{a},{b}" for a, b in points)
        dots = "".join(f"<circle cx='{a}' cy='{b}' r='3'/>" for a, b in points)
        scale = "".join(
            f"<text x='20' y='{down(x) + 4:.1f}' text-anchor='end' stroke='none'>{x}</text>"
            f"<line x1='30' x2='{width - 10}' y1='{down(x):.1f}' y2='{down(x):.1f}' stroke-opacity='0.25'/>"
            for x in (0, 0.5, 1)
        )
        return mo.Html(
            f"<svg id='orbit' viewBox='0 0 {width} {height}' width='100%' font-size='11'>"
            f"<g fill='#94a3b8' stroke='#94a3b8' stroke-width='0.5'>{scale}"
            f"<text x='{width - 10}' y='{height - 8}' text-anchor='end' stroke='none'>{len(path) - 1} years</text></g>"
            f"<g stroke='#f97316' stroke-opacity='0.7' stroke-dasharray='2 4'>{levels}</g>"
            f"<polyline points='{line}' fill='none' stroke='#6366f1' stroke-width='1.5' stroke-opacity='0.5'/>"
            f"<g fill='#6366f1'>{dots}</g></svg>"
        )

    return chart, table, verdict


if __name__ == "__main__":
    app.run()
