"""The innermost loops of machine code: how many elements they take at once, and what holds them up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mojocell.assembly.artifact import Instruction, Routine

#: Arithmetic on several floats, on one, and on several integers, as x86-64 calls it.
_PACKED = re.compile(
    r"v?(?:add|sub|mul|div|sqrt|min|max|rsqrt|rcp|round|rndscale|fn?m(?:add|sub)[123]*)p(?P<of>[sd])"
)
_SCALAR = re.compile(
    r"v?(?:add|sub|mul|div|sqrt|min|max|rsqrt|rcp|round|rndscale|fn?m(?:add|sub)[123]*)s(?P<of>[sd])"
)
_INTEGERS = re.compile(r"v?p(?:add|sub|mul[hl]?|min[su]|max[su]|abs|cmpeq|cmpgt|sll|srl|sra)(?P<of>[bwdq])")
_BYTES = {"s": 4, "d": 8}
_INTEGER_BYTES = {"b": 1, "w": 2, "d": 4, "q": 8}
_REGISTERS = {"x": 16, "y": 32, "z": 64}
#: As AArch64 writes a register of several, and arithmetic on one float.
_ARRANGED = re.compile(r"\bv\d+\.(?P<lanes>\d+)[bhsd]")
_ARM_SCALAR = re.compile(r"f(?:add|sub|mul|div|sqrt|min|max|n?madd|n?msub)")


class Loop(NamedTuple):
    """An innermost loop.

    Attributes
    ----------
    lines : tuple of int
        The lines of the cell that it comes from.
    lanes : int
        Elements that its arithmetic takes at once: 1 where it is on single floats, 0 where there is none on
        floats or on vectors.
    instructions : int
        In one turn.
    calls : list of str
        The functions that it calls; ``""`` for one that is known only when it runs.
    divisions : int
        Divisions and square roots, which take many times what a multiplication does.
    spills : int
        Stores to the stack: values that had no register.
    start : int
        Address of its first instruction.
    """

    lines: tuple[int, ...]
    lanes: int
    instructions: int
    calls: list[str]
    divisions: int
    spills: int
    start: int

    def __str__(self) -> str:
        """Return it in one line of words."""
        where = "the call" if not self.lines else _lines(self.lines)
        what = {0: "no arithmetic on floats or vectors", 1: "one element at a time"}
        words = [what.get(self.lanes, f"{self.lanes} elements at a time")]
        words += [f"calls {name or 'what is known only then'}" for name in self.calls]
        words += [f"{self.divisions} divisions or roots"] * (self.divisions > 1)
        words += ["a division or root"] * (self.divisions == 1)
        words += [f"{self.spills} values put aside on the stack"] * (self.spills > 1)
        words += ["a value put aside on the stack"] * (self.spills == 1)
        return f"loop, {where}: {', '.join(words)}; {self.instructions} instructions"


def _lines(lines: Sequence[int]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]}"


def loops(routine: Routine) -> list[Loop]:
    """Return the innermost loops, in the order of their code.

    A loop is what lies between a jump backwards and where it goes, as compilers lay loops out.
    """
    ends = [
        (one.target, one.address)
        for one in routine.instructions
        if one.target is not None and one.calls is None and routine.start <= one.target <= one.address
    ]
    inner = [
        (start, end)
        for start, end in ends
        if not any(
            start <= other < end and last < end for other, last in ends if (other, last) != (start, end)
        )
    ]
    longest = {start: max(end for begin, end in inner if begin == start) for start, _ in inner}
    return [
        _loop([one for one in routine.instructions if start <= one.address <= end])
        for start, end in sorted(longest.items())
    ]


def _loop(body: list[Instruction]) -> Loop:
    return Loop(
        tuple(sorted({one.line for one in body if one.line is not None})),
        max((lanes(one) for one in body), default=0),
        len(body),
        [one.calls for one in body if one.calls is not None],
        sum("div" in one.mnemonic or "sqrt" in one.mnemonic for one in body),
        sum(is_spill(one) for one in body),
        body[0].address,
    )


def lanes(one: Instruction) -> int:
    """Return how many elements an instruction computes with at once; 0: it does not compute on such.

    Examples
    --------
    >>> from mojocell.assembly.artifact import Instruction
    >>> lanes(Instruction(0, "vaddpd", "ymm0, ymm0, ymm1", 1, "", None, None, ""))
    4
    """
    for pattern, sizes in ((_PACKED, _BYTES), (_INTEGERS, _INTEGER_BYTES)):
        packed = pattern.match(one.mnemonic)
        if packed:
            widths = [_REGISTERS[letter] for letter in re.findall(r"\b([xyz])mm\d", one.operands)]
            return max(widths, default=0) // sizes[packed["of"]]
    if _SCALAR.match(one.mnemonic):
        return 1
    arranged = _ARRANGED.search(one.operands)
    if arranged and not one.mnemonic.startswith(("ld", "st", "mov", "dup", "ins")):
        return int(arranged["lanes"])
    return 1 if _ARM_SCALAR.match(one.mnemonic) else 0


def is_spill(one: Instruction) -> bool:
    """Tell whether it stores to the stack."""
    first = one.operands.partition(",")[0]
    if "[" in first:
        return "mov" in one.mnemonic and bool(re.search(r"\[r(?:sp|bp)\b", first))
    return one.mnemonic.startswith("st") and "[sp" in one.operands
