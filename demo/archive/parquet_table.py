"""A table of rows as a folder of Parquet parts, of which a reader makes one table."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.archive.identity import Identity
from demo.archive.report import check_report, report_folder
from demo.archive.rows import COLUMNS, Row
from demo.writing import Unwritable, write_whole
from model.labels import EMOTIONS

if TYPE_CHECKING:
    import pyarrow as pa

HOW_TO_INSTALL = (
    "Parquet needs PyArrow, which is not installed: python -m pip install pyarrow==26.0.1"
)

# The last part is replaced after so many pictures: what a killed run loses at most. After so many
# more the next part begins, so that this costs little.
_PICTURES_AT_ONCE = 256
_PICTURES_A_PART = 8192


def schema(identity: Identity) -> "pa.Schema":
    """Column names and types, with what made the rows and what columns mean as metadata."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "whole": pa.int32(),
        "real": pa.float32(),
        "truth": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    fields = [
        pa.field(
            name,
            pa.int64() if name == "size" else types[kind],
            nullable=name != "path",
            metadata={"description": meaning},
        )
        for name, (kind, meaning) in COLUMNS.items()
    ]
    return pa.schema(fields, metadata={**identity.texts(), "emotions": ",".join(EMOTIONS)})


def part_of(rows: Sequence[Row], schema: "pa.Schema") -> bytes:
    """Rows as a Parquet file."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    return _file_of(pa.Table.from_arrays(arrays, schema=schema))


class ParquetTable:
    """A folder of parts, `part-000000.parquet` and on; each of them can be read at any time.

    Args:
        folder: where the parts lie.
        identity: of the rows to come.
        first: the number of the first part to write.
    """

    def __init__(self, folder: Path, identity: Identity, first: int = 0) -> None:
        self.report = report_folder(folder)
        self._folder = folder
        self._schema = schema(identity)
        self._number = first
        self._rows: list[Row] = []
        self._pictures = self._unwritten = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Adds a picture's rows. They are on disk, whole, when 255 more pictures have been added.

        Raises:
            OSError: they cannot be written; the parts that are there are still whole.
        """
        self._rows += rows
        self._pictures += 1
        self._unwritten += 1
        if self._unwritten == _PICTURES_AT_ONCE:
            self._flush()
        if self._pictures == _PICTURES_A_PART:
            self._number += 1
            self._rows.clear()
            self._pictures = 0

    def _flush(self) -> None:
        file = self._folder / f"part-{self._number:06}.parquet"
        try:
            write_whole(file, part_of(self._rows, self._schema))
        except OSError as error:
            error.filename = str(self._folder)
            raise
        finally:
            # Not tried again when the table is closed.
            self._unwritten = 0

    def rows(self) -> Iterator[Row]:
        """Reads what the parts hold."""
        yield from read_parquet(self._folder)

    def drop(self, is_stale: Callable[[str], bool]) -> None:
        """Takes out the rows of some pictures, by their paths.

        Raises:
            OSError: a part cannot be written anew; the old one is still there.
        """
        import pyarrow.parquet as pq

        for file in parts(self._folder):
            table = pq.read_table(file)
            kept = [not is_stale(path) for path in table.column("path").to_pylist()]
            if not all(kept):
                write_whole(file, _file_of(table.filter(kept)))

    def close(self) -> None:
        """Writes what is not written yet."""
        if self._unwritten:
            self._flush()


def open_parquet(folder: Path, identity: Identity, resume: bool) -> ParquetTable:
    """Opens a table, empty or with what an earlier run wrote.

    Args:
        folder: where the parts lie; it need not be there yet.
        identity: of the rows to come.
        resume: whether there may be parts in it.

    Raises:
        Unwritable: there are parts without `resume`, or anything else; the parts are of another
            identity or damaged; PyArrow is not installed; the folder cannot be made.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise Unwritable(HOW_TO_INSTALL) from None
    try:
        folder.mkdir(exist_ok=True)
        found = parts(folder)
        others = [
            each for each in folder.iterdir() if each not in found and each.name[:1] not in "._"
        ]
    except FileExistsError:
        raise Unwritable(f"{folder}: cannot be written (Not a folder).") from None
    except OSError as error:
        raise Unwritable(f"{folder}: cannot be written ({error.strerror}).") from error
    if others:
        raise Unwritable(
            f"{folder}: The table is not written, because there is something else in this folder"
            f" ({others[0].name}). Name another folder, or move that away."
        )
    if found and not resume:
        raise Unwritable(
            f"{folder}: This table is there already. Add --resume to read only what is missing in it,"
            " or name another folder."
        )
    if not found:
        check_report(folder)
    for file in found:
        try:
            metadata: dict[Any, Any] = pq.read_schema(file).metadata or {}
        except (OSError, pa.ArrowException):
            raise Unwritable(
                f"{file}: This part of the table is damaged. Move it away; --resume then reads its"
                " pictures again."
            ) from None
        identity.check({key.decode(): text.decode() for key, text in metadata.items()}, str(folder))
    last = max((int(file.stem.removeprefix("part-")) for file in found), default=-1)
    return ParquetTable(folder, identity, last + 1)


def parts(folder: Path) -> list[Path]:
    """The parts of a table, in order."""
    return sorted(folder.glob("part-*.parquet"))


def read_parquet(folder: Path) -> Iterator[Row]:
    """Reads the rows of all parts, one part in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in parts(folder):
        table = pq.read_table(file)
        modified = table.column("modified").cast(pa.int64())
        table = table.set_column(table.column_names.index("modified"), "modified", modified)
        yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


def _file_of(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()
