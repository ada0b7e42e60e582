"""Every message and hint of the package, taken from its sources: what the page on troubleshooting has to explain.

In C these are the formats given to the functions that set an error, in Python what is assigned to ``msg``, given as
``hint`` or raised. What is put into a message is ``…``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
C_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
C_HINT = re.compile(
    r'(?:mc_buf_addf?s?\(ret,|\{"\w+",|\{(?:"(?:[^"\\\n]|\\.)*"\s*)+,\s*"(?:[^"\\\n]|\\.)*",|return|\? |: )\s*((?:"(?:[^"\\\n]|\\.)*"\s*)+)'
)
#: What is told by a call in C, and which of its arguments is the text.
C_TOLD = {
    "mc_err_set": (2,),
    "mc_err_errno": (2,),
    "mc_err_wrap": (1,),
    "mc_err_hint": (1,),
    "mc_failure": (1, 2),
    "mc_refuse": (2,),
    "PyErr_Format": (1,),
    "PyErr_SetString": (1,),
    "skip": (1,),
    "tell": (2, 3),
}
C_CALL = re.compile(rf"\b({'|'.join(C_TOLD)})\s*\(")
#: Where a text is written first and told later.
C_WRITTEN = {"guardable.c", "outcome.c"}
C_FIELD = re.compile(r"%(?:\.\*|\.?\d+)*(?:l|z|h)*[a-zA-Z]|\bPRI[ud]\d+")
GAP = "…"
#: What messages are called in Python.
TOLD = {"msg", "hint", "message"}
#: Constants of Python that are reasons or hints.
CONSTANT = re.compile(r"NOT_[A-Z]+|_DAMAGED")


def plain(text: str) -> str:
    """Return a message as it is compared: without marks of code, one space between words."""
    return re.sub(r"\s+", " ", re.sub(f"{GAP}+", GAP, text.replace("`", ""))).strip()


def c_sources() -> list[Path]:
    """Return the files of C that an installation is made of."""
    found = [*(ROOT / "runtime").rglob("*.c"), *(ROOT / "kernel_bridge").rglob("*.c")]
    return sorted(path for path in found if "tools" not in path.parts)


def python_sources() -> list[Path]:
    """Return the files of Python; what is made of the protocol's schema speaks to this package alone."""
    found = (ROOT / "ipython_ext" / "mojocell").rglob("*.py")
    return sorted(path for path in found if path.name != "_requests.py")


def _arguments(text: str, start: int) -> list[str]:
    """Return the arguments of a call in C whose first begins at `start`."""
    depth, found, last, at = 1, [], start, start
    while depth:
        string = C_STRING.match(text, at)
        if string:
            at = string.end()
            continue
        char = text[at]
        depth += char in "([{"
        depth -= char in ")]}"
        if not depth or (depth == 1 and char == ","):
            found.append(text[last:at])
            last = at + 1
        at += 1
    return found


def _literal(code: str) -> str:
    """Return the text of adjacent string literals, with gaps where something is put in."""
    text = "".join(ast.literal_eval(literal) for literal in C_STRING.findall(code))
    return C_FIELD.sub(GAP, text).replace("%%", "%").replace("''", f"'{GAP}'")


def from_c() -> Iterator[tuple[str, str]]:
    """Yield the messages of C, each with the file it is in."""
    for path in c_sources():
        text = path.read_text()
        if path.name in C_WRITTEN:
            text = re.sub(r"\bsnprintf\(([^,]+),([^,]+),", r"PyErr_Format(\1,", text)
        for call in C_CALL.finditer(text):
            arguments = _arguments(text, call.end())
            told = [arguments[index] for index in C_TOLD[call[1]] if index < len(arguments)]
            for said in (_literal(choice) for code in told for choice in _choices(code)):
                if re.search(r"[a-z]{2}", said) and not re.fullmatch(r"__\w+__|….\w+", said):
                    yield path.name, said


def hints_on_source() -> Iterator[tuple[str, str]]:
    """Yield the hints of ours on the compiler's errors, each with the file it is in."""
    for path in (*(ROOT / "runtime/mojo").glob("diag_h*.c"), ROOT / "runtime/mojo/cell_parse.c"):
        # What is looked for is not what is told.
        text = re.sub(r"strncmp\([^;]*?\)|strstr\([^;]*?\)", "", path.read_text())
        for found in C_HINT.finditer(text):
            said = _literal(found[1])
            if " " in said and "\n" not in said and "import …" not in said:
                yield path.name, said


def _choices(code: str) -> list[str]:
    """Return what an argument in C can be: ``condition ? "one" : "other"`` are two, what another call gives is none."""
    literals: list[str] = []

    def kept(literal: re.Match[str]) -> str:
        literals.append(literal[0])
        return f"\x01{len(literals) - 1}\x02"

    bare = re.sub(r"\w+\([^()]*\)", "", C_STRING.sub(kept, code))
    return [re.sub(r"\x01(\d+)\x02", lambda m: literals[int(m[1])], part) for part in re.split("[?:]", bare)]


def _text(node: ast.expr | None) -> list[str]:
    """Return what an expression can be as text."""
    match node:
        case ast.Constant(value=str() as value):
            return [value]
        case ast.JoinedStr(values=values):
            return ["".join(str(v.value) if isinstance(v, ast.Constant) else GAP for v in values)]
        case ast.IfExp(body=body, orelse=other):
            return _text(body) + _text(other)
        case ast.BinOp(left=left, right=right):
            return [a + b for a in _text(left) or [GAP] for b in _text(right) or [GAP]]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as value), attr="format")):
            return [re.sub(r"\{.*?\}", GAP, value)]
    return []


def _said(node: ast.AST) -> list[str]:
    """Return what a statement or call of Python tells."""
    found: list[ast.expr] = []
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if name in TOLD or CONSTANT.fullmatch(name):
                found = [value]
        case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
            found = [value] if name in TOLD else []
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            pairs = zip(targets, values, strict=False)
            found = [value for target, value in pairs if getattr(target, "attr", "") in TOLD]
        case ast.Call(func=ast.Name(id="Check"), args=[_, _, _, remedy]):
            found = [remedy]
        case ast.Call(keywords=keywords):
            found = [word.value for word in keywords if word.arg == "hint"]
    return [text for value in found for text in _text(value)]


def from_python() -> Iterator[tuple[str, str]]:
    """Yield the messages of Python, each with the file it is in."""
    for path in python_sources():
        # What a pattern refuses is about its own arguments, and is said where they are described.
        if "patterns" in path.parts and path.parent.name != "patterns":
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            for said in _said(node):
                if re.search(r"[a-z]{2}", said):
                    yield path.name, said


def every() -> dict[str, str]:
    """Return every message, as it is compared, with a file that has it."""
    return {plain(said): name for name, said in [*from_c(), *hints_on_source(), *from_python()]}


def codes() -> list[str]:
    """Return every code of an error, the daemon's and Python's own."""
    listed = re.findall(r'MC_CODE\(\w+, "(\w+)"\)', (ROOT / "runtime/base/errors.def").read_text())
    own = set()
    for path in python_sources():
        own.update(re.findall(r'(?:code=|default_code = )"(\w+)"', path.read_text()))
    return sorted({*listed, *own})


if __name__ == "__main__":
    for said, name in sorted(every().items(), key=lambda item: item[1]):
        print(f"{name}: {said}")
