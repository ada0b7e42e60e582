"""Programs with ``{{name}}`` in them: what becomes of the text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojocell import template
from mojocell.errors import MojoReturnError

PROGRAM = """fn fibonacci(n: Int) -> Int:
    # {{comment}} "quote
    var s = "it {{w}} \\" {{q}}"
    return n

fn main():
    print(fibonacci({{n}}), {{ m }}, 'a{{w}}b')

def other():
    print({{o}})
"""


def test_parts_are_the_whole() -> None:
    pieces = template.split(PROGRAM.replace("{{ m }}", "{{m}}"))
    text = "".join(
        piece.text if piece.kind in ("text", "main") else "{{" + piece.text + "}}" for piece in pieces
    )
    assert text == PROGRAM.replace("{{ m }}", "{{m}}")


def test_names_are_those_in_code_and_strings_not_in_comments() -> None:
    assert template.names(PROGRAM) == ["w", "q", "n", "m", "o"]


def test_only_what_stands_in_the_code_of_main_alone_is_a_parameter() -> None:
    assert template.parameters(template.split(PROGRAM)) == ["n", "m"]
    both = "def main():\n    print({{n}}, '{{n}}')\n"
    assert template.parameters(template.split(both)) == []
    elsewhere = "comptime N = {{n}}\ndef main():\n    print({{n}})\n"
    assert template.parameters(template.split(elsewhere)) == []
    behind = "def main():\n    pass\n\ndef f():\n    print({{n}})\n"
    assert template.parameters(template.split(behind)) == []


def test_main_becomes_a_function_on_the_same_line() -> None:
    values = {"w": 'a"b', "q": 3, "o": 2.5}
    source = template.render(template.split(PROGRAM), {"n": "Int", "m": "Float64"}, values)
    assert source.count("\n") == PROGRAM.count("\n")
    assert "fn mc_template(mc_arg_n: Int, mc_arg_m: Float64):" in source
    assert "fibonacci(mc_arg_n), mc_arg_m, 'a\"b'" in source.replace("aa", "a").replace("bb", "b")
    assert 'var s = "it a\\"b \\" 3"' in source
    assert "print(2.5)" in source


def test_a_negative_number_stays_one_operand() -> None:
    pieces = template.split("comptime N = {{n}} ** 2\n")
    assert template.render(pieces, {}, {"n": -3}) == "comptime N = (-3) ** 2\n"


def test_braces_of_a_value_are_no_expression() -> None:
    pieces = template.split("""print(t"{x} {{w}}", "{{w}}")""")
    assert template.render(pieces, {}, {"w": "{x}"}) == """print(t"{x} {{x}}", "{x}")"""


def test_an_underscore_is_no_digit() -> None:
    with pytest.raises(MojoReturnError):
        template.read("1_000\n", int, "f")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (-3, "-3"),
        (2.5, "2.5"),
        (1e300, "1e+300"),
        ('a"b\\', '"a\\"b\\\\"'),
        ("\0\n", '"\\x00\\n"'),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert template.literal(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_has_no_literal(value: float) -> None:
    with pytest.raises(ValueError, match="no literal"):
        template.literal(value)


def test_other_values_have_no_literal() -> None:
    with pytest.raises(TypeError, match="not list"):
        template.literal([1])


def test_what_a_raw_literal_cannot_hold_is_refused() -> None:
    pieces = template.split("def main():\n    print(r'{{a}}')\n")
    assert "r'x y'" in template.render(pieces, {}, {"a": "x y"})
    with pytest.raises(ValueError, match="raw string"):
        template.render(pieces, {}, {"a": "it's"})


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(['"', "'", '"""', "'''"]))
def test_escaped_text_is_one_literal_with_that_value(text: str, quotes: str) -> None:
    """Python reads these escapes as Mojo does."""
    written = quotes + template.escape(text, quotes) + quotes
    assert ast.literal_eval(written) == text
    if "{{" not in text:
        assert template.names(f"def main():\n    print({written})") == []


def test_surrogates_are_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        template.escape("\ud800", '"')


@given(st.text())
def test_any_text_is_taken_apart(text: str) -> None:
    pieces = template.split(text)
    assert sum(len(piece.text) for piece in pieces) <= len(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("55\n", int, 55),
        (" -7 ", int, -7),
        ("2.5\n", float, 2.5),
        ("3\n", float, 3.0),
        ("False\n", bool, False),
        ("a b\n", str, "a b"),
        ("a\n\n", None, "a\n"),
        ("", str, ""),
    ],
)
def test_output_is_read_as_a_value(text: str, kind: type | None, value: object) -> None:
    found = template.read(text, kind, "f")
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("text", "kind"), [("", int), ("1 2", int), ("x", float), ("2.5", int), ("1", bool)])
def test_output_that_is_not_one_value_is_an_error(text: str, kind: type) -> None:
    with pytest.raises(MojoReturnError, match="not one value of type"):
        template.read(text, kind, "f")
