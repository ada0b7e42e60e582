"""`mojocell notebooks`: what the package carries, put where its user wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojocell import cli, extras

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.iterdir() if path.suffix in {".ipynb", ".py", ".mojo"})


def write(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(["notebooks", str(folder)])
    return status, *capsys.readouterr()


def test_the_package_carries_every_notebook_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    status, said, _ = write(folder, capsys)
    assert status == 0
    assert f"{folder}: {len(NAMES)} new files" in said
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert all((folder / name).read_bytes() == (NOTEBOOKS / name).read_bytes() for name in NAMES)


def test_it_says_how_to_open_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = write(tmp_path / "my notebooks", capsys)
    assert f"JupyterLab: jupyter lab '{tmp_path}/my notebooks/tour.ipynb'" in said
    assert f"marimo: marimo edit '{tmp_path}/my notebooks/marimo_patterns.py'" in said


def test_it_says_what_has_to_be_installed_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        extras, "missing", lambda extra: [extras.Missing("numpy")] if extra == "marimo" else []
    )
    _, said, _ = write(tmp_path, capsys)
    assert "marimo: pip install numpy, then marimo edit " in said
    assert "JupyterLab: jupyter lab " in said


def test_a_changed_notebook_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tour.ipynb").write_text("mine")
    status, _, said = write(tmp_path, capsys)
    assert status == 1
    assert f"tour.ipynb in {tmp_path} would be overwritten, and differs from the package's" in said
    assert "name another folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["tour.ipynb"]
    assert (tmp_path / "tour.ipynb").read_text() == "mine"


def test_what_is_there_already_is_left_and_what_is_missing_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, capsys)
    (tmp_path / "compute.mojo").unlink()
    before = (tmp_path / "tour.ipynb").stat()
    status, said, _ = write(tmp_path, capsys)
    assert (status, f"{tmp_path}: 1 new file" in said) == (0, True)
    assert (tmp_path / "tour.ipynb").stat().st_mtime_ns == before.st_mtime_ns
    assert (tmp_path / "compute.mojo").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    status, _, said = write(tmp_path / "file" / "folder", capsys)
    assert status == 1
    assert said == f"mojocell: {tmp_path}/file/folder: Not a directory\n"
