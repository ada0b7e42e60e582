"""The schemas of the protocol against examples of right and wrong, and against the runtime's own lists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / f"runtime/protocol/{name}.schema.json").read_text())
    return loaded


def vectors(name: str) -> list[Any]:
    items = json.loads((ROOT / f"tests/protocol/vectors/{name}s.json").read_text())
    return [
        pytest.param(name, item["message"], item["valid"], id=f"{name}: {item['name']}") for item in items
    ]


@pytest.mark.parametrize("name", ["request", "event"])
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(("name", "message", "valid"), vectors("request") + vectors("event"))
def test_an_example_is_judged_rightly(name: str, message: Any, valid: bool) -> None:
    errors = [error.message for error in Draft202012Validator(schema(name)).iter_errors(message)]
    assert (errors == []) is valid, errors


@pytest.mark.parametrize("name", ["request", "event"])
def test_each_kind_has_examples(name: str) -> None:
    field = {"request": "op", "event": "event"}[name]
    kinds = {kind["properties"][field]["const"] for kind in schema(name)["oneOf"]}
    assert kinds == {item.values[1][field] for item in vectors(name) if item.values[2]}


def test_error_codes_are_those_of_the_runtime() -> None:
    text = (ROOT / "runtime/base/errors.def").read_text()
    assert schema("event")["$defs"]["code"]["enum"] == re.findall(
        r'^MC_CODE\(\w+, "(\w+)"\)', text, re.MULTILINE
    )


def test_the_documentation_names_what_the_schemas_name() -> None:
    words = set(re.findall(r"`([a-z_.]+)`", (ROOT / "docs/protocol.md").read_text()))
    operations = {kind["properties"]["op"]["const"] for kind in schema("request")["oneOf"]}
    events = {kind["properties"]["event"]["const"] for kind in schema("event")["oneOf"]}
    fields = {field for kind in schema("request")["oneOf"] for field in kind["properties"]}
    assert operations | events | fields <= words | {"bytes", "target", "now"}
