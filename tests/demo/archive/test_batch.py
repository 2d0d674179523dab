"""Whole runs of `classify --csv` and `--parquet`: the order of rows, resumed and interrupted runs."""

import json
import os
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.archive.columns import COLUMNS, Row
from demo.archive.csv_table import read_csv
from demo.archive.parquet_table import read_parquet
from demo.archive.store import LocalStore
from demo.commands.main import main
from tests.demo.archive.conftest import BAD, FAST, GOOD, fill, start
from tests.demo.conftest import wait_until

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]
NAMES = list(COLUMNS)


def column(rows: list[Row], name: str) -> list[object]:
    return [row[NAMES.index(name)] for row in rows]


def rounded(rows: list[Row]) -> list[tuple[object, ...]]:
    """Rounds rows to the precision that both kinds of tables keep."""
    return [
        tuple(round(value, 3) if isinstance(value, float) else value for value in row)
        for row in rows
    ]


def run(*arguments: str | Path) -> int:
    return main(["classify", *map(str, arguments), *FAST])


def lines_of(table: Path) -> int:
    return table.read_bytes().count(b"\n") if table.exists() else 0


def test_classify_csv_writes_rows_for_all_faces_and_pictures_in_the_order_of_paths(
    archive: Path, whole_rows: list[Row]
) -> None:
    paths = column(whole_rows, "path")
    assert list(dict.fromkeys(paths)) == [str(path) for path in sorted(archive.rglob("*.jpg"))]
    faces = column(whole_rows, "face")
    assert (faces.count(1), faces.count(2), faces.count(0)) == (134, 67, 66)
    errors = [row for row in whole_rows if row[NAMES.index("error")] is not None]
    assert len(errors) == BAD
    assert set(column(errors, "face")) == set(column(errors, "emotion")) == {None}
    assert len(set(column(errors, "error"))) == 3
    for path, size, modified in zip(
        paths, column(whole_rows, "size"), column(whole_rows, "modified"), strict=True
    ):
        status = Path(str(path)).stat()
        assert (size, modified) == (status.st_size, status.st_mtime_ns // 1000)


def test_classify_csv_gives_the_same_file_when_killed_and_resumed(
    archive: Path, whole: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    process = start(archive, "--csv", table, "--workers", "2")
    wait_until(lambda: lines_of(table) > 60)
    process.kill()
    process.communicate()
    before = list(read_csv(table))
    assert 60 <= len(before) < lines_of(whole) - 1
    # A power failure may cut the file within a row.
    with table.open("r+b") as stream:
        stream.truncate(table.stat().st_size - 5)
    process = start(archive, "--csv", table, "--workers", "2", "--resume")
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, complaints
    assert table.read_bytes() == whole.read_bytes()


def test_classify_parquet_gives_the_same_rows_when_killed_and_resumed(
    archive: Path, whole_rows: list[Row], tmp_path: Path
) -> None:
    table, folders = tmp_path / "table", (archive / "2003", archive / "broken")
    rows = [row for row in whole_rows if str(row[0]).startswith(tuple(map(str, folders)))]
    often = (
        "from demo.archive import parquet_table as p; p._PICTURES_AT_ONCE = 8;"
        "p._PICTURES_A_PART = 16"
    )
    process = start(*folders, "--parquet", table, before=often)
    wait_until(lambda: len(list(table.glob("part-*"))) > 1)
    process.kill()
    process.communicate()
    assert 16 < len(list(read_parquet(LocalStore(table)))) < len(rows)
    process = start(*folders, "--parquet", table, "--resume", before=often)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, complaints
    assert rounded(list(read_parquet(LocalStore(table)))) == rounded(rows)
    summary = json.loads((tmp_path / "table-report" / "summary.json").read_text())
    assert summary["pictures"] == GOOD // 4 + BAD


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_classify_csv_leaves_whole_rows_when_a_signal_stops_it(
    archive: Path, whole_rows: list[Row], tmp_path: Path, number: int, status: int
) -> None:
    table = tmp_path / "table.csv"
    process = start(archive, "--csv", table, "--workers", "1", start_new_session=True)
    wait_until(lambda: lines_of(table) > 5)
    os.killpg(process.pid, number)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == status
    assert complaints == (
        "Stopped. Everything written so far is complete. Add --resume to continue.\n"
    )
    found = list(read_csv(table))
    assert found == whole_rows[: len(found)]


def test_classify_csv_leaves_a_readable_table_on_a_full_disk(
    archive: Path, whole_rows: list[Row], whole: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    limit = whole.stat().st_size // 3

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = start(archive, "--csv", table, "--workers", "1", preexec_fn=full)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 3
    assert complaints.splitlines()[-1] == (
        f"{table}: File too large. Everything written so far is complete. Make room and run the same"
        " command with --resume."
    )
    found = list(read_csv(table))
    assert 50 < len(found) < len(whole_rows)
    assert found == whole_rows[: len(found)]


@dataclass(frozen=True)
class Written:
    """A folder of six good pictures and a bad one, and its tables in CSV and Parquet."""

    album: Path
    tables: dict[str, Path]

    def copies(self, place: Path) -> dict[str, Path]:
        shutil.copytree(self.album.parent, place / "copy", ignore=shutil.ignore_patterns("album"))
        return {name: place / "copy" / table.name for name, table in self.tables.items()}


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, small_pictures: tuple[bytes, bytes, bytes]
) -> Written:
    folder = tmp_path_factory.mktemp("written")
    fill(folder / "album", *small_pictures, 6, 1)
    tables = {"--csv": folder / "faces.csv", "--parquet": folder / "table"}
    for name, table in tables.items():
        assert run(folder / "album", name, table) == 1
    return Written(folder / "album", tables)


@pytest.mark.parametrize("name", ["--csv", "--parquet"])
def test_classify_resume_reads_only_new_and_changed_pictures(
    written: Written, name: str, tmp_path: Path, small_pictures: tuple[bytes, bytes, bytes]
) -> None:
    table, album = written.copies(tmp_path)[name], written.album
    same, changed, new = album / "2000/000.jpg", album / "2001/001.jpg", album / "2002/new.jpg"
    before, held = same.stat(), changed.read_bytes()
    try:
        # This file is not read again, because its size and its time stay the same.
        same.write_bytes(b"x" * before.st_size)
        os.utime(same, ns=(before.st_atime_ns, before.st_mtime_ns))
        changed.write_bytes(small_pictures[0] + b" ")
        new.write_bytes(small_pictures[0])
        assert run(album, name, table, "--resume") == 0
    finally:
        same.write_bytes(small_pictures[0])
        os.utime(same, ns=(before.st_atime_ns, before.st_mtime_ns))
        changed.write_bytes(held)
        new.unlink()
    rows = list(read_csv(table) if name == "--csv" else read_parquet(LocalStore(table)))
    paths = column(rows, "path")
    assert paths.count(str(same)) == paths.count(str(changed)) == paths.count(str(new)) == 1
    assert column(rows, "error").count(None) == len(rows) - 1


@pytest.mark.parametrize("name", ["--csv", "--parquet"])
def test_classify_resume_refuses_a_table_of_another_version_or_other_options(
    written: Written, name: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = written.copies(tmp_path)[name]
    options = (written.album, name, table, "--resume")
    assert main(["classify", *FAST, *map(str, options), "--min-face", "40"]) == 2
    complaint = capsys.readouterr().err
    assert "min_face 80 instead of 40" in complaint
    assert "write a new table under another name" in complaint
    monkeypatch.setattr("demo.archive.identity._program", lambda: "newer")
    assert run(*options) == 2
    assert "instead of newer" in capsys.readouterr().err


def test_classify_resume_refuses_a_table_of_an_unknown_version(
    written: Written, tmp_path: Path, capsys: Capture
) -> None:
    tables = written.copies(tmp_path)
    (tables["--csv"].parent / "faces-report" / "run.json").unlink()
    [part] = tables["--parquet"].glob("part-*")
    part.write_bytes(part.read_bytes()[:-9])
    assert run(written.album, "--csv", tables["--csv"], "--resume") == 2
    assert "faces-report/run.json is missing or damaged." in capsys.readouterr().err
    assert run(written.album, "--parquet", tables["--parquet"], "--resume") == 2
    assert "part-000000.parquet: This part of the table is damaged." in capsys.readouterr().err


def test_classify_leaves_an_existing_output_alone(
    written: Written, tmp_path: Path, capsys: Capture
) -> None:
    notes, folder = tmp_path / "notes.csv", tmp_path / "mine"
    notes.write_text("mine")
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "new-report").mkdir()
    (tmp_path / "new-report" / "notes.txt").touch()
    strangers = {"--csv": notes, "--parquet": folder}
    for name, target in strangers.items():
        assert run(written.album, name, target, "--resume") == 2
        assert "The table is not written, because" in capsys.readouterr().err
    assert run(written.album, "--parquet", notes) == 2
    assert "Not a folder" in capsys.readouterr().err
    for name in written.tables:
        assert run(written.album, name, tmp_path / "new") == 2
        assert "The report is not written, because" in capsys.readouterr().err
    for name, target in written.copies(tmp_path).items():
        before = [file.read_bytes() for file in target.parent.rglob("*.*")]
        assert run(written.album, name, target) == 2
        assert "This table exists already. Add --resume" in capsys.readouterr().err
        assert [file.read_bytes() for file in target.parent.rglob("*.*")] == before
    assert notes.read_text() == "mine"


def test_classify_csv_does_not_read_a_report_inside_the_input(album: Path, capsys: Capture) -> None:
    assert run(album, "--csv", album / "table.csv") == 1
    assert len(list(album.glob("table-report/*.png"))) == 5
    assert run(album, "--csv", album / "table.csv", "--resume") == 0
    paths = column(list(read_csv(album / "table.csv")), "path")
    assert len(set(paths)) == 7
    assert "report/" not in str(paths)
    said = capsys.readouterr().err
    sentence = "table-report: This folder holds the report on a table, so its plots are not read."
    assert said.count(sentence) == 1
    assert "skipped" not in said


def test_classify_parquet_does_not_list_its_own_parts_inside_the_input_as_skipped(
    album: Path, capsys: Capture
) -> None:
    assert run(album, "--parquet", album / "table") == 1
    capsys.readouterr()
    assert run(album, "--parquet", album / "table", "--resume") == 0
    said = capsys.readouterr().err
    assert said.count("its plots are not read.") == 1
    assert "skipped" not in said


@pytest.mark.parametrize("inside", [None, "notes.txt", ".hidden.jpg"])
def test_classify_csv_names_an_input_without_pictures_and_writes_nothing(
    tmp_path: Path, inside: str | None, capsys: Capture
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if inside:
        (folder / inside).write_text("")
    assert run(folder, "--csv", tmp_path / "table.csv") == 1
    assert f"{folder}: There is no picture in this folder." in capsys.readouterr().err
    assert not (tmp_path / "table.csv").exists()


def test_classify_parquet_says_how_to_install_pyarrow(
    album: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert run(album, "--parquet", tmp_path / "table") == 2
    [complaint] = capsys.readouterr().err.splitlines()
    assert "python -m pip install pyarrow==" in complaint
    assert complaint.rpartition(" ")[2] in (Path("requirements.txt")).read_text()


def test_classify_csv_logs_the_rate_and_the_time_left(
    album: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.archive.batch._LOG_SECONDS", 0)
    assert run(album, "--csv", tmp_path / "table.csv") == 1
    shown = [
        line
        for line in capsys.readouterr().err.splitlines()
        if "picture/s" in line or "s/picture" in line
    ]
    assert len(shown) == 7
    assert shown[-1].startswith("100%")


def test_classify_csv_prints_the_table_and_writes_no_report(album: Path) -> None:
    process = start(album, "--csv", "-", stdout=subprocess.PIPE)
    output, _ = process.communicate(timeout=60)
    assert output.splitlines()[0] == ",".join(NAMES)
    assert len(output.splitlines()) == 1 + 6 + 2 + 1
    assert list(album.parent.iterdir()) == [album]
