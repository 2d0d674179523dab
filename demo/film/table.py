"""The table of a film: a row for each face of each sample, as CSV and as Parquet."""

import csv
import errno
import glob
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from demo.answer.as_table import FACE_COLUMNS, face_cells
from demo.names import text_of

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
        file: the CSV file to write; there must be none yet. All its text is this program's own, so no
            spreadsheet takes a cell for a formula or needs UTF-8's mark.
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

    with ExitStack() as stack:
        source, written = (stack.enter_context(_encodable(file)) for file in (table, target))
        database = stack.enter_context(
            duckdb.connect(config={"memory_limit": "256MB", "threads": 1})
        )
        rows = database.read_csv(
            glob.escape(source),  # Brackets in a path would be read as a pattern.
            columns={column: _TYPES.get(column, "FLOAT") for column in COLUMNS},
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
    """A path that DuckDB takes: of a folder whose name is no UTF-8, one through a link."""
    if text_of(file) == str(file):
        yield str(file)
        return
    with TemporaryDirectory() as names:
        link = Path(names, "folder")
        link.symlink_to(file.parent.absolute())
        yield str(link / file.name)
