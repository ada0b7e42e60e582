"""Tab and Shift-Tab in cells of Mojo: what IPython asks its matchers, and a kernel its ``do_inspect``.

Both are what every front end asks: JupyterLab, VS Code, the console, and a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mojocell.cells.writing import Writing

#: What IPython calls the kinds of names, for the signs before them.
_KINDS = {
    "method": "function",
    "struct": "class",
    "trait": "class",
    "field": "property",
    "variable": "instance",
    "package": "module",
    "alias": "statement",
}


class _Completions(list[Any]):
    """Completions that stand alone: IPython adds Python's names to an empty list, which these never are."""

    def __len__(self) -> int:
        return super().__len__() or 1


def answer_questions(shell: Any, writing: Writing) -> Callable[[], None]:
    """Let a shell complete and explain what is in cells of Mojo; return what ends that.

    Parameters
    ----------
    shell : InteractiveShell
        The shell.
    writing : Writing
        Who knows.
    """
    ends = [_complete(shell, writing), _explain(shell, writing)]

    def end() -> None:
        for one in ends:
            one()

    return end


def _complete(shell: Any, writing: Writing) -> Callable[[], None]:
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # before IPython 8.6
        return lambda: None

    def match(context: Any) -> Any:
        found = writing.names(context.full_text, context.cursor_line + 1, context.cursor_position + 1)
        if found is None:
            return {"completions": [], "suppress": False}
        completions = _Completions(
            SimpleCompletion(text=item.label, type=_KINDS.get(item.kind, item.kind)) for item in found.items
        )
        return {
            "completions": completions,
            "suppress": True,
            "ordered": True,
            "matched_fragment": found.prefix,
        }

    matcher: Any = context_matcher(identifier="mojocell")(match)
    matchers = shell.Completer.custom_matchers
    matchers.append(matcher)

    def end() -> None:
        if matcher in matchers:
            matchers.remove(matcher)

    return end


def place_of(text: str, cursor: int) -> tuple[int, int]:
    r"""Return line and column, from 1, of a place in a text.

    Examples
    --------
    >>> place_of("a\nbc", 3)
    (2, 2)
    """
    before = text[:cursor]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def _explain(shell: Any, writing: Writing) -> Callable[[], None]:
    """Answer a kernel's inspect requests; a terminal has none."""
    kernel = getattr(shell, "kernel", None)
    original = getattr(kernel, "do_inspect", None)
    if kernel is None or original is None:
        return lambda: None

    def do_inspect(code: str, cursor_pos: int, *args: Any, **kwargs: Any) -> Any:
        from IPython.utils.tokenutil import token_at_cursor

        line, column = place_of(code, cursor_pos)
        if not writing.is_mojo(code, line):
            return original(code, cursor_pos, *args, **kwargs)
        name = token_at_cursor(code, cursor_pos)
        value = shell.user_ns.get(name)
        is_pythons = value is not None and not hasattr(value, "__mojo__")
        if is_pythons and writing.takes(code, name):
            return original(code, cursor_pos, *args, **kwargs)
        found = writing.help(code, line, column)
        if found is None and is_pythons:
            return original(code, cursor_pos, *args, **kwargs)
        data = {} if found is None else {"text/plain": found.text, "text/markdown": found.markdown}
        return {"status": "ok", "found": bool(data), "data": data, "metadata": {}}

    kernel.do_inspect = do_inspect

    def end() -> None:
        if kernel.__dict__.get("do_inspect") is do_inspect:
            kernel.do_inspect = original

    return end
