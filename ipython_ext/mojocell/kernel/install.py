"""``mojocell kernel``: the kernel's entry in Jupyter's list."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from mojocell.errors import MojoError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

#: What Jupyter calls it, and what its users see.
NAME, DISPLAY_NAME = "mojocell", "Mojo (Mojocell)"

_MODULE = "mojocell.kernel"
_LOGOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resources")


class Entry(NamedTuple):
    """An entry in Jupyter's list.

    Attributes
    ----------
    name, display_name : str
        What Jupyter and its users call it.
    directory : str
        Where it stands.
    python : str
        The interpreter that it starts.
    """

    name: str
    display_name: str
    directory: str
    python: str


def add_commands(commands: Any) -> None:
    """Add ``kernel`` and what it does to the parser of the command."""
    about = "the kernel of Mojo for Jupyter, in which a cell needs no magic"
    kernel = commands.add_parser("kernel", help=about, description=f"Manage {about}.", allow_abbrev=False)
    verbs = kernel.add_subparsers(dest="verb", metavar="VERB", required=True)
    put = verbs.add_parser(
        "install",
        help="put it into Jupyter's list",
        description="Put the kernel into Jupyter's list.",
        allow_abbrev=False,
    )
    where = put.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for every Jupyter of this user (default)")
    where.add_argument(
        "--sys-prefix",
        action="store_true",
        help="for this environment's Jupyter alone (virtualenv, conda)",
    )
    where.add_argument("--prefix", metavar="DIR", help="into DIR/share/jupyter/kernels")
    put.add_argument("--name", metavar="NAME", default=NAME, help=f"what Jupyter calls it; default: {NAME}")
    put.add_argument(
        "--display-name",
        metavar="TEXT",
        default=DISPLAY_NAME,
        help=f"what the list shows; default: {DISPLAY_NAME}",
    )
    verbs.add_parser("list", help="where it stands, and which Python it starts", allow_abbrev=False)
    away = verbs.add_parser("uninstall", help="take it out of the list", allow_abbrev=False)
    away.add_argument("--name", metavar="NAME", default=NAME, help=f"default: {NAME}")


def run(opts: argparse.Namespace) -> int:
    """Do what ``mojocell kernel`` was asked for; return its exit status."""
    if opts.verb == "install":
        prefix = sys.prefix if opts.sys_prefix else opts.prefix
        replaced, now = install(opts.name, opts.display_name, prefix=prefix)
        print(f"{now.display_name}: {now.directory}")
        if replaced is not None and replaced.python != now.python:
            print(f"it was that of {replaced.python}; --name and --display-name keep both")
    elif opts.verb == "uninstall":
        print(f"{uninstall(opts.name)} is removed")
    else:
        found = installed()
        for entry in found:
            print(f"{entry.name}  {entry.display_name}\n  {entry.directory}\n  starts {entry.python}")
        if not found:
            print("the kernel is not in Jupyter's list: mojocell kernel install")
    return 0


def install(name: str, display_name: str, *, prefix: str | None = None) -> tuple[Entry | None, Entry]:
    """Put the kernel into Jupyter's list.

    Parameters
    ----------
    name, display_name : str
        What Jupyter and its users call it.
    prefix : str or None
        Below which directory; None: the user's own.

    Returns
    -------
    tuple of Entry
        The one of that name that it replaces, or None, and what is there now.

    Raises
    ------
    MojoError
        There is no ipykernel, the name cannot be used or is another kernel's, or the place cannot be written.
    """
    manager = _manager()
    with tempfile.TemporaryDirectory() as made:
        for logo in os.listdir(_LOGOS):
            shutil.copy(os.path.join(_LOGOS, logo), made)
        with open(os.path.join(made, "kernel.json"), "w", encoding="utf-8") as file:
            json.dump(spec(display_name), file, indent=1)
        with _told(f"the kernel cannot be installed as {name}"):
            place = manager._get_destination_dir(name, user=prefix is None, prefix=prefix)  # noqa: SLF001
            before = _entry(name, place) if os.path.exists(place) else None
            if before is not None and not before.python:
                msg = f"{place} is another kernel's"
                raise MojoError(msg, code="usage", hint="--name gives this one another name")
            manager.install_kernel_spec(made, name, user=prefix is None, prefix=prefix)
    return before, Entry(name, display_name, place, sys.executable)


def uninstall(name: str) -> str:
    """Take the kernel out of Jupyter's list; return the directory that is removed.

    Raises
    ------
    MojoError
        There is none of that name, it is another kernel, or it cannot be removed.
    """
    names = [entry.name for entry in installed()]
    if name not in names:
        msg = f"there is no kernel of Mojocell named {name}"
        hint = f"these are: {', '.join(names)}" if names else "none is installed"
        raise MojoError(msg, code="usage", hint=hint)
    with _told(f"{name} cannot be removed"):
        return str(_manager().remove_kernel_spec(name))


def installed() -> list[Entry]:
    """Return the entries of this kernel that Jupyter finds, in the order of their names."""
    found = sorted(_manager().find_kernel_specs().items())
    entries = [_entry(name, directory) for name, directory in found]
    return [entry for entry in entries if entry.python]


def spec(display_name: str) -> dict[str, Any]:
    """Return what Jupyter has to know of the kernel: what it knows of Python's, as far as that is the same.

    Examples
    --------
    >>> spec("Mojo")["language"]
    'mojo'
    """
    from ipykernel.kernelspec import get_kernel_dict

    told = get_kernel_dict()
    return {
        **told,
        "argv": [sys.executable, "-m", _MODULE, "-f", "{connection_file}"],
        "display_name": display_name,
        "language": "mojo",
        "metadata": {**told.get("metadata", {}), "debugger": False},
        # What a debugger that nobody can use would warn of.
        "env": {"PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    }


def _entry(name: str, directory: str) -> Entry:
    """Return an entry as it stands there; its Python is "" where it is none of ours."""
    try:
        with open(os.path.join(directory, "kernel.json"), encoding="utf-8") as file:
            told = json.load(file)
        words = [str(word) for word in told["argv"]]
    except (OSError, ValueError, KeyError, TypeError):
        return Entry(name, "", directory, "")
    python = words[0] if words[1:3] == ["-m", _MODULE] else ""
    return Entry(name, str(told.get("display_name", name)), directory, python)


def _manager() -> Any:
    try:
        import ipykernel  # noqa: F401  (what the entry starts needs it)
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        msg = "Jupyter's kernel for Python is not installed here"
        raise MojoError(msg, code="usage", hint="pip install ipykernel") from None
    return KernelSpecManager()


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what can be wrong with a name or a place into an error that says so."""
    try:
        yield
    except OSError as error:
        msg = f"{what}: {error.filename}: {error.strerror}"
        raise MojoError(msg, code="io") from None
    except ValueError as error:
        msg = f"{what}: {error}"
        raise MojoError(msg, code="usage") from None
