"""The schemas of the protocol: examples of right and wrong, for them and for a daemon, and what is made of them."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from daemon import Daemon, Peer, running

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


# ---- the same examples, and a daemon

#: What a request is answered that is not as the protocol wants it.
REFUSALS = {"invalid_request", "protocol", "too_large", "unknown_op"}
FAKE_TOOLCHAIN = os.environ.get("MOJOCELL_FAKE_TOOLCHAIN") or ROOT / "build" / "sanitize" / "fake" / "modular"


def answer(daemon: Daemon, message: Any) -> dict[str, Any]:
    """What is said last to a peer that sends this, after its hello where it is none itself."""
    message = {**message, "env": {"PATH": os.environ["PATH"]}} if message.get("env") == {} else message
    peer = Peer(daemon, hello=message.get("op") != "hello")
    try:
        framed = any(
            isinstance(message.get(name), dict) and "frame" in message[name] for name in ("stdin", "env")
        )
        frames = (b"PATH=" + os.environb[b"PATH"] + b"\0",) if framed else ()
        peer.socket.send_multipart([json.dumps(message).encode(), *frames])
        if message.get("op") in ("credit", "answer"):  # is not answered; a wrong one is, first
            peer.socket.send_multipart([json.dumps({"op": "cancel", "id": "-", "target": "-"}).encode()])
        while True:
            event, _ = peer.receive()
            if event["event"] in ("result", "error"):
                return event
    finally:
        peer.close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    root = tmp_path_factory.mktemp("vectors")
    shutil.copytree(FAKE_TOOLCHAIN, root / "modular", symlinks=True)
    with running(root, root / "modular") as one:
        yield one


LIVE = [one for one in vectors("request") if not (one.values[2] and one.values[1]["op"] == "shutdown")]
LAST = [one for one in vectors("request") if one not in LIVE]


@pytest.mark.parametrize(("name", "message", "valid"), LIVE)
def test_a_daemon_judges_as_the_schema_does(daemon: Daemon, name: str, message: Any, valid: bool) -> None:
    said = answer(daemon, message)
    assert (said.get("code") not in REFUSALS) is valid, said


@pytest.mark.parametrize(("name", "message", "valid"), LAST)
def test_a_daemon_ends_where_the_schema_lets_it(tmp_path: Path, name: str, message: Any, valid: bool) -> None:
    with running(tmp_path, Path(FAKE_TOOLCHAIN)) as daemon:
        assert valid and answer(daemon, message)["ok"]
        assert daemon.process and daemon.process.wait(15) == 0


# ---- what is made of the schema

MADE_NAMES = {"request_fields.h", "request_table.h", "_requests.py"}


@pytest.fixture(scope="module")
def maker() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "runtime/protocol/maker"))


def test_what_is_made_is_not_kept() -> None:
    """In the folders of sources there is none but what ./dev lint makes for mypy, and that is ignored."""
    folders = [ROOT / name for name in ("runtime", "kernel_bridge", "ipython_ext", "tests", "tools", "docs")]
    found = {
        str(path.relative_to(ROOT)) for one in folders for path in one.rglob("*") if path.name in MADE_NAMES
    }
    assert found <= {"ipython_ext/mojocell/_requests.py"}
    assert "/ipython_ext/mojocell/_requests.py" in (ROOT / ".gitignore").read_text().splitlines()


def test_a_field_is_written_in_the_schema_alone() -> None:
    """No source of the runtime has a list of fields beside it: all are read by the table that is made."""
    fields = {field for kind in schema("request")["oneOf"] for field in kind["properties"]}
    asked = re.compile(r'json_object_get\((?:request->|message->)?header, "(\w+)"\)')
    for path in (ROOT / "runtime" / "server").glob("*.c"):
        found = set(asked.findall(path.read_text())) & fields
        assert found <= ({"op", "protocol"} if path.name == "receive.c" else set()), path
    # The tables of the documentation are put in when the site is made.
    page = (ROOT / "docs/protocol.md").read_text()
    assert not re.findall(rf"^\| `({'|'.join(fields - {'id', 'source', 'name'})})` \|", page, re.MULTILINE)


def test_what_is_installed_is_what_the_schema_makes(maker: dict[str, Any]) -> None:
    import mojocell

    installed = Path(mojocell.__file__).with_name("_requests.py").read_text()
    made = maker["Schema"](ROOT / "runtime/protocol/request.schema.json")
    assert installed == maker["python"](made)


@pytest.mark.parametrize(("name", "message", "valid"), [one for one in vectors("request") if one.values[2]])
def test_a_right_request_is_a_value_of_python(name: str, message: Any, valid: bool) -> None:
    from mojocell import _requests

    parts = {"stdin": _requests.Stdin, "limits": _requests.Limits}
    fields = {key: value for key, value in message.items() if key not in ("op", "id", "protocol")}
    given = {key: parts[key](**value) if key in parts else value for key, value in fields.items()}
    made = _requests.REQUESTS[message["op"]](**given)
    said = made.header()
    assert Draft202012Validator(schema("request")).is_valid({"id": "1", "protocol": 1, **said})
    default = {"umask": 18, "force": False, "modernize": True, "fresh": False, "window": 0, "now": False}
    default |= {"name": "cell"} | ({"cwd": "/"} if message["op"] == "compile" else {})
    left_out = {key: value for key, value in fields.items() if key not in said}
    assert left_out == {key: default[key] for key in left_out}
    assert {key: fields[key] for key in said if key != "op"} == {k: v for k, v in said.items() if k != "op"}


def test_a_request_of_python_does_not_change() -> None:
    import copy
    import pickle

    from mojocell._requests import Input, Limits, Run

    one = Run(
        source="",
        cwd="/",
        args=("a",),
        limits=Limits(wall=1.5),
        inputs=(Input(name="n", type="Int"),),
        worker="/s",
    )
    with pytest.raises(AttributeError):
        one.source = "changed"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(one)) == one == copy.replace(one) if hasattr(copy, "replace") else one
    assert one.header() == {
        "op": "run",
        "source": "",
        "cwd": "/",
        "args": ["a"],
        "limits": {"wall": 1.5},
        "inputs": [{"name": "n", "type": "Int"}],
        "worker": "/s",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["$defs"]["name"].update(format="uri"), "name: nobody reads"),
        (lambda s: s["$defs"]["cwd"].update(pattern="^~"), "cwd: nobody reads"),
        (lambda s: s["$defs"]["umask"].update(type="null"), "nobody reads a value like"),
        (lambda s: s["oneOf"][0].pop("additionalProperties"), "additionalProperties must be false"),
        (lambda s: s["oneOf"][0].update(anyOf=[]), "nobody reads"),
    ],
)
def test_what_no_daemon_would_hold_to_is_no_schema(
    maker: dict[str, Any], tmp_path: Path, change: Any, words: str
) -> None:
    changed = schema("request")
    change(changed)
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    with pytest.raises(ValueError, match=words):
        maker["Schema"](tmp_path / "changed.json")


def test_an_object_of_strings_can_have_another_form(maker: dict[str, Any]) -> None:
    made = maker["Schema"](ROOT / "runtime/protocol/request.schema.json")
    assert "const json_t *env;\n    int64_t env_frame;" in maker["struct"](made)
    assert "env: Mapping[str, str] | Env | None = None" in maker["python"](made)
    assert "MC_FIELD_TEXT_MAP_OR_OBJECT, .fields = env_fields" in maker["table"](made)
    assert (
        "| object of strings, or {`frame`} |"
        in maker["markdown"](made)["run"] + maker["markdown"](made)["info"]
    )


def test_the_documentation_has_the_tables_of_the_schemas(maker: dict[str, Any]) -> None:
    """Each table is put in where the page names it; none is kept by hand beside them."""
    page = (ROOT / "docs/protocol.md").read_text()
    tables = maker["markdown"](maker["Schema"](ROOT / "runtime/protocol/request.schema.json"))
    told = maker["events"](ROOT / "runtime/protocol/event.schema.json")
    for kind, made in (("request", tables), ("event", told)):
        placed = re.findall(rf"^<!-- {kind}: (\S+) -->$", page, re.MULTILINE)
        assert sorted(placed) == sorted(name for name, table in made.items() if table)
    assert "|---" not in page
    words = set(re.findall(r"`([a-z_.]+)`", page + told["progress"]))
    operations = {kind["properties"]["op"]["const"] for kind in schema("request")["oneOf"]}
    events = {kind["properties"]["event"]["const"] for kind in schema("event")["oneOf"]}
    assert operations | events <= words
