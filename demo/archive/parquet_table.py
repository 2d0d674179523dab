"""A table of rows as a folder of Parquet parts, of which a reader makes one table."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.archive.identity import Identity
from demo.archive.report import check_report
from demo.archive.rows import COLUMNS, Row
from demo.archive.store import Store
from demo.writing import Unwritable
from model.labels import EMOTIONS

if TYPE_CHECKING:
    import pyarrow as pa

HOW_TO_INSTALL = (
    "Parquet needs PyArrow, which is not installed: python -m pip install pyarrow==26.0.1"
)

# The last part is written anew after this many pictures, so a killed run loses at most as many. A
# part ends after _PICTURES_A_PART, so that writing it anew stays cheap.
_PICTURES_AT_ONCE = 256
_PICTURES_A_PART = 8192

_PART = re.compile(r"part-\d{6,}\.parquet")


def schema(identity: Identity) -> "pa.Schema":
    """Returns names and types of the columns. The metadata say what made the rows and what columns mean."""
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
        store: the folder of the parts.
        identity: the program, weights and options that make the rows.
        next_part: the number of the first part to write.

    Attributes:
        report: the folder of the table's report.
    """

    def __init__(self, store: Store, identity: Identity, next_part: int = 0) -> None:
        self.report: Store = store.report()
        self.store = store
        self.schema = schema(identity)
        self.next_part = next_part
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
            self.next_part += 1
            self._rows.clear()
            self._pictures = 0

    def _flush(self) -> None:
        # Not tried again when the table is closed.
        self._unwritten = 0
        self.store.write(part_name(self.next_part), part_of(self._rows, self.schema))

    def rows(self) -> Iterator[Row]:
        """Reads what the parts hold, one part in memory at a time."""
        yield from read_parquet(self.store)

    def drop(self, is_stale: Callable[[str], bool]) -> None:
        """Takes out the rows of some pictures, by their paths.

        Raises:
            OSError: a part cannot be written anew; the old one is still there.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        for file in parts(self.store):
            table = pq.read_table(pa.BufferReader(self.store.read(file)))
            kept = [not is_stale(path) for path in table.column("path").to_pylist()]
            if not all(kept):
                self.store.write(file, _file_of(table.filter(kept)))

    def close(self) -> None:
        """Writes what is not written yet."""
        if self._unwritten:
            self._flush()


def open_parquet(store: Store, identity: Identity, resume: bool) -> ParquetTable:
    """Opens a new table, or the table of an earlier run.

    Args:
        store: the folder of the parts; it may be missing.
        identity: the program, weights and options that make the rows.
        resume: whether to continue existing parts.

    Raises:
        Unwritable: there are parts without `resume`, or anything else; the parts are of another
            identity or damaged; PyArrow is not installed; the folder cannot be made.
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
            f"{store.name}: The table is not written, because there is something else in this folder"
            f" ({others[0]}). Name another folder, or move that away."
        )
    found = parts(store)
    if found and not resume:
        raise Unwritable(
            f"{store.name}: This table is there already. Add --resume to read only what is missing in"
            " it, or name another folder."
        )
    if not found:
        check_report(store.report())
    for file in found:
        identity.check(_metadata(store, file), store.name)
    last = int(found[-1][len("part-") : -len(".parquet")]) if found else -1
    return ParquetTable(store, identity, last + 1)


def part_name(number: int) -> str:
    """How a part is called; names are in the order of numbers, up to a million parts."""
    return f"part-{number:06}.parquet"


def parts(store: Store) -> list[str]:
    """The names of a table's parts, in order."""
    return [file for file in store.files() if _PART.fullmatch(file)]


def read_parquet(store: Store) -> Iterator[Row]:
    """Reads the rows of all parts, one part in memory at a time."""
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
            f"{store.name}/{file}: This part of the table is damaged. Move it away; --resume then"
            " reads its pictures again."
        ) from None
    return {key.decode(): text.decode() for key, text in metadata.items()}


def _file_of(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()
