"""The table that `classify --csv` writes, to a file or to standard output."""

import codecs
import csv
import io
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from tqdm import tqdm

from demo.answer.as_table import CSV_COLUMNS, csv_rows
from demo.answer.reading import Answer
from demo.names import is_same
from demo.writing import Unwritable
from preprocessing.suffixes import picture_suffixes

# Stands for standard output in place of a file.
STDOUT: Literal["-"] = "-"


class Table:
    """A table in UTF-8; when `add` returns, a picture's rows are written completely."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def add(self, path: Path, answer: Answer) -> None:
        """Writes a picture's rows.

        Raises:
            OSError: the rows cannot be written; `filename` of the error names the table.
        """
        self.write(_lines(csv_rows(path, answer)))

    def write(self, content: bytes) -> None:
        """Writes bytes in one piece, so that Ctrl-C leaves whole rows."""
        try:
            with tqdm.external_write_mode(file=sys.stdout):
                left = memoryview(content)
                while left:  # A disk that is nearly full writes only a part.
                    left = left[self._stream.write(left) :]
                self._stream.flush()
        except OSError as error:
            error.filename = self._name
            raise


@contextmanager
def open_table(target: Path | Literal["-"], inputs: Sequence[Path]) -> Iterator[Table]:
    """Opens a table and writes its first line.

    A file begins with the byte order mark of UTF-8, because spreadsheets would otherwise show
    `ZoÃ«`. Standard output has no mark, because programs read it.

    Args:
        target: `STDOUT`, or a file that is new, empty or a table of an earlier run.
        inputs: the paths to read; none of them may be the table.

    Raises:
        Unwritable: the file holds something else or cannot be opened.
        OSError: the first line cannot be written.
    """
    if target == STDOUT:
        table = Table(sys.stdout.buffer, "The output")
        table.write(_lines([CSV_COLUMNS]))
        yield table
        return
    try:
        stream = _open(target, inputs)
    except OSError as error:
        raise Unwritable(f"{target}: cannot be written ({error.strerror}).") from error
    with stream:
        table = Table(stream, str(target))
        table.write(codecs.BOM_UTF8 + _lines([CSV_COLUMNS]))
        yield table


def _open(file: Path, inputs: Sequence[Path]) -> BinaryIO:
    """Opens an empty file, or refuses one that must not be replaced.

    Raises:
        Unwritable: the file has the name of a picture, or holds something other than a table.
        OSError: the file cannot be opened.
    """
    if file.suffix.lower() in picture_suffixes():
        raise Unwritable(
            f"{file}: The table is not written, because this is the name of a picture. Give the table"
            " a name of its own, such as --csv expressions.csv."
        )
    try:
        kind = file.stat().st_mode
    except FileNotFoundError:
        return file.open("xb", buffering=0)
    if not stat.S_ISREG(kind) and not stat.S_ISBLK(kind):
        # A pipe or a terminal holds nothing to protect; opening a folder fails.
        return file.open("wb", buffering=0)
    stream = file.open("r+b", buffering=0)
    try:
        if not _is_table(stream) or any(is_same(file, path) for path in inputs):
            raise Unwritable(
                f"{file}: The table is not written, because this file exists and is not a table of an"
                " earlier run. Choose another file, or move this one away."
            )
        stream.seek(0)
        stream.truncate()
    except BaseException:
        stream.close()
        raise
    return stream


def _is_table(stream: BinaryIO) -> bool:
    """Tells whether a file is empty or has the first line of a table."""
    head = _lines([CSV_COLUMNS])
    begins = stream.read(len(codecs.BOM_UTF8) + len(head))
    # Earlier versions wrote no byte order mark.
    return not begins or begins.removeprefix(codecs.BOM_UTF8).startswith(head)


def _lines(rows: Sequence[Sequence[object]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()
