"""Check what no compiler reads: the JSON schemas, and the notebooks (valid, unexecuted)."""

import json
import sys
from pathlib import Path

import nbformat
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[1]


def schemas() -> list[str]:
    """Return what is wrong with the schemas."""
    wrong = []
    for path in sorted(ROOT.glob("runtime/protocol/*.schema.json")):
        try:
            Draft202012Validator.check_schema(json.loads(path.read_text()))
        except Exception as error:  # noqa: BLE001  (each kind of error is a finding)
            wrong.append(f"{path.relative_to(ROOT)}: {error}")
    return wrong


def notebooks() -> list[str]:
    """Return what is wrong with the notebooks."""
    wrong = []
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        name = path.relative_to(ROOT)
        try:
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            nbformat.validate(notebook)
        except Exception as error:  # noqa: BLE001
            wrong.append(f"{name}: {error}")
            continue
        wrong += [
            f"{name}: cell {cell.id} has outputs; notebooks are kept without"
            for cell in notebook.cells
            if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
        ]
    return wrong


if __name__ == "__main__":
    findings = schemas() + notebooks()
    print("\n".join(findings), end="\n" if findings else "")
    sys.exit(1 if findings else 0)
