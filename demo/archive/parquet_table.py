"""A table in Parquet: a folder of parts that readers join into one table."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.answer.as_table import Kind
from demo.archive.columns import COLUMNS, Row
from demo.archive.identity import Identity
from demo.archive.report import check_report
from demo.archive.store import Store
from demo.writing import Unwritable
from model.labels import EMOTIONS

if TYPE_CHECKING:
    import pyarrow as pa

HOW_TO_INSTALL = (
    "Parquet needs PyArrow, which is not installed: python -m pip install pyarrow==26.0.1"
)

# A killed run loses at most this many pictures: after each batch of them the last part is replaced.
_PICTURES_AT_ONCE = 256
# A part is complete after this many pictures, so replacing it stays cheap.
_PICTURES_A_PART = 8192

_PART = re.compile(r"part-\d{6,}\.parquet")


def schema(identity: Identity) -> "pa.Schema":
    """Returns the columns' names and types, with the identity and the columns' meanings as metadata."""
    import pyarrow as pa

    types: dict[Kind, pa.DataType] = {
        "text": pa.string(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "probability": pa.float32(),
        "bool": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    fields = [
        pa.field(
            name,
            types[column.kind],
            nullable=name != "path",
            metadata={"description": column.meaning},
        )
        for name, column in COLUMNS.items()
    ]
    return pa.schema(fields, metadata={**identity.texts(), "emotions": ",".join(EMOTIONS)})


def part_of(rows: Sequence[Row], schema: "pa.Schema") -> bytes:
    """Returns the bytes of a Parquet file with rows."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    return _file_of(pa.Table.from_arrays(arrays, schema=schema))


class ParquetTable:
    """A folder of parts, named `part-000000.parquet` and so on; every part can be read at any time.

    Args:
        store: the folder of the parts.
        identity: the identity of the new rows.
        next_part: the number of the first part to write.

    Attributes:
        report: the folder for the table's report.
    """

    def __init__(self, store: Store, identity: Identity, next_part: int = 0) -> None:
        self.report: Store = store.report()
        self.store = store
        self.schema = schema(identity)
        self.next_part = next_part
        self._rows: list[Row] = []
        self._pictures = self._unwritten = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Adds a picture's rows. They are written after 255 more pictures at the latest.

        Raises:
            OSError: the rows cannot be written; all existing parts are still complete.
        """
        self._rows += rows
        self._pictures += 1
        self._unwritten += 1
        if self._unwritten == _PICTURES_AT_ONCE:
            self._flush()
        if self._pictures == _PICTURES_A_PART:
            self.next_part += 1
            self._rows.clear()
            self._pictures = 0

    def _flush(self) -> None:
        # Reset first: after an error, `close` must not try again.
        self._unwritten = 0
        self.store.write(part_name(self.next_part), part_of(self._rows, self.schema))

    def rows(self) -> Iterator[Row]:
        """Yields the rows of all parts, with one part in memory at a time."""
        yield from read_parquet(self.store)

    def drop(self, is_stale: Callable[[str], bool]) -> None:
        """Removes the rows of some pictures.

        Args:
            is_stale: tells whether to remove the rows of a picture, given its path.

        Raises:
            OSError: the new version of a part cannot be written; the old one is still there.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        for file in parts(self.store):
            table = pq.read_table(pa.BufferReader(self.store.read(file)))
            kept = [not is_stale(path) for path in table.column("path").to_pylist()]
            if not all(kept):
                self.store.write(file, _file_of(table.filter(kept)))

    def close(self) -> None:
        """Writes the rows that are not written yet."""
        if self._unwritten:
            self._flush()


def open_parquet(store: Store, identity: Identity, resume: bool) -> ParquetTable:
    """Opens a new table, or a table of an earlier run.

    Args:
        store: the folder of the parts; it may be missing.
        identity: the identity of the new rows.
        resume: whether the folder may already hold parts.

    Raises:
        Unwritable: the folder holds parts and `resume` is False, or it holds other files; the parts
            have another identity or are damaged; PyArrow is not installed; the folder cannot be made.
        demo.archive.remote.Unreachable: the bucket cannot be reached.
    """
    if find_spec("pyarrow") is None:
        raise Unwritable(HOW_TO_INSTALL)
    try:
        store.make()
        files = store.files()
    except (FileExistsError, NotADirectoryError):
        raise Unwritable(f"{store.name}: cannot be written (Not a folder).") from None
    except OSError as error:
        raise Unwritable(f"{store.name}: cannot be written ({error.strerror}).") from error
    others = [each for each in files if not _PART.fullmatch(each) and each[:1] not in "._"]
    if others:
        raise Unwritable(
            f"{store.name}: The table is not written, because this folder holds something else"
            f" ({others[0]}). Choose another folder, or move that file away."
        )
    found = parts(store)
    if found and not resume:
        raise Unwritable(
            f"{store.name}: This table exists already. Add --resume to read only the missing pictures,"
            " or choose another folder."
        )
    if not found:
        check_report(store.report())
    for file in found:
        identity.check(_metadata(store, file), store.name)
    last = int(found[-1][len("part-") : -len(".parquet")]) if found else -1
    return ParquetTable(store, identity, last + 1)


def part_name(number: int) -> str:
    """Returns the file name of a part; up to a million parts, names sort in the order of numbers."""
    return f"part-{number:06}.parquet"


def parts(store: Store) -> list[str]:
    """Returns the file names of a table's parts, in order."""
    return [file for file in store.files() if _PART.fullmatch(file)]


def read_parquet(store: Store) -> Iterator[Row]:
    """Yields the rows of all parts, with one part in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in parts(store):
        table = pq.read_table(pa.BufferReader(store.read(file)))
        modified = table.column("modified").cast(pa.int64())
        table = table.set_column(table.column_names.index("modified"), "modified", modified)
        yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


def _metadata(store: Store, file: str) -> dict[str, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata: dict[bytes, bytes] = (
            pq.read_schema(pa.BufferReader(store.read(file))).metadata or {}
        )
    except (OSError, pa.ArrowException):
        raise Unwritable(
            f"{store.name}/{file}: This part of the table is damaged. Move it away, and --resume"
            " reads its pictures again."
        ) from None
    return {key.decode(): text.decode() for key, text in metadata.items()}


def _file_of(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()
