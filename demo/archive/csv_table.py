"""A table in CSV: a file that grows with every picture, or standard output."""

import codecs
import csv
import io
import json
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from tqdm import tqdm

from demo.answer.as_table import Cell, Kind, guarded, unguarded
from demo.archive.columns import COLUMNS, Row
from demo.archive.entries import microseconds_of, moment_of
from demo.archive.identity import Identity
from demo.archive.remote import address_of
from demo.archive.report import check_report
from demo.archive.store import LocalStore
from demo.names import is_same
from demo.writing import Unwritable
from preprocessing.suffixes import picture_suffixes

# The target that means standard output.
STDOUT: Literal["-"] = "-"

HEAD = tuple(COLUMNS)

_PATH, _FACES, _MODIFIED = (HEAD.index(name) for name in ("path", "faces", "modified"))


class CsvTable:
    """A table in UTF-8. When `add` returns, all rows of the picture are written.

    Args:
        stream: the stream that the table is written to.
        name: the table's name in messages.
        file: the regular file behind the stream; None if it cannot be read again, as with a pipe.

    Attributes:
        report: the folder for the table's report; None without a file.
    """

    def __init__(self, stream: BinaryIO, name: str, file: Path | None = None) -> None:
        self._stream = stream
        self._name = name
        self._file = file
        self.report = file and LocalStore(file).report()

    def add(self, rows: Sequence[Row]) -> None:
        """Writes a picture's rows in one piece.

        Raises:
            OSError: the rows cannot be written; its `filename` is the table's name. In a file, all
                earlier rows are still complete.
        """
        self._write(_lines([_cells(row) for row in rows]))

    def begin(self) -> None:
        """Writes the line with the column names."""
        # Spreadsheets show UTF-8 correctly only after a byte order mark. Programs that read a pipe do
        # not need one.
        self._write((codecs.BOM_UTF8 if self._file else b"") + _lines([HEAD]))

    def _write(self, content: bytes) -> None:
        before = self._stream.tell() if self._file else 0
        try:
            # Without a file, the stream may be the terminal, which shows a progress bar.
            with nullcontext() if self._file else tqdm.external_write_mode(file=sys.stdout):
                left = memoryview(content)
                while left:  # A nearly full disk takes only a part.
                    left = left[self._stream.write(left) :]
                self._stream.flush()
        except OSError as error:
            if self._file:
                self._stream.seek(before)
                self._stream.truncate()
            error.filename = self._name
            raise

    def rows(self) -> Iterator[Row]:
        """Yields the rows of the file; none without a file."""
        if self._file:
            yield from read_csv(self._file)

    def drop(self, is_stale: Callable[[str], bool]) -> None:
        """Removes the rows of some pictures.

        Args:
            is_stale: tells whether to remove the rows of a picture, given its path.

        Raises:
            OSError: the new file cannot be written; the old one is still there.
        """
        assert self._file
        partial = self._file.with_name(f".{self._file.name}.partial")
        try:
            with partial.open("wb", buffering=0) as stream:
                copy = CsvTable(stream, self._name, partial)
                copy.begin()
                for row in self.rows():
                    if not is_stale(str(row[_PATH])):
                        copy.add([row])
            self._stream.close()
            partial.replace(self._file)
        finally:
            partial.unlink(missing_ok=True)
        self._stream = self._file.open("r+b", buffering=0)
        self._stream.seek(0, io.SEEK_END)

    def close(self) -> None:
        """Closes the table's file; other streams stay open."""
        if self._file:
            self._stream.close()


def open_csv(
    target: Path | Literal["-"], inputs: Sequence[Path], identity: Identity, resume: bool
) -> CsvTable:
    """Opens a new table, or a table of an earlier run.

    If the last picture of the earlier run lacks some of its rows, the others are removed too.

    Args:
        target: the table's file, or `STDOUT`.
        inputs: the files and folders to read, none of which may be the table.
        identity: the identity of the new rows.
        resume: whether the table may exist already.

    Raises:
        Unwritable: the table exists and `resume` is False, the file is not a table, its rows have
            another identity, or it cannot be opened.
        OSError: the line with the column names cannot be written.
    """
    if target == STDOUT:
        table = CsvTable(sys.stdout.buffer, "The output")
        table.begin()
        return table
    try:
        return _open(target, inputs, identity, resume)
    except OSError as error:
        if error.filename == str(target) and target.exists():
            raise
        raise Unwritable(f"{target}: cannot be written ({error.strerror}).") from error


def _open(target: Path, inputs: Sequence[Path], identity: Identity, resume: bool) -> CsvTable:
    if target.suffix.lower() in {*picture_suffixes(), ".zip"}:
        raise Unwritable(
            f"{target}: The table is not written, because this is the name of a picture or a zip file."
            " Give the table a name of its own, such as --csv expressions.csv."
        )
    if address_of(target):
        raise Unwritable(
            f"{address_of(target)}: A CSV file can only be written on this machine. Choose a local file,"
            " or write the table into the bucket with --parquet."
        )
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        # A pipe or a terminal holds no earlier rows. A folder cannot be opened and raises OSError.
        table = CsvTable(target.open("wb", buffering=0), str(target))
        table.begin()
        return table
    report = LocalStore(target).report()
    run = report.folder / "run.json"
    if target.exists() and target.stat().st_size:
        _check_resumable(target, run, inputs, identity, resume)
        stream = target.open("r+b", buffering=0)
        stream.seek(_whole_bytes(target))
        stream.truncate()
        return CsvTable(stream, str(target), target)
    check_report(report)
    stream = target.open("wb", buffering=0)
    report.make()
    report.write(run.name, f"{json.dumps(identity.texts(), indent=2)}\n".encode())
    table = CsvTable(stream, str(target), target)
    table.begin()
    return table


def _check_resumable(
    target: Path, run: Path, inputs: Sequence[Path], identity: Identity, resume: bool
) -> None:
    with target.open("rb") as stream:
        head = codecs.BOM_UTF8 + _lines([HEAD])
        ours = stream.read(len(head)) == head
    if not ours or any(is_same(target, each) for each in inputs):
        raise Unwritable(
            f"{target}: The table is not written, because this file exists and is not a table of an"
            " earlier run. Choose another file, or move this one away."
        )
    if not resume:
        raise Unwritable(
            f"{target}: This table exists already. Add --resume to read only the missing pictures, or"
            " choose another file."
        )
    try:
        found = dict(json.loads(run.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise Unwritable(
            f"{target}: --resume cannot continue this table, because {run} is missing or damaged. That"
            " file records how the table was made. Write a new table under another name."
        ) from None
    identity.check(found, str(target))


def read_csv(file: Path) -> Iterator[Row]:
    """Yields the rows of a table that `CsvTable` wrote."""
    kinds = [column.kind for column in COLUMNS.values()]
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.reader(stream)
        next(lines, None)
        for cells in lines:
            row = [_value(kind, text) for kind, text in zip(kinds, cells, strict=True)]
            row[_PATH] = unguarded(cells[_PATH])
            yield tuple(row)


def _value(kind: Kind, text: str) -> Cell:
    if not text:
        return None
    if kind in ("int32", "int64"):
        return int(text)
    if kind in ("float32", "float64", "probability"):
        return float(text)
    if kind == "bool":
        return text == "true"
    if kind == "time":
        return microseconds_of(datetime.fromisoformat(text))
    return text


def _cells(row: Row) -> list[str]:
    cells = [column.text(value) for column, value in zip(COLUMNS.values(), row, strict=True)]
    cells[_PATH] = guarded(cells[_PATH])
    modified = row[_MODIFIED]
    if isinstance(modified, int):
        cells[_MODIFIED] = moment_of(modified).isoformat(timespec="microseconds")
    return cells


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()


def _whole_bytes(file: Path) -> int:
    """Returns the number of bytes up to the end of the last picture with all its rows."""
    position = 0
    with file.open("rb") as stream:

        def lines() -> Iterator[str]:
            nonlocal position
            for line in stream:
                position += len(line)
                # A line that was cut off could look like a complete row.
                yield line.decode(errors="replace") if line.endswith(b"\n") else "\0"

        rows = csv.reader(lines())
        next(rows)
        whole = position
        path, missing = "", 0
        try:
            for cells in rows:
                if len(cells) != len(HEAD):
                    break
                if missing and cells[_PATH] == path:
                    missing -= 1
                else:
                    path, missing = cells[_PATH], max(1, int(cells[_FACES] or 1)) - 1
                if not missing:
                    whole = position
        except (csv.Error, ValueError):
            pass
    return whole
