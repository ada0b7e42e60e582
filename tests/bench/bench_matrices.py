"""Arrays of two and three dimensions: the examples of docs/matrices.md against their twins, and what such a call costs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

if "numpy" not in sys.modules:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # it is read when the library is loaded

from frame import Row, interleaved, private_place

PAGE = Path(__file__).resolve().parents[2] / "docs" / "matrices.md"

EMPTY = """
from mojocell import NDSpan

def nothing(x: NDSpan[mut=True, DType.float64, 2, _]):
    pass
"""


def examples() -> str:
    """Return the Mojo source that the page shows."""
    found = re.search(r'kernels = mc\.compile\(r"""\n(.*?)"""\)', PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def blas_threads() -> int:
    """Return with how many threads NumPy multiplies matrices here."""
    import numpy as np

    config = np.show_config("dicts")["Build Dependencies"]["blas"]["name"]
    return int(os.environ.get("OPENBLAS_NUM_THREADS", "0")) if "openblas" in config else 0


def product(kernels: Any) -> list[Row]:
    import numba
    import numpy as np

    @numba.njit
    def loops(a: Any, b: Any) -> Any:
        found = np.zeros((a.shape[0], b.shape[1]))
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                for k in range(b.shape[0]):
                    found[i, j] += a[i, k] * b[k, j]
        return found

    rng = np.random.default_rng(1)
    a, b = rng.random((512, 512)), rng.random((512, 512))
    np.testing.assert_allclose(kernels.product(a, b), a @ b, rtol=1e-12)
    np.testing.assert_allclose(loops(a, b), a @ b, rtol=1e-12)
    blas = interleaved(lambda: kernels.product(a, b), lambda: a @ b, runs=40, block=5, warmup=3)
    plain = interleaved(lambda: kernels.product(a, b), lambda: loops(a, b), runs=5)
    one = blas_threads() == 1
    return [
        Row("512x512 product / numba's triple loop", plain.ratio, "ratio", 0.03, plain.detail()),
        Row(
            "512x512 product / OpenBLAS, one thread", blas.ratio, "ratio", 1.3 if one else None, blas.detail()
        ),
    ]


def stencil(kernels: Any) -> list[Row]:
    import numba
    import numpy as np

    @numba.njit
    def smooth(x: Any, y: Any) -> None:
        for i in range(x.shape[0]):
            y[i, 0] = x[i, 0]
            y[i, -1] = x[i, -1]
            for j in range(1, x.shape[1] - 1):
                y[i, j] = 0.25 * (x[i, j - 1] + x[i, j + 1]) + 0.5 * x[i, j]

    x = np.random.default_rng(2).random((4000, 4000))
    ours, theirs = np.empty_like(x), np.empty_like(x)
    kernels.smooth(x, ours)
    smooth(x, theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    peer = interleaved(lambda: kernels.smooth(x, ours), lambda: smooth(x, theirs), runs=15)
    copy = interleaved(lambda: kernels.smooth(x, ours), lambda: np.copyto(theirs, x), runs=15)
    return [
        Row("3-point stencil, 4000x4000 / numba", peer.ratio, "ratio", 1.0, peer.detail()),
        Row("3-point stencil, 4000x4000 / a copy", copy.ratio, "ratio", 1.15, copy.detail()),
    ]


def others(kernels: Any) -> list[Row]:
    """The twins with NumPy, as the page has them."""
    import numpy as np

    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    points = rng.random((500, 3))

    def blurred() -> Any:
        edged = np.pad(image.astype(np.uint16), ((1, 1), (1, 1), (0, 0)), mode="edge")
        return sum(edged[i : i + 480, j : j + 640] for i in range(3) for j in range(3)) // 9

    def distances() -> Any:
        return np.sqrt(((points[:, None] - points) ** 2).sum(axis=-1))

    np.testing.assert_array_equal(kernels.blur(image), blurred())
    np.testing.assert_allclose(kernels.distances(points), distances(), rtol=1e-12, atol=1e-12)
    blur = interleaved(lambda: kernels.blur(image), blurred, runs=15)
    pairs = interleaved(lambda: kernels.distances(points), distances, runs=15)
    return [
        Row("blur of 480x640x3 bytes / NumPy", blur.ratio, "ratio", detail=blur.detail()),
        Row("distances of 500 points / NumPy", pairs.ratio, "ratio", detail=pairs.detail()),
    ]


def calls(mc: Any) -> list[Row]:
    """One call with an array of two dimensions, and nothing in it."""
    import numpy as np
    import peers
    from bench_calls import US, against

    functions = {US: mc.compile(EMPTY).nothing, "Cython": peers.cython_functions().nothing_2}
    return against("one 2-D array, empty body", functions, np.zeros((10, 10)), {"Cython": 0.35})


def measure() -> list[Row]:
    """All rows."""
    import mojocell as mc

    with private_place():
        kernels = mc.compile(examples())
        return [*product(kernels), *stencil(kernels), *others(kernels), *calls(mc)]
