"""`classify --csv`: where it writes the table, and which programs can read it."""

import csv
import io
import os
from collections.abc import Generator, Iterable
from pathlib import Path

import cv2
import duckdb
import pandas as pd
import pytest

from demo.archive import batch
from demo.archive.columns import COLUMNS
from demo.archive.rows import Maker, Result
from demo.archive.sources import Entry
from demo.commands.main import main

Capture = pytest.CaptureFixture[str]

HEAD = ",".join(COLUMNS)


class InThisProcess:
    """Does what `Processes` does, but here: to start a process takes longer than to read two pictures."""

    def __init__(self, make: Maker, *_: object) -> None:
        self._read = make()

    def results(
        self, tasks: Iterable[Entry], *_: object
    ) -> Generator[tuple[Entry, Result], None, None]:
        yield from ((task, self._read(task)) for task in tasks)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "Processes", InThisProcess)
    monkeypatch.setattr(cv2, "setNumThreads", lambda _: None)


@pytest.fixture
def album(tmp_path: Path, empty_room: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two pictures."""
    monkeypatch.chdir(tmp_path)
    for name in ("IMG_1.jpg", "IMG_2.jpg"):
        (tmp_path / name).write_bytes(empty_room)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["--csv", "IMG_1.jpg", "IMG_2.jpg"],
        [".", "--csv", "IMG_1.jpg"],
        [".", "--csv", "new.HIF"],
        [".", "--csv", "new.zip"],
        [".", "--csv", "table.csv"],
        [".", "--csv", "link.csv"],
        [".", "--csv", "hard.csv"],
        ["notes.csv", "--csv", "notes.csv"],
        ["earlier.csv", "--csv", "earlier.csv", "--resume"],
    ],
)
def test_csv_never_replaces_another_file(
    album: Path, arguments: list[str], capsys: Capture
) -> None:
    Path("table.csv").write_text(f"name,{HEAD}\r\nZoë\r\n")
    Path("notes.csv").write_text("path,face\r\n")
    Path("earlier.csv").write_text(f"\ufeff{HEAD}\r\n", newline="")
    Path("link.csv").symlink_to("table.csv")
    Path("hard.csv").hardlink_to("IMG_1.jpg")
    before = {file.name: file.read_bytes() for file in album.iterdir()}
    assert main(["classify", *arguments]) == 2
    assert {file.name: file.read_bytes() for file in album.iterdir()} == before
    [sentence] = [
        line for line in capsys.readouterr().err.splitlines() if "skipped, because" not in line
    ]
    assert sentence.startswith(
        f"{arguments[arguments.index('--csv') + 1]}: The table is not written"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("album")
def test_csv_takes_an_empty_file_and_a_device() -> None:
    Path("new.csv").touch()
    assert main(["classify", ".", "--csv", "new.csv"]) == 0
    assert len(Path("new.csv").read_text().splitlines()) == 3
    assert main(["classify", ".", "--csv", os.devnull]) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("album")
def test_csv_without_a_file_goes_to_standard_output(capsys: Capture) -> None:
    assert main(["classify", ".", "--csv", "-"]) == 0
    printed = capsys.readouterr().out
    assert [row["path"] for row in csv.DictReader(io.StringIO(printed))] == [
        "IMG_1.jpg",
        "IMG_2.jpg",
    ]
    assert not Path("-").exists()
    assert main(["classify", ".", "--csv", "./-"]) == 0
    assert Path("-").exists()


def test_csv_shows_every_name_to_spreadsheets_and_to_programs(album: Path, happy: bytes) -> None:
    names = {"Zoë 😄.jpg", 'a "b", c.jpg', "line\nbreak.jpg", os.fsdecode(b"caf\xe9.jpg")}
    for file in album.iterdir():
        file.unlink()
    for name in names:
        Path(name).write_bytes(happy)
    assert main(["classify", ".", "--csv", "faces.csv"]) == 0
    # Without the mark, Excel assumes Windows' own encoding.
    assert Path("faces.csv").read_bytes().startswith(b"\xef\xbb\xbfpath,")
    shown = {name.replace("\udce9", r"\xe9") for name in names}
    with Path("faces.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["path"] for row in csv.DictReader(file)} == shown
    assert set(pd.read_csv("faces.csv")["path"]) == shown
    assert {row[0] for row in duckdb.read_csv("faces.csv").select("path").fetchall()} == shown


@pytest.mark.parametrize("first", list("=+-@\t\r"))
@pytest.mark.usefixtures("album")
def test_csv_has_no_cell_that_a_spreadsheet_would_run(
    first: str, empty_room: bytes, capsys: Capture
) -> None:
    name = f"{first}1+1.jpg"
    Path(name).write_bytes(empty_room)
    assert main(["classify", "--csv", "-", "--", name]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row["path"] == f"./{name}"
    # The cell still leads to the picture.
    assert Path(row["path"]).read_bytes() == empty_room
