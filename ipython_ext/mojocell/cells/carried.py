"""Definitions that carry over: what living cells define, and which of it another cell uses.

The unit is the definitions of one cell, a module of its own however many ways lead to it; the daemon is sent
the graph of those that a cell needs. Living are the cells that ran last and compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.core import text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from mojocell.cells.one_file import Part
    from mojocell.show.graph import Node


class Living(NamedTuple):
    """A cell that has run.

    Attributes
    ----------
    label : str
        What messages call it: ``In [3]``.
    source : str
        What it says, as it was compiled.
    defines : tuple of str
        Names that others may use.
    uses : tuple of str
        Names that it has from others, as far as others have them.
    variables : tuple of str
        Names that it keeps to itself.
    number : int
        When it ran: of two that define one name the later counts.
    """

    label: str
    source: str
    defines: tuple[str, ...]
    uses: tuple[str, ...]
    variables: tuple[str, ...]
    number: int


class Change(NamedTuple):
    """What came of a cell that has run.

    Attributes
    ----------
    outdated : list of str
        Cells that use what it now defines otherwise, or not any more.
    warnings : list of str
        Names that two cells define.
    """

    outdated: list[str]
    warnings: list[str]


class Carried:
    r"""The living cells of one notebook.

    Examples
    --------
    >>> carried = Carried()
    >>> carried.ran("a", "In [1]", "def area(w: Int) -> Int:\n    return w * w\n")
    Change(outdated=[], warnings=[])
    >>> carried.using("print(area(2))")
    [{'source': 'def area(w: Int) -> Int:\n    return w * w\n', 'names': ['area'], 'links': []}]
    """

    def __init__(self) -> None:
        self._cells: dict[str, Living] = {}
        self._number = 0
        self._warned: set[tuple[str, ...]] = set()

    # --- what cells define ---

    def identity(self, cell: str | None, source: str) -> str:
        """Return what a cell is known by: the front end's name for it, else the names it defines."""
        return cell or "".join(f"{name} " for name in text.defines(source)) or "cell"

    def ran(self, cell: str, label: str, source: str) -> Change:
        """Take note of a cell that compiled.

        Parameters
        ----------
        cell : str
            Its identity.
        label : str
            What messages call it.
        source : str
            What was compiled.
        """
        before = self._graphs()
        self._number += 1
        now = Living(
            label,
            source,
            tuple(name for name in text.defines(source) if name != "main"),
            tuple(text.uses(source)),
            tuple(text.variables(source)),
            self._number,
        )
        self._cells[cell] = now
        warnings = [
            f"`{name}` is defined by {other.label} too; {label} ran last and counts"
            for name in text.defines(source, imports=False)
            for key, other in self._cells.items()
            if key != cell
            and name in text.defines(other.source, imports=False)
            and name != "main"
            and self._is_new(name, key, cell)
        ]
        return Change(self._changed(before, but=cell), warnings)

    def _is_new(self, name: str, one: str, other: str) -> bool:
        pair = (name, *sorted((one, other)))
        is_new = pair not in self._warned
        self._warned.add(pair)
        return is_new

    def forget(self, *cells: str) -> list[str]:
        """Take cells away, as they were deleted or do not compile; return those that used them."""
        before = self._graphs()
        for cell in cells:
            self._cells.pop(cell, None)
        return self._changed(before)

    def owners(self, name: str) -> list[str]:
        """Return the cells that define a name."""
        return [cell for cell, living in self._cells.items() if name in living.defines]

    def _graphs(self) -> dict[str, list[dict[str, Any]]]:
        return {cell: self._graph(living.uses, cell) for cell, living in self._cells.items()}

    def _changed(self, before: dict[str, list[dict[str, Any]]], *, but: str | None = None) -> list[str]:
        """Return the cells that use something else than before."""
        return [
            cell
            for cell, graph in self._graphs().items()
            if cell != but and cell in before and before[cell] != graph
        ]

    # --- what a cell uses ---

    def using(self, source: str, cell: str | None = None) -> list[dict[str, Any]]:
        """Return the ``using`` of a request for a cell's text: what it needs, each source once.

        Parameters
        ----------
        source : str
            The cell's text.
        cell : str or None
            Its identity: it does not use what it said before.
        """
        return self._graph(text.uses(source), cell)

    def _graph(self, names: Iterable[str], cell: str | None) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        numbers: dict[str, int] = {}
        for key, used in self._needs(names, but={cell}).items():
            self._add(key, {cell}, items, numbers)
            if key in numbers:
                items[numbers[key]]["names"] = used
        return items

    def _needs(self, names: Iterable[str], but: set[str | None]) -> dict[str, list[str]]:
        """Return the cells that define names, each with those that it gives."""
        found: dict[str, list[str]] = {}
        for name in names:
            owner = self.owner(name, but)
            if owner is not None:
                found.setdefault(owner, []).append(name)
        return found

    def owner(self, name: str, but: Container[str | None] = ()) -> str | None:
        """Return the cell whose definition of a name counts, others than some; None where there is none."""
        owners = [key for key in self.owners(name) if key not in but]
        return max(owners, key=lambda key: self._cells[key].number, default=None)

    def _add(
        self, cell: str, above: set[str | None], items: list[dict[str, Any]], numbers: dict[str, int]
    ) -> None:
        """Add a cell behind what it uses itself; those above it, which use it, it cannot use."""
        if cell in numbers:
            return
        living = self._cells[cell]
        needs = self._needs(living.uses, but={*above, cell})
        for key in needs:
            self._add(key, {*above, cell}, items, numbers)
        used = [{"of": numbers[key], "names": names} for key, names in needs.items() if key in numbers]
        numbers[cell] = len(items)
        items.append({"source": living.source, "names": [], "links": used})

    def source(self, cell: str) -> str | None:
        """Return what a living cell says."""
        living = self._cells.get(cell)
        return living.source if living is not None else None

    def parts(self, cell: str) -> list[Part]:
        """Return a cell behind those that it uses, for a file of all of them."""
        from mojocell.cells.one_file import Part

        graph = self._graph(self._cells[cell].uses, cell)
        found = [
            Part(
                self.label(item["source"]) or "another cell",
                item["source"],
                {name: link["of"] for link in item["links"] for name in link["names"]},
            )
            for item in graph
        ]
        own = self._cells[cell]
        links = {name: number for number, item in enumerate(graph) for name in item["names"]}
        return [*found, Part(own.label, own.source, links)]

    def last(self) -> str | None:
        """Return the cell that ran last."""
        return max(self._cells, key=lambda cell: self._cells[cell].number, default=None)

    # --- words ---

    def label(self, source: str) -> str | None:
        """Return what messages call the living cell that says a source."""
        found = [living for living in self._cells.values() if living.source == source]
        return max(found, key=lambda living: living.number).label if found else None

    def variable(self, name: str) -> str | None:
        """Say what to do where a cell uses another one's variable."""
        holder = self.holder(name)
        if holder is None:
            return None
        return (
            f"`{name}` was a variable of {holder}, and variables do not carry over: return it from a def, "
            f"or give it to Python with -o {name} there and take it with -i {name} here"
        )

    def holder(self, name: str) -> str | None:
        """Return what messages call the cell that has a variable."""
        found = [living.label for living in self._cells.values() if name in living.variables]
        return found[-1] if found else None

    def names(self) -> list[str]:
        """Return the names that are known."""
        return list(dict.fromkeys(name for living in self._cells.values() for name in living.defines))

    def table(self) -> list[tuple[str, str, str]]:
        """Return each name that is known, the cell that it is from, and the cells that use it."""
        rows = []
        for cell, living in self._cells.items():
            for name in living.defines:
                if self.owner(name) == cell:
                    users = [
                        one.label for key, one in self._cells.items() if key != cell and name in one.uses
                    ]
                    rows.append((name, living.label, ", ".join(users)))
        return rows

    def graph(self) -> list[Node]:
        """Return the cells that define something or use others, in the order in which they ran."""
        from mojocell.show.graph import Node

        keys = sorted(self._cells, key=lambda key: self._cells[key].number)
        needs = {key: self._needs(self._cells[key].uses, {key}) for key in keys}
        shown = [key for key in keys if self._cells[key].defines or needs[key]]
        return [
            Node(
                self._cells[key].label,
                [name for name in self._cells[key].defines if self.owner(name) == key],
                {shown.index(owner): names for owner, names in needs[key].items()},
            )
            for key in shown
        ]
