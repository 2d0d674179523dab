"""The table of a film: a row for each face of each sample, as CSV and as Parquet."""

import csv
import errno
import glob
from pathlib import Path
from typing import TYPE_CHECKING

from demo.answer.as_table import FACE_COLUMNS, face_cells

if TYPE_CHECKING:
    from demo.people.tracking import Sample

COLUMNS: tuple[str, ...] = ("time", "person", *FACE_COLUMNS)

_TYPES: dict[str, str] = {
    "time": "DOUBLE",
    **dict.fromkeys(("person", "x", "y", "width", "height"), "INTEGER"),
    **dict.fromkeys(("detected_by", "emotion"), "VARCHAR"),
    "uncertain": "BOOLEAN",
}


class FilmTable:
    """Writes a film's rows as they come; a sample's rows are on disk, whole, when `add` returns.

    Times are in seconds with three digits. `person` is empty for a face that one picture alone has.
    Boxes are in pixels of the upright film. Probabilities, emotion and uncertain are as they were
    read, not smoothed.

    Args:
        file: the CSV file to write; an older one is replaced.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stream = file.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(COLUMNS)
        self._stream.flush()

    def add(self, sample: "Sample") -> None:
        """Writes a sample's rows, from left to right."""
        self._writer.writerows(
            [f"{sample.time:.3f}", each.person or "", *face_cells(each.face)]
            for each in sample.sightings
        )
        self._stream.flush()

    def close(self) -> None:
        """Ends the file."""
        self._stream.close()


def to_parquet(table: Path, target: Path) -> None:
    """Writes a closed table as a Parquet file.

    From the file and not beside it: a Parquet file that is not finished cannot be read, and whoever
    pulls the plug still has the CSV. DuckDB, because it is the smallest of those that are kept up
    (69 MB, PyArrow 171, Polars 182; fastparquet was given up), and streams: memory stays bounded.

    Args:
        table: as `FilmTable` writes it.
        target: the file to write; an older one is replaced.

    Raises:
        OSError: it cannot be written.
    """
    # Not in the container: there the page alone asks for films, and it gives CSV.
    import duckdb

    with duckdb.connect(config={"memory_limit": "256MB", "threads": 1}) as database:
        rows = database.read_csv(
            glob.escape(str(table)),  # Brackets in a path would be read as a pattern.
            columns={column: _TYPES.get(column, "FLOAT") for column in COLUMNS},
            header=True,
            auto_detect=False,
            delimiter=",",
            quotechar='"',
        )
        try:
            rows.write_parquet(str(target), compression="zstd", overwrite=True)
        except duckdb.IOException as error:
            raise OSError(errno.EIO, str(error).splitlines()[0].rstrip("."), str(target)) from error
