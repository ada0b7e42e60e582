"""The machine that Mojo compiles for and runs on."""

from __future__ import annotations

import html
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The first feature that the compiler's target has decides how wide Mojo makes a vector: AVX alone
# has no integers of 256 bits.
_WIDTHS = (("avx512f", 512), ("avx2", 256), ("sse2", 128), ("neon", 128))
_ELEMENTS = (("Float64", 64), ("Float32", 32), ("Int64", 64), ("Int32", 32), ("Int16", 16), ("Int8", 8))
_TELLING = ("sse4", "avx", "fma", "amx", "neon", "dotprod", "sve", "fullfp16", "bf16")


class Machine(NamedTuple):
    """A processor, what the compiler makes of it, and how much of it may be used.

    Examples
    --------
    >>> import mojocell as mc
    >>> mc.machine().usable >= 1
    True
    """

    model: str
    """What the processor calls itself."""
    architecture: str
    target_cpu: str | None
    """What Mojo compiles for unless flags say otherwise; None where no compiler was found."""
    features: tuple[str, ...]
    """What that target has, in the compiler's words."""
    physical: int | None
    """Cores; None where the system does not tell."""
    logical: int
    """Processors that the system sees: more than cores where each runs several threads."""
    allowed: int
    """Processors that this process may use."""
    quota: float | None
    """Processors' worth of time that the control group may use; None: no limit."""

    @property
    def simd_bits(self) -> int | None:
        """The width of a vector in bits, ``simd_bit_width()`` of Mojo; None where it is not known."""
        return next((bits for name, bits in _WIDTHS if name in self.features), None)

    @property
    def elements(self) -> dict[str, int]:
        """How many elements of a type a vector has, ``simd_width_of[DType.…]()`` of Mojo."""
        bits = self.simd_bits
        return {name: bits // size for name, size in _ELEMENTS} if bits else {}

    @property
    def usable(self) -> int:
        """How many threads can run at the same time."""
        return self.allowed if self.quota is None else max(1, min(self.allowed, int(self.quota)))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, those that are computed among them."""
        return {
            **self._asdict(),
            "features": list(self.features),
            "simd_bits": self.simd_bits,
            "elements": self.elements,
            "usable": self.usable,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Machine:
        """Return what `as_dict` was made of."""
        return cls(**{name: values[name] for name in cls._fields})

    def line(self) -> str:
        """Return what matters most, in a line.

        Examples
        --------
        >>> Machine("A CPU", "x86_64", "haswell", ("avx2",), 4, 8, 2, None).line()
        'A CPU, 2 of 8 processors; target haswell, SIMD 256 bits (4 Float64)'
        """
        count = str(self.usable) if self.usable == self.logical else f"{self.usable} of {self.logical}"
        text = f"{self.model}, {count} processor{'s' * (self.logical != 1)}"
        if self.target_cpu:
            text += f"; target {self.target_cpu}"
        if self.simd_bits:
            text += f", SIMD {self.simd_bits} bits ({self.elements['Float64']} Float64)"
        return text

    def _rows(self) -> Iterator[tuple[str, str]]:
        yield "processor", f"{self.model} ({self.architecture})"
        cores = f"{self.physical} cores, " if self.physical else ""
        quota = f", {self.quota:g} by the control group" if self.quota is not None else ""
        yield "processors", f"{cores}{self.logical} threads, {self.allowed} allowed{quota}"
        yield "target", self.target_cpu or "not known: no compiler was found"
        if self.features:
            telling = [name for name in self.features if name.startswith(_TELLING)]
            yield "features", " ".join(telling or self.features)
        if self.simd_bits:
            elements = ", ".join(f"{count} {name}" for name, count in self.elements.items())
            yield "SIMD", f"{self.simd_bits} bits: {elements}"

    def __repr__(self) -> str:
        return "\n".join(f"{name:<12}{text}" for name, text in self._rows())

    def _repr_html_(self) -> str:
        left = "text-align: left; vertical-align: top"
        rows = "".join(
            f'<tr><th scope="row" style="{left}">{name}</th><td style="{left}">{html.escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        return f'<table class="mojocell-machine"><tbody>{rows}</tbody></table>'

    def _mime_(self) -> tuple[str, str]:
        """Show it in marimo."""
        return "text/html", self._repr_html_()


def machine() -> Machine:
    """Describe the processor, the compiler's target and the processors that may be used.

    Returns
    -------
    Machine

    Raises
    ------
    DaemonUnavailable
        There is no helper process to ask for the compiler's target.

    Examples
    --------
    >>> import mojocell as mc
    >>> mc.machine().elements["Float32"] == 2 * mc.machine().elements["Float64"]
    True
    """
    from mojocell import settings
    from mojocell.core import client, surroundings

    request = {"op": "info", **surroundings.of_caller(toolchain=settings.value_of("toolchain"))}
    return describe(client.request(request).get("toolchain"))


def describe(toolchain: Any) -> Machine:
    """Return the machine, with the target that the daemon tells of a compiler."""
    known: Mapping[str, Any] = toolchain if isinstance(toolchain, dict) else {}
    listed = str(known.get("target_features") or "").split(",")
    return Machine(
        model=_model(),
        architecture=platform.machine(),
        target_cpu=known.get("target_cpu") or None,
        features=tuple(name[1:] for name in listed if name.startswith("+")),
        physical=_physical(),
        logical=os.cpu_count() or 1,
        allowed=len(os.sched_getaffinity(0)),
        quota=quota(),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _model() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model") and value.strip():
            return value.strip()
    return platform.processor() or platform.machine()


def _physical(root: Path = Path("/sys/devices/system/cpu")) -> int | None:
    """Count the cores: threads of one core name the same siblings."""
    siblings = {_read(path) for path in root.glob("cpu[0-9]*/topology/thread_siblings_list")} - {""}
    return len(siblings) or None


def quota(proc: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return how many processors' worth of time the control group may use; None: no limit.

    A limit of any group around this one counts. In a container the path may be the host's, and the
    group's own files are then at the root.
    """
    found = []
    for line in _read(proc).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / "cpu" if controllers else root
        group = base / path.strip("/")
        places = [group, *(each for each in group.parents if each.is_relative_to(base))]
        found += [value for place in places if (value := _limit(place)) is not None]
    return min(found, default=None)


def _limit(group: Path) -> float | None:
    """Return the limit of one group, of either version's files."""
    words = _read(group / "cpu.max").split() or [
        _read(group / "cpu.cfs_quota_us").strip(),
        _read(group / "cpu.cfs_period_us").strip(),
    ]
    try:
        time, period = (float(word) for word in words)
    except ValueError:  # "max", or no file
        return None
    return time / period if time > 0 and period > 0 else None
