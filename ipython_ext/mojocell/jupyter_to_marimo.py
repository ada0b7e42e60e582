"""Jupyter notebooks with ``%%mojo`` cells as notebooks of marimo: ``mojocell convert``.

Cells and lines that are Mojocell's become calls of `mojocell`; marimo's own converter does the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell import options
from mojocell.cells.without_magic import with_magics
from mojocell.core import text as words_of
from mojocell.errors import MojoError

if TYPE_CHECKING:
    import argparse

_CELL = re.compile(r"\s*%%mojo(?![\w.])(?P<line>[^\n]*)(?:\n(?P<body>.*))?\Z", re.DOTALL)
_ABOVE = re.compile(r"\s*(?P<above>(?:%%(?!mojo(?![\w.]))[^\n]*\n\s*)+)(?=%%mojo(?![\w.]))")
_LINE = re.compile(r"(?P<indent>[ \t]*)%(?P<name>\w+)[ \t]*(?P<rest>[^\n]*?)[ \t]*\Z")
_FUNCTION = re.compile(r"^(?:def|fn) (?P<name>\w+)\(", re.MULTILINE)


class Note(NamedTuple):
    """Something that could not be taken over.

    Attributes
    ----------
    cell : int
        Which cell it was in, from 1.
    text : str
        What, and what to do.
    """

    cell: int
    text: str


def convert(notebook: str, target: str) -> list[Note]:
    """Write a notebook of marimo from one of Jupyter.

    Parameters
    ----------
    notebook : str
        The path of an ``.ipynb`` file.
    target : str
        The path of the ``.py`` file, which is replaced.

    Returns
    -------
    list of Note
        What could not be taken over; the cells in question say so in a comment.

    Raises
    ------
    OSError
        A file cannot be read or written.
    MojoError
        The file is no notebook, or marimo is not installed or cannot convert it.
    """
    with open(notebook, encoding="utf-8") as file:
        try:
            document = json.load(file)
        except ValueError as error:
            msg = f"{notebook} is no notebook: {error}"
            raise MojoError(msg, code="usage") from None
    origin = with_magics(document)
    notes = [note._replace(cell=origin[note.cell - 1]) for note in rewrite(document)]
    with tempfile.TemporaryDirectory() as place:
        made, out = os.path.join(place, "notebook.ipynb"), os.path.join(place, "notebook.py")
        with open(made, "w", encoding="utf-8") as file:
            json.dump(document, file)
        words = [sys.executable, "-m", "marimo", "-q", "convert", made, "-o", out]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  (our own words)
        if done.returncode or not os.path.exists(out):
            said = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
            msg = f"marimo cannot convert {notebook}: {said[-1]}"
            raise MojoError(msg, code="usage", hint="pip install marimo")
        with open(out, encoding="utf-8") as file:
            text = file.read()
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    return notes


def rewrite(document: dict[str, Any]) -> list[Note]:
    r"""Put Python in the place of Mojocell's magics in a notebook, and import the package first.

    Parameters
    ----------
    document : dict
        The notebook as nbformat 4 has it; it is changed.

    Returns
    -------
    list of Note
        What could not be taken over.

    Examples
    --------
    >>> cell = {"cell_type": "code", "source": "%%mojo -O1 --as m\ndef one() -> Int: return 1"}
    >>> document = {"cells": [cell]}
    >>> rewrite(document)
    []
    >>> print(document["cells"][1]["source"])
    m = mc.cell(r'''
    def one() -> Int: return 1
    ''', flags=['-O1'])
    m
    """
    if not isinstance(document.get("cells"), list):
        msg = "it is no notebook of format 4"
        raise MojoError(msg, code="usage")
    cells = document["cells"]
    for cell in cells:
        if isinstance(cell.get("source"), list):
            cell["source"] = "".join(cell["source"])
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    lost = {id(cell): _take_off(cell) for cell in code}
    carried = _Carried(cells)
    notes: list[Note] = []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code":
            continue
        found = _CELL.match(cell["source"])
        said = lost[id(cell)]
        if found:
            cell["source"] = _mojo_cell(found["line"], found["body"] or "", number, said, carried)
        else:
            cell["source"] = "\n".join([*_told(said), _lines(cell["source"], said, carried.of_line(number))])
        notes += [Note(number, text) for text in said]
    first: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells.insert(0, {**first, "source": "import mojocell as mc"})
    for cell in cells[1:]:
        if cell.get("cell_type") == "code":
            cell["source"] = re.sub(r"(?m)^import mojocell as mc\n?", "", cell["source"])
    cells[:] = [cell for cell in cells if cell.get("cell_type") != "code" or cell["source"].strip()]
    return notes


def _take_off(cell: dict[str, Any]) -> list[str]:
    """Take magics above ``%%mojo`` off a cell; return what is lost with them, and with its tags."""
    lacks = {
        "time": "marimo shows how long a cell takes, mc.profile where the time goes",
        "timeit": "mc.profile, or timeit of Python, measures calls",
        "capture": "what it printed is the result's stdout and stderr; marimo shows it",
    }
    said = []
    found = _ABOVE.match(cell["source"])
    if found:
        cell["source"] = cell["source"][found.end() :]
        for line in found["above"].split("\n"):
            name = line.strip().removeprefix("%%").partition(" ")[0]
            if name:
                said.append(f"{line.strip()}: {lacks.get(name, 'marimo has no such magic')}")
    if "raises-exception" in (cell.get("metadata") or {}).get("tags", ()):
        said.append("the tag raises-exception: in marimo an error stops the cells that need it; catch it")
    return said


def _read(line: str) -> tuple[argparse.Namespace, list[str]]:
    """Return the options of a cell, and its program's arguments."""
    words, args = options.split(line)
    return options.parse(options.parser(options.CELL), words), args


class _Carried:
    """What cells of a notebook have from those before them, by the names that these have in marimo.

    Parameters
    ----------
    cells : list of dict
        All cells; they are numbered from 1.
    """

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        self._using: dict[int, list[str]] = {}
        self._known: dict[int, dict[str, str]] = {}
        self._sources = [cell["source"] if cell.get("cell_type") == "code" else "" for cell in cells]
        owners: dict[str, str] = {}
        for number, cell in enumerate(cells, 1):
            if cell.get("cell_type") != "code":
                continue
            self._known[number] = dict(owners)
            found = _CELL.match(cell["source"])
            if found:
                owners.update(self._cell(number, found["line"], found["body"] or ""))
        self._names = {name for used in self._using.values() for name in used}
        for number, known in self._known.items():
            for line in self._sources[number - 1].split("\n"):
                found = _LINE.match(line)
                if found and found["name"] == "mojo":
                    self._names.update(_used(known, found["rest"]))

    def _cell(self, number: int, line: str, body: str) -> dict[str, str]:
        """Take note of a cell of Mojo; return what it defines."""
        try:
            opts, _ = _read(line)
        except options.OptionError:
            return {}
        self._using[number] = [] if opts.alone else _used(self._known[number], body)
        return dict.fromkeys(words_of.defines(body).keys() - {"main"}, opts.bind_as or f"mojo_{number}")

    def after(self, number: int) -> list[str]:
        """Return the sources of the cells after one."""
        return self._sources[number:]

    def of_cell(self, number: int) -> list[str]:
        """Return what a cell of Mojo uses."""
        return self._using.get(number, [])

    def of_line(self, number: int) -> dict[str, str]:
        """Return what a line of Mojo in a cell may use, by its name."""
        return self._known.get(number, {})

    def gives(self, name: str) -> bool:
        """Tell whether others use what has a name in marimo."""
        return name in self._names


def _used(known: dict[str, str], source: str) -> list[str]:
    return list(dict.fromkeys(known[name] for name in words_of.uses(source) if name in known))


# --- cells --------------------------------------------------------------------------------------


def _mojo_cell(line: str, body: str, number: int, said: list[str], carried: _Carried) -> str:
    try:
        opts, args = _read(line)
    except options.OptionError as error:
        said.append(f"%%mojo{line}: {error}")
        return _comment(said, f"%%mojo{line}\n{body}")
    if (opts.inputs or opts.outputs) and (opts.stdin or opts.no_run):
        said.append("-i and -o together with --stdin or --no-run")
        return _comment(said, f"%%mojo{line}\n{body}")
    using = carried.of_cell(number)
    if using and opts.stdin:
        said.append("--stdin together with definitions of other cells: write them into the cell")
    if opts.file:
        said.append(f"--file {opts.file}: marimo writes no file for a cell")
    if opts.asm is not None:
        said.append("--asm: show mc.asm of the function in a cell of its own")
    source, given = _literal(body), _arguments(opts, args)
    if opts.stdin:
        name = opts.result or f"ran_{number}"
        call = f"{name} = mc.run({', '.join([source, *given, f'stdin={opts.stdin}'])})"
        kept = [f"{opts.out} = {name}.stdout"] if opts.out else []
        return "\n".join([*_told(said), call, *kept, name])
    name = opts.bind_as or f"mojo_{number}"
    function = "mc.compile" if opts.no_run else "mc.cell"
    defined = [each for each in _FUNCTION.findall(body) if each != "main"]
    bound = (
        []
        if opts.bind_as or opts.no_bind
        else [each for each in defined if _uses(carried.after(number), each)]
    )
    kept = [f"{each} = {name}.{each}" for each in bound]
    kept += [f"{each} = {name}.{each}" for each in opts.outputs]
    kept += [f"{opts.result} = {name}.result"] if opts.result else []
    kept += [f"{opts.out} = {name}.result.stdout"] if opts.out else []
    linked = [f"using=[{', '.join(using)}]"] if using else []
    call = f"{function}({', '.join([source, *given, *linked])})"
    if not kept and not opts.bind_as and not carried.gives(name):
        return "\n".join([*_told(said), call])
    return "\n".join([*_told(said), f"{name} = {call}", *kept, name])


def _uses(later: list[str], name: str) -> bool:
    """Tell whether Python uses a function before another cell of Mojo defines one of that name."""
    for text in later:
        found = _CELL.match(text)
        if found is None and re.search(rf"(?<![\w.]){name}(?!\w)", text):
            return True
        if found is not None and name in _FUNCTION.findall(found["body"] or ""):
            return False
    return False


def _arguments(opts: argparse.Namespace, args: list[str]) -> list[str]:
    """Return the keyword arguments that a cell's options are, as source."""
    given: dict[str, Any] = {
        "flags": options.compiler_flags(opts),
        "args": args,
        "mode": opts.mode,
        "exports": opts.exports,
        "nogil": opts.nogil,
        "timeout": opts.timeout,
        "memory": opts.memory,
        "cpu": opts.cpu,
        "processes": opts.processes,
        "most_output": opts.most_output,
        "name": opts.name,
    }
    made = [f"{key}={value!r}" for key, value in given.items() if value]
    if getattr(opts, "inputs", None):
        made.append(f"inputs={{{', '.join(f'{each!r}: {each}' for each in opts.inputs)}}}")
    if getattr(opts, "outputs", None):
        made.append(f"outputs={opts.outputs!r}")
    return made


def _literal(body: str) -> str:
    """Return Mojo source as a literal of Python that reads like the source."""
    text = f"\n{body.strip(chr(10))}\n"
    for quotes in ("'''", '"""'):
        if quotes not in text and not text.endswith((quotes[0], "\\")):
            return f"r{quotes}{text}{quotes}"
    return repr(text)


def _comment(said: list[str], text: str) -> str:
    return "\n".join([*_told(said), *(f"# {line}".rstrip() for line in text.splitlines()), "None"])


def _told(said: list[str]) -> list[str]:
    return [f"# Not taken over: {text}" for text in said]


# --- lines --------------------------------------------------------------------------------------


def _lines(source: str, said: list[str], known: dict[str, str]) -> str:
    """Return a cell of Python without Mojocell's line magics."""
    lines = []
    for line in source.split("\n"):
        found = _LINE.match(line)
        made = _line(found["name"], found["rest"], said, known) if found else None
        if made is None:
            lines.append(line)
        elif made:
            lines.append((found["indent"] if found else "") + made)
    return "\n".join(lines)


def _line(name: str, rest: str, said: list[str], known: dict[str, str]) -> str | None:
    """Return what a line magic becomes, nothing for one that is not needed; None: it is not Mojocell's."""
    using = _used(known, rest) if name == "mojo" else []
    linked = f", using=[{', '.join(using)}]" if using else ""
    calls = {
        "mojo": f"mc.cell({rest!r}{linked})",
        "mojo_cache": f"mc.cache.{rest or 'stats'}()",
        "mojo_info": "mc.info()",
    }
    lacks = {
        "mojo_fix": "nothing puts fix-its into a cell of marimo",
        "mojo_who": "in marimo using= says what a cell has from others, and its graph shows it",
        "mojo_reset": "in marimo a cell has what its using= says",
        "config": "write it into [tool.mojocell] of pyproject.toml, or set it in the environment",
    }
    if name in calls:
        return calls[name]
    if name == "mojo_run":
        return _run(rest, said)
    if name in ("load_ext", "reload_ext", "unload_ext") and rest == "mojocell":
        return ""
    if name in lacks and (name != "config" or rest.startswith("Mojocell.")):
        said.append(f"%{name} {rest}".rstrip() + f": {lacks[name]}")
        return f"# Not taken over: %{name} {rest}".rstrip()
    return None


def _run(rest: str, said: list[str]) -> str:
    with contextlib.suppress(options.OptionError):
        words, args = options.split(rest)
        table = options.PATH + options.RUN + options.COMPILE + options.NOTEBOOK
        opts = options.parse(options.parser(table), words)
        opts.include = [*opts.include, os.path.dirname(opts.path) or "."]
        opts.exports, opts.nogil = None, False
        given = ", ".join([f"open({opts.path!r}).read()", *_arguments(opts, args)])
        return f"mc.cell({given})"
    said.append(f"%mojo_run {rest}: its options cannot be read")
    return f"# Not taken over: %mojo_run {rest}"
