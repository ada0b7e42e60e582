"""The machine code in an artifact: which instructions a function has, and from which lines they come."""

from __future__ import annotations

import bisect
import os
import re
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import extras

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

#: Of an ELF file, by what capstone calls it.
_MACHINES = {"EM_X86_64": "x86-64", "EM_AARCH64": "AArch64"}
#: The module of a cell.
_MODULE = re.compile(r"mc_[0-9a-f]{16}\.mojo")
_CONSTANTS = {"sd": ("<d", 8), "ss": ("<f", 4)}


class Instruction(NamedTuple):
    """One instruction.

    Attributes
    ----------
    address : int
        In the artifact.
    mnemonic, operands : str
        As Intel, or ARM, writes them; a jump goes to a label.
    line : int or None
        The line of the cell that it was made of; None where that is the call itself, which takes the words
        of the arguments and gives those of the result.
    inside : str
        The place in another source that was put in there, as in ``math.mojo:656``; ``""``: none.
    target : int or None
        The address that it jumps to or calls.
    calls : str or None
        The function that it calls, ``""`` where that is only known when it runs.
    note : str
        What an operand is: a constant, a symbol.
    """

    address: int
    mnemonic: str
    operands: str
    line: int | None
    inside: str
    target: int | None
    calls: str | None
    note: str


class Routine(NamedTuple):
    """A piece of code with a name of its own: a function, as far as it was not put into others."""

    name: str
    start: int
    instructions: list[Instruction]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.instructions[-1].address - self.start if self.instructions else 0


class _Row(NamedTuple):
    address: int
    file: str
    line: int


def check_packages() -> None:
    """Raise ImportError where what reads machine code is not installed."""
    lacking = extras.missing("asm")
    if lacking:
        names = " and ".join(str(one) for one in lacking)
        msg = f"machine code is read with {names}: {extras.pip_line(lacking)}"
        raise ImportError(msg)


class Artifact:
    """A compiled source.

    Parameters
    ----------
    path : str
        The library, which has line tables.
    used : collection of str
        The modules of other cells that are in it.
    line_of : callable
        Gives the line of the cell for a line of that file, or None.
    """

    def __init__(self, path: str, used: Collection[str], line_of: Callable[[int], int | None]) -> None:
        from elftools.elf.elffile import ELFFile

        self._used = used
        self._line_of = line_of
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.machine = _MACHINES.get(elf["e_machine"], str(elf["e_machine"]))
            self._segments = [
                (part["p_vaddr"], part.data()) for part in elf.iter_segments() if part["p_type"] == "PT_LOAD"
            ]
            self._symbols = dict(_functions(elf))
            self._imports = dict(_imports(elf))
            self._rows = sorted(_rows(elf), key=lambda row: row.address)
        self._starts = {start: name for name, (start, _) in self._symbols.items()}
        self._decoder = self._make_decoder()

    def _make_decoder(self) -> Any:
        import capstone

        kinds = {
            "x86-64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
            "AArch64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
        }
        if self.machine not in kinds:
            msg = f"machine code of {self.machine} cannot be shown"
            raise ValueError(msg)
        decoder = capstone.Cs(*kinds[self.machine])
        decoder.detail = True
        return decoder

    def has(self, symbol: str) -> bool:
        """Tell whether there is a function of that symbol."""
        return symbol in self._symbols

    def routines(self, symbol: str) -> list[Routine]:
        """Return the code of a function, and of what it calls in the same artifact."""
        todo, found = [symbol], {}
        while todo:
            name = todo.pop(0)
            if name in found:
                continue
            found[name] = routine = self._routine(name)
            todo += [
                self._starts[each.target] for each in routine.instructions if each.target in self._starts
            ]
        return list(found.values())

    def _routine(self, symbol: str) -> Routine:
        start, size = self._symbols[symbol]
        decoded = list(self._decoder.disasm(self._bytes(start, size), start))
        while decoded and _is_padding(decoded[-1]):
            decoded.pop()
        line: int | None = None
        made = []
        for one in decoded:
            row = self._row(one.address)
            inside = ""
            if row is not None and self._is_own(row.file):
                line = self._line_of(row.line) if row.line else line
            elif row is not None and row.line:
                inside = f"{row.file}:{row.line}"
            made.append(self._instruction(one, line, inside))
        return Routine(short_name(symbol), start, made)

    def _is_own(self, file: str) -> bool:
        # Which key it was compiled for first is in its name: the compiler has a cache of its own.
        return _MODULE.fullmatch(file) is not None and file.removesuffix(".mojo") not in self._used

    def _instruction(self, one: Any, line: int | None, inside: str) -> Instruction:
        target = _target(one)
        points = _points_at(one)
        calls = None
        note = ""
        if _is_call(one, self.machine):
            calls = self._called(target, points)
        elif points is not None:
            note = self._imports.get(points, "") or self._constant(one.mnemonic, points)
        return Instruction(one.address, one.mnemonic, one.op_str, line, inside, target, calls, note)

    def _called(self, target: int | None, points: int | None) -> str:
        """Return the name of what is called, here or by way of a stub in another library."""
        if points is not None:
            return self._imports.get(points, "")
        if target is None:
            return ""
        if target in self._starts:
            return short_name(self._starts[target])
        for one in self._decoder.disasm(self._bytes(target, 16), target):
            through = _points_at(one)
            if through in self._imports:
                return self._imports[through]
        return ""

    def _constant(self, mnemonic: str, address: int) -> str:
        layout, size = _CONSTANTS.get(mnemonic[-2:], ("", 0))
        raw = self._bytes(address, size) if layout else b""
        return f"{struct.unpack(layout, raw)[0]:g}" if layout and len(raw) == size else ""

    def _bytes(self, address: int, size: int) -> bytes:
        for start, data in self._segments:
            if start <= address < start + len(data):
                return bytes(data[address - start : address - start + size])
        return b""

    def _row(self, address: int) -> _Row | None:
        at = bisect.bisect_right(self._rows, address, key=lambda row: row.address)
        return self._rows[at - 1] if at else None


# --- the file ---------------------------------------------------------------------------------


def short_name(symbol: str) -> str:
    """Return a function's name as its source has it.

    Examples
    --------
    >>> short_name("mc_ab5fafdb62f55e74::fib(::SIMD[DType.int, 1])")
    'fib'
    >>> short_name("std::io::io::_flush(::RawFileDescriptor)")
    'std.io.io._flush'
    >>> short_name("mc_call_0")
    'mc_call_0'
    """
    path = symbol.partition("(")[0].partition("[")[0].split("::")
    path = path[1:] if len(path) > 1 and path[0].startswith("mc_") else path
    return ".".join(path)


def _functions(elf: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    table = elf.get_section_by_name(".symtab")
    for symbol in table.iter_symbols() if table is not None else ():
        if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"]:
            yield symbol.name, (symbol["st_value"], symbol["st_size"])


def _imports(elf: Any) -> Iterator[tuple[int, str]]:
    """Yield where the loader puts the address of another library's symbol, and which."""
    from elftools.elf.relocation import RelocationSection

    for section in elf.iter_sections():
        if not isinstance(section, RelocationSection):
            continue
        table = elf.get_section(section["sh_link"])
        for one in section.iter_relocations():
            if one["r_info_sym"]:
                yield one["r_offset"], table.get_symbol(one["r_info_sym"]).name


def _rows(elf: Any) -> Iterator[_Row]:
    """Yield which line begins where."""
    if not elf.has_dwarf_info():
        return
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        first = 1 if program["version"] < 5 else 0
        for state in (entry.state for entry in program.get_entries()):
            if state is None:
                continue
            if state.end_sequence:
                yield _Row(state.address, "", 0)
            else:
                name = program["file_entry"][state.file - first].name.decode(errors="replace")
                yield _Row(state.address, os.path.basename(name), state.line)


# --- instructions -----------------------------------------------------------------------------


def _is_padding(one: Any) -> bool:
    return one.mnemonic in ("nop", "int3") or one.bytes == b"\x66\x90"


def _is_call(one: Any, machine: str) -> bool:
    return one.mnemonic == "call" if machine == "x86-64" else one.mnemonic in ("bl", "blr")


def _target(one: Any) -> int | None:
    """Return where a jump or a call with a fixed target goes."""
    import capstone

    if not (one.group(capstone.CS_GRP_JUMP) or one.group(capstone.CS_GRP_CALL)):
        return None
    fixed = [each.imm for each in one.operands if each.type == capstone.CS_OP_IMM]
    return int(fixed[-1]) if fixed else None


def _points_at(one: Any) -> int | None:
    """Return the address of an operand that is relative to the instruction itself."""
    import capstone

    for each in one.operands:
        if each.type == capstone.CS_OP_MEM and one.reg_name(each.mem.base) == "rip":
            return int(one.address + one.size + each.mem.disp)
    return None
