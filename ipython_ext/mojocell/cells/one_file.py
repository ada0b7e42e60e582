"""A cell and what it uses of others as one file, which the compiler takes without Mojocell.

In cells a name means what the cell it is in makes of it; in one file it means one thing. So where two cells
give one name to different things, or one gives to others' functions a name that Mojo itself has, all but one
of these get another name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.core import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Part(NamedTuple):
    """A cell of the file.

    Attributes
    ----------
    label : str
        What it is called.
    source : str
        What it says.
    links : dict of str
        The names that it has of others, each with the number of its part.
    """

    label: str
    source: str
    links: dict[str, int]


def write(parts: Sequence[Part], flags: Sequence[str] = ()) -> str:
    r"""Return the file; the last part is the cell itself.

    Parameters
    ----------
    parts : sequence of Part
        Each behind those that it uses.
    flags : sequence of str
        What the compiler was given beside.

    Examples
    --------
    >>> area = Part("In [1]", "from std.math import pi\ndef area(r: Int) -> Float64: return pi * r * r", {})
    >>> print(write([area, Part("In [2]", "print(area(2))", {"area": 0})]))
    # In [2] as one file, with what it uses of In [1].
    <BLANKLINE>
    from std.math import pi
    <BLANKLINE>
    <BLANKLINE>
    # In [1]
    def area(r: Int) -> Float64: return pi * r * r
    <BLANKLINE>
    <BLANKLINE>
    # In [2]
    def main() raises:
        _mc_show((print(area(2))))
    ...
    """
    cells = [_Cell(part) for part in parts]
    names = _Names(parts, cells)
    used = ", ".join(part.label for part in parts[:-1])
    head = f"# {parts[-1].label} as one file" + (f", with what it uses of {used}." if used else ".")
    notes = [head, *(["# Give the compiler " + " ".join(flags) + ", too."] if flags else [])]
    imports = dict.fromkeys(line for cell in cells for line in cell.imports(names.of(cell)))
    pieces = ["\n".join(notes), "\n".join(imports)]
    for cell in cells:
        body = cell.text(names.of(cell), whole=cell is cells[-1])
        if body:
            pieces.append(f"\n# {cell.part.label}\n{body}")
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


class _Cell:
    """A part, read."""

    def __init__(self, part: Part) -> None:
        from mojocell import _bridge

        self.part = part
        found: dict[str, Any] = json.loads(_bridge.cell_items(part.source))
        self.kind: str = found["kind"]
        self._items: list[dict[str, Any]] = found["items"]
        self._plain = found["text"].split("\n")
        self._module = found["module"].split("\n")[found["lines"] :]
        #: What each name that it imports is for the compiler: module and name; of a module the path alone.
        self.imported: dict[str, tuple[str, str | None]] = {}
        self._whole: list[str] = []
        for module, name, alias in (each for item in self._items for each in item["imports"]):
            if name == "*":
                self._whole.append(f"from {module} import *")
            elif name is None and alias is None:
                self._whole.append(f"import {module}")
            else:
                self.imported[alias or name] = (module, name)
        own = text.defines(part.source, imports=False)
        self.defined = [name for name in own if name != "main"]

    def imports(self, names: Mapping[str, str]) -> list[str]:
        """Return the lines of what it imports, under the names that these have in the file."""
        lines = list(self._whole)
        for local, (module, name) in self.imported.items():
            alias = names.get(local, local)
            if name is None:
                lines.append(f"import {module} as {alias}")
            else:
                lines.append(f"from {module} import {name}" + (f" as {alias}" if alias != name else ""))
        return lines

    def text(self, names: Mapping[str, str], *, whole: bool) -> str:
        """Return its definitions, and of the cell itself what runs."""
        lines = self.part.source.split("\n")
        for item in reversed(self._items):
            statement = item["kind"] == "statement"
            if (
                item["kind"] == "import"
                or statement
                or (item["main"] and not (whole and self.kind == "program"))
            ):
                _cut(lines, item)
        found = _renamed("\n".join(lines), names).strip("\n")
        if not whole or self.kind != "statements":
            return found
        return f"{found}\n\n\n{self._main(names)}" if found else self._main(names)

    def _main(self, names: Mapping[str, str]) -> str:
        """Return the `main` that statements are, with their comments."""
        source = self.part.source.split("\n")
        inside = {
            line
            for item in self._items
            if item["main"] or item["kind"] == "statement"
            for line in range(item["line"], item["end_line"] + 1)
        }
        head, *body = self._module
        made = [head]
        for number, line in enumerate(body, 1):
            if number > len(self._plain) or number > len(source):
                made.append(line)
            elif line.strip() or number in inside:
                made.append(line + source[number - 1][len(self._plain[number - 1]) :])
        return _renamed("\n".join(made), names).strip("\n")


def _cut(lines: list[str], item: Mapping[str, Any]) -> None:
    """Take an item out of lines, and those that have nothing but a comment then."""
    first, last = item["line"] - 1, item["end_line"] - 1
    before = lines[first].encode()[: item["column"] - 1].decode()
    after = lines[last].encode()[item["end_column"] - 1 :].decode()
    rest = before + after.lstrip() if not before.strip() else before + after
    lines[first : last + 1] = [rest] if rest.strip() and not rest.lstrip().startswith("#") else []


def _renamed(source: str, names: Mapping[str, str]) -> str:
    """Return a text with other names; those of methods, members and keyword arguments stay."""
    changed = {old: new for old, new in names.items() if old != new}
    if not changed:
        return source
    lines = source.split("\n")
    for line, column in reversed(text.places(source, changed)):
        row = lines[line - 1]
        old = re.match(r"\w+", row[column - 1 :])[0]  # type: ignore[index]
        behind = row[column - 1 + len(old) :]
        if re.match(r"\s*=(?!=)", behind) and re.search(r"[(,]\s*$", row[: column - 1]):
            continue
        lines[line - 1] = row[: column - 1] + changed[old] + behind
    for number, row in enumerate(lines):
        found = re.match(r"((?:async[ \t]+)?(?:def|fn)[ \t]+)(\w+)", row)
        if found and found[2] in changed:
            lines[number] = found[1] + changed[found[2]] + row[found.end() :]
    return "\n".join(lines)


class _Names:
    """What names mean in each part, and which name each of these meanings has in the file."""

    def __init__(self, parts: Sequence[Part], cells: Sequence[_Cell]) -> None:
        self._cells = list(cells)
        self._meanings = [self._meant(number, parts) for number in range(len(parts))]
        self._uses = [set(text.uses(part.source)) | set(text.defines(part.source)) for part in parts]
        self._given: dict[object, str] = {}
        everything = set().union(*self._uses)
        # The cell itself, which its reader knows, keeps its names first, and those that it has from others.
        for number in (len(parts) - 1, *range(len(parts) - 1)):
            for name in dict.fromkeys((*cells[number].defined, *self._meanings[number])):
                meaning = self._meanings[number][name]
                if meaning not in self._given:
                    self._given[meaning] = self._free(name, everything)

    def _free(self, name: str, taken: set[str]) -> str:
        """Return a name, or one made of it, that fits."""
        if self._fits(name):
            return name
        number = 2
        while f"{name}_{number}" in taken or not self._fits(f"{name}_{number}"):
            number += 1
        return f"{name}_{number}"

    def _meant(self, number: int, parts: Sequence[Part]) -> dict[str, object]:
        """Return what names mean in a part: a definition of one, or what is imported."""
        cell = self._cells[number]
        found: dict[str, object] = {name: self._meaning(of, name) for name, of in parts[number].links.items()}
        found.update({name: self._meaning(number, name) for name in (*cell.imported, *cell.defined)})
        return found

    def _meaning(self, number: int, name: str) -> object:
        cell = self._cells[number]
        return cell.imported[name] if name in cell.imported and name not in cell.defined else (number, name)

    def _fits(self, name: str) -> bool:
        """Tell whether a name can have another meaning: no part's text has it for something of Mojo's own."""
        return name not in self._given.values() and all(
            name in meanings or name not in uses or _is_local(name, cell.part.source)
            for meanings, uses, cell in zip(self._meanings, self._uses, self._cells, strict=True)
        )

    def of(self, cell: _Cell) -> dict[str, str]:
        """Return the names in the file for those in a cell's text."""
        meanings = self._meanings[self._cells.index(cell)]
        return {name: self._given[meaning] for name, meaning in meanings.items() if meaning in self._given}


def _is_local(name: str, source: str) -> bool:
    """Tell whether a text makes a name itself, that it has from nowhere: a variable, an argument."""
    makes = rf"(?<![\w.])(?:(?:var|ref|for)\s+{name}\b|{name}\s*:|{name}\s*=(?!=))"
    return bool(re.search(makes, text.code(source)))
