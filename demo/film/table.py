"""The table of a film, as CSV and as Parquet: a row for each face of each sample."""

import csv
import errno
import glob
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from demo.answer.as_table import FACE_COLUMNS, Column, Kind
from demo.names import text_of

if TYPE_CHECKING:
    from demo.people.tracking import Sample, Sighting
    from model import FaceExpression


def _face(seen: tuple["Sample", "Sighting"]) -> "FaceExpression":
    return seen[1].face


_COLUMNS: tuple[Column[tuple["Sample", "Sighting"]], ...] = (
    Column(
        "time", "float64", "seconds from the start of the film", lambda seen: seen[0].time, digits=3
    ),
    Column(
        "person",
        "int32",
        "the person's number, in order of appearance; empty for a face that appears in one picture"
        " only",
        lambda seen: seen[1].person,
    ),
    *(column.within(_face) for column in FACE_COLUMNS),
)

COLUMNS = {column.name: column for column in _COLUMNS}

# DuckDB's types.
_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "probability": "FLOAT",
    "bool": "BOOLEAN",
}


class FilmTable:
    """Writes a film's rows as they come; when `add` returns, a sample's rows are on disk.

    The columns are `COLUMNS`. Probabilities, emotion and uncertain are not smoothed over time.

    Args:
        file: the CSV file to write; it must not exist yet. It holds no text from users, so spreadsheets
            find no formulas and need no byte order mark.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stream = file.open("x", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(COLUMNS)
        self._stream.flush()

    def add(self, sample: "Sample") -> None:
        """Writes a sample's rows, from left to right."""
        self._writer.writerows(
            [column.text(column.value((sample, sighting))) for column in _COLUMNS]
            for sighting in sample.sightings
        )
        self._stream.flush()

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()


def to_parquet(table: Path, target: Path) -> None:
    """Writes a closed table as a Parquet file.

    The CSV comes first, because an unfinished Parquet file cannot be read, while the CSV survives a
    power cut. DuckDB is the smallest maintained library (69 MB; PyArrow 171, Polars 182; fastparquet
    is no longer maintained). It streams the rows, so memory stays bounded.

    Args:
        table: the CSV file that `FilmTable` wrote.
        target: the file to write; an older file is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    # Imported here, because the container has no DuckDB: there only the page reads films, into CSV.
    import duckdb

    with ExitStack() as stack:
        source, written = (stack.enter_context(_encodable(file)) for file in (table, target))
        database = stack.enter_context(
            duckdb.connect(config={"memory_limit": "256MB", "threads": 1})
        )
        rows = database.read_csv(
            glob.escape(source),  # DuckDB would read brackets in a path as a pattern.
            columns={column.name: _TYPES[column.kind] for column in _COLUMNS},
            header=True,
            auto_detect=False,
            delimiter=",",
            quotechar='"',
        )
        try:
            rows.write_parquet(written, compression="zstd", overwrite=True)
        except duckdb.Error as error:
            raise OSError(errno.EIO, str(error).splitlines()[0].rstrip("."), str(target)) from error


@contextmanager
def _encodable(file: Path) -> Iterator[str]:
    """Yields a path that DuckDB accepts; if a folder's name is not UTF-8, a link replaces it."""
    if text_of(file) == str(file):
        yield str(file)
        return
    with TemporaryDirectory() as names:
        link = Path(names, "folder")
        link.symlink_to(file.parent.absolute())
        yield str(link / file.name)
