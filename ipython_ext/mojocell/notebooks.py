"""``mojocell notebooks``: the package's notebooks, put into a folder of the user's."""

from __future__ import annotations

import os

from mojocell import extras
from mojocell.errors import MojoError

#: Where the package carries them.
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_notebooks")
#: Each front end: the extra that runs it, a notebook to begin with, and the command that opens it.
OPENING = (("jupyter", "tour.ipynb", "jupyter lab"), ("marimo", "marimo_patterns.py", "marimo edit"))
#: What is carried; beside it pip puts what it compiles.
KINDS = (".ipynb", ".mojo", ".py")


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(folder: str) -> list[str]:
    """Put the notebooks, and the modules that they import, into a folder.

    Parameters
    ----------
    folder : str
        It is made where it does not exist.

    Returns
    -------
    list of str
        The names of the files that were written; those that are there already as they should be are not.

    Raises
    ------
    MojoError
        A file of that name is there and differs: then nothing is written.
    OSError
        The folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> place = tempfile.mkdtemp()
    >>> "tour.ipynb" in write(place), write(place)
    (True, [])
    """
    names = sorted(name for name in os.listdir(HERE) if name.endswith(KINDS))
    sources = {name: _read(os.path.join(HERE, name)) for name in names}
    there = {name for name in sources if os.path.lexists(os.path.join(folder, name))}
    changed = [name for name in sorted(there) if _read(os.path.join(folder, name)) != sources[name]]
    if changed:
        msg = f"{', '.join(changed)} in {folder} would be overwritten, and differs from the package's"
        raise MojoError(msg, code="usage", hint="name another folder, or move what is there away")
    os.makedirs(folder, exist_ok=True)
    new = [name for name in sources if name not in there]
    for name in new:
        with open(os.path.join(folder, name), "xb") as file:
            file.write(sources[name])
    return new


def how_to_open(folder: str) -> list[str]:
    """Return a line for each front end: the command, or what has to be installed for it.

    Examples
    --------
    >>> how_to_open("examples")[0].split(": ")[0]
    'JupyterLab'
    """
    import shlex

    lines = []
    for (extra, name, command), title in zip(OPENING, ("JupyterLab", "marimo"), strict=True):
        lacking = extras.missing(extra)
        first = f"{extras.pip_line(lacking)}, then " if lacking else ""
        lines.append(f"{title}: {first}{command} {shlex.quote(os.path.join(folder, name))}")
    return lines
