"""Every event that a test receives, held against event.schema.json."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PROTOCOL = Path(__file__).resolve().parents[2] / "runtime" / "protocol"


@functools.cache
def _validators() -> dict[str, Draft202012Validator]:
    """One for each kind of event: told apart first, they are held against one kind instead of all."""
    schema = json.loads((PROTOCOL / "event.schema.json").read_text())
    kinds = {kind["properties"]["event"]["const"]: kind for kind in schema["oneOf"]}
    return {name: Draft202012Validator({**kind, "$defs": schema["$defs"]}) for name, kind in kinds.items()}


def check(event: dict[str, Any]) -> None:
    """Fails the test where the daemon says what the schema forbids."""
    validator = _validators().get(event.get("event", ""))
    assert validator, f"the schema has no event like {event}"
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]
    assert not errors, f"{errors} in {event}"
