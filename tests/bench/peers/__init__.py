"""The peers of typed functions: the same three functions with other tools, built here and kept in build/peers.

Every peer has ``next_int(n)``; ``nothing(x)`` takes an array of float64 and does nothing, ``total(x)`` adds it up in a
plain loop. A peer lacks what its tool has no idiom for. What was built is known by a digest of its sources, of the tools'
versions and of the interpreter.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[2] / "build" / "peers"

#: Flags of every C and C++ peer: those of a release, for this machine as Mojo compiles for it.
OPTIMIZED = ["-O3", "-march=native", "-fPIC", "-shared"]


def compiler(name: str) -> str:
    """Return a compiler's path, or end the benchmark and say what to install."""
    found = shutil.which(name)
    if not found:
        sys.exit(f"the peers are built with {name}: install gcc and g++")
    return found


def call(words: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def include() -> str:
    return f"-I{sysconfig.get_path('include')}"


def build_cython(target: Path) -> None:
    source = target.with_suffix(".c")
    call([sys.executable, "-m", "cython", "-3", "-o", str(source), str(HERE / "cython_peer.pyx")])
    call([compiler("gcc"), *OPTIMIZED, "-fno-strict-aliasing", include(), str(source), "-o", str(target)])


def build_nanobind(target: Path) -> None:
    import nanobind

    library = Path(nanobind.source_dir())
    words = [
        compiler("g++"),
        *OPTIMIZED,
        "-std=c++17",
        "-fvisibility=hidden",
        "-DNDEBUG",
        "-fno-strict-aliasing",
        include(),
    ]
    words += [f"-I{nanobind.include_dir()}", f"-I{library.parent / 'ext' / 'robin_map' / 'include'}"]
    call([*words, str(library / "nb_combined.cpp"), str(HERE / "nanobind_peer.cpp"), "-o", str(target)])


def build_ctypes(target: Path) -> None:
    call([compiler("gcc"), *OPTIMIZED, str(HERE / "ctypes_peer.c"), "-o", str(target)])


def build_builder(target: Path) -> None:
    from bench_programs import compiler as mojo_compiler

    mojo, env = mojo_compiler()
    call([mojo, "build", "--emit", "shared-lib", str(HERE / "builder_peer.mojo"), "-o", str(target)], env)


def built(name: str, source: str, build: Callable[[Path], None], *tools: str) -> Path:
    """Return the library of a peer, built where it is not there yet."""
    parts = [(HERE / source).read_bytes(), Path(__file__).read_bytes(), sys.version.encode()]
    parts += [f"{tool} {version(tool)}".encode() for tool in tools]
    place = BUILT / hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    target = place / f"{name}.so"
    if not target.exists():
        print(f"  building {name}", flush=True)
        place.mkdir(parents=True, exist_ok=True)
        temporary = place / f"{name}.new.so"
        build(temporary)
        os.replace(temporary, target)
    return target


def module(path: Path) -> ModuleType:
    """Return an extension module that lies in a file."""
    loader = importlib.machinery.ExtensionFileLoader(path.stem, str(path))
    spec = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    assert spec is not None
    made = importlib.util.module_from_spec(spec)
    loader.exec_module(made)
    return made


def ctypes_functions() -> SimpleNamespace:
    """Return the functions of a C library as ctypes' users write them: numpy's pointer, then the length."""
    import numpy as np

    library = ctypes.CDLL(str(built("ctypes_peer", "ctypes_peer.c", build_ctypes)))
    array = np.ctypeslib.ndpointer(dtype=np.float64, ndim=1, flags="C_CONTIGUOUS")
    for name, result in (("nothing", None), ("total", ctypes.c_double)):
        getattr(library, name).argtypes = [array, ctypes.c_size_t]
        getattr(library, name).restype = result
    library.next_int.argtypes = [ctypes.c_long]
    library.next_int.restype = ctypes.c_long
    return SimpleNamespace(
        next_int=library.next_int,
        nothing=lambda x: library.nothing(x, x.size),
        total=lambda x: library.total(x, x.size),
    )


def numba_functions() -> SimpleNamespace:
    """Return numba's, compiled for the types that the benchmark passes."""
    import numba

    @numba.njit("int64(int64)")
    def next_int(n):
        return n + 1

    @numba.njit("void(float64[::1])")
    def nothing(x):
        pass

    @numba.njit("float64(float64[::1])")
    def total(x):
        s = 0.0
        for v in x:
            s += v
        return s

    return SimpleNamespace(next_int=next_int, nothing=nothing, total=total)


def python_functions() -> SimpleNamespace:
    import numpy as np

    def next_int(n: int) -> int:
        return n + 1

    def nothing(x: Any) -> None:
        pass

    def total(x: Any) -> float:
        s = 0.0
        for v in x:
            s += v
        return s

    return SimpleNamespace(next_int=next_int, nothing=nothing, total=total, numpy=np)


def cython_functions() -> ModuleType:
    """Return Cython's."""
    return module(built("cython_peer", "cython_peer.pyx", build_cython, "cython"))


def all_peers() -> dict[str, Any]:
    """Return the peers by name, each built and checked."""
    import numpy as np

    found: dict[str, Any] = {
        "Cython": cython_functions(),
        "numba": numba_functions(),
        "nanobind": module(built("nanobind_peer", "nanobind_peer.cpp", build_nanobind, "nanobind")),
        "ctypes": ctypes_functions(),
        "PythonModuleBuilder": module(built("builder_peer", "builder_peer.mojo", build_builder, "mojo")),
        "Python": python_functions(),
        "NumPy": SimpleNamespace(total=np.sum),
    }
    x = np.arange(1000, dtype=np.float64)
    for name, peer in found.items():
        if hasattr(peer, "next_int"):
            assert peer.next_int(41) == 42, name
        if hasattr(peer, "nothing"):
            assert peer.nothing(x) is None, name
        if hasattr(peer, "total"):
            assert peer.total(x) == 499500.0, name
    return found
