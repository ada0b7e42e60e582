"""Makes of request.schema.json what reads and writes requests, so that a field is written in one place.

    python runtime/protocol/maker struct | table | python | markdown   [--schema FILE] [--output FILE]

What the schema says and nobody here understands is an error: no daemon would hold to it. Runs while Mojocell
is built, with nothing but Python.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from event_tables import events
from schema import Schema
from to_c import struct, table
from to_markdown import markdown
from to_python import python

MAKERS = {"struct": struct, "table": table, "python": python}


def main() -> None:
    """Write what is asked for, and leave a file alone that would be the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=[*MAKERS, "markdown"])
    parser.add_argument("--schema", type=Path, default=Path(__file__).parents[1] / "request.schema.json")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    schema = Schema(given.schema)
    if given.what == "markdown":
        told = events(given.schema.with_name("event.schema.json"))
        text = "\n\n".join([*markdown(schema).values(), *told.values()])
    else:
        text = MAKERS[given.what](schema)
    if given.output is None:
        print(text, end="")
    elif not given.output.exists() or given.output.read_text("utf-8") != text:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
