"""A whole archive on Ray Data: on this machine, or on all machines of a cluster.

The driver lists the archive and cuts it into numbered chunks. An actor reads a chunk and writes it as
the part of the table with that number. If an actor or a machine dies, Ray repeats its chunk, and the
new part replaces the old one. So no row is lost and no row appears twice.

Each actor reads pictures in a process of its own, as on one machine. A picture that kills this process
becomes a row with an error, and the actor lives on.
"""

import logging
import os
import pickle
import queue
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demo.archive.columns import Row
from demo.archive.entries import Entry
from demo.archive.parquet_table import ParquetTable, part_name, part_of
from demo.archive.processes import Processes
from demo.archive.remote import Unreachable, reason
from demo.archive.rows import Maker, Outcome, Result, lost
from demo.archive.store import Store
from demo.writing import Unwritable

if TYPE_CHECKING:
    import pyarrow as pa

HOW_TO_INSTALL = (
    "Ray is not installed: python -m pip install -r requirements-ray.txt, on every machine."
)

# A chunk takes an actor about 15 seconds. If the actor dies, this much work is repeated.
PICTURES_A_PART = 512
# The driver holds this many chunks at a time: half a million pictures, 200 MB.
_CHUNKS_AT_A_TIME = 1024

_CONNECT_SECONDS = 5.0
_ROOT = Path(__file__).parents[2]
# These folders, and the files that .gitignore names, are not copied to the machines of a cluster.
_STAYS = ["/.git", "/.ci", "/tests", "/docs", "/cluster", "/train_resnet"]


def on_ray(
    entries: Iterator[Entry],
    make: Maker,
    table: ParquetTable,
    workers: int | None,
    address: str | None,
    stopped: Callable[[], bool],
) -> Generator[Outcome, None, None]:
    """Reads pictures on Ray and writes them as parts of a table.

    Args:
        entries: the pictures; they may be endless, because only a limited number is held.
        make: makes the rows.
        table: the table that gets the parts.
        workers: the number of actors; None makes one per core of the cluster.
        address: the address of a Ray cluster: "auto", "host:port" or "ray://host:port"; None starts Ray
            on this machine.
        stopped: tells whether to stop; it is called several times per second.

    Yields:
        The outcome of each part.

    Raises:
        Unwritable: Ray is not installed.
        Unreachable: the cluster does not answer.
        OSError: a part cannot be written.
    """
    ray = _connected(address, workers)
    try:
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        located = (replace(entry, content=entry.content.absolute()) for entry in entries)
        for wave in _batched(_batched(located, PICTURES_A_PART), _CHUNKS_AT_A_TIME):
            numbers = range(table.next_part, table.next_part + len(wave))
            table.next_part += len(wave)
            rows = _rows(list(zip(numbers, wave, strict=True)), make, table, count)
            for row in _until(stopped, rows):
                outcome = pickle.loads(row["outcome"])
                if isinstance(outcome, OSError):
                    raise outcome
                yield outcome
            if stopped():
                return
    finally:
        # Ray's own threads fail if they still work during the shutdown, and would print long errors.
        threading.excepthook = lambda _: None
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        ray.shutdown()


def _connected(address: str | None, workers: int | None) -> Any:
    """Connects to Ray, copies this project to its machines, and returns the `ray` module."""
    # Ray's warnings only help people who know Ray's code.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Otherwise a thread of Ray's that still works after the shutdown would start Ray again.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    try:
        import ray
        from ray.data import DataContext
    except ModuleNotFoundError:
        raise Unwritable(HOW_TO_INSTALL) from None
    _check_answers(address)
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address or "local",
            # Allow the requested number of actors even on fewer cores.
            num_cpus=None if address else workers,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"working_dir": str(_ROOT), "excludes": _STAYS},
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise Unreachable(
            f"{address or 'Ray'}: The cluster cannot be reached ({reason(error)}). Check the address with"
            " `ray status --address`."
        ) from error
    if threading.current_thread() is threading.main_thread():
        # Ray's own handler would end the process in the middle of a part.
        signal.signal(signal.SIGTERM, on_sigterm)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    return ray


def _check_answers(address: str | None) -> None:
    """Checks that an address answers, because Ray itself would try for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon:
        return
    if not port.isdecimal():
        raise Unreachable(f"{address}: This address has no port. Write it as HOST:PORT.")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise Unreachable(
            f"{address}: No Ray cluster answers at this address ({reason(error)}). Start one with `ray"
            " up cluster/aws.yaml`, or remove --address to use this machine."
        ) from error


def _rows(
    chunks: list[tuple[int, tuple[Entry, ...]]], make: Maker, table: ParquetTable, count: int
) -> Iterator[dict[str, Any]]:
    """Starts actors on the chunks and yields their answers, one per chunk."""
    import ray

    items = [{"number": number, "entries": pickle.dumps(chunk)} for number, chunk in chunks]
    data = ray.data.from_items(items, override_num_blocks=len(items))
    rows: Iterable[dict[str, Any]] = data.map_batches(
        PartWriter,
        fn_constructor_kwargs={
            "make": make,
            "store": table.store.absolute(),
            "types": table.schema,
        },
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(count, len(items))),
    ).iter_rows()
    return iter(rows)


class PartWriter:
    """An actor that reads chunks of pictures with one recognizer and writes a part for each chunk.

    Args:
        make: makes the rows.
        store: the folder of the parts.
        types: the table's columns and metadata.
    """

    def __init__(self, make: Maker, store: Store, types: "pa.Schema") -> None:
        self._store = store
        self._types = types
        self._processes: Processes[Entry, Result] = Processes(make, lost, 1)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        """Reads chunks and returns the pickled outcome of each.

        Args:
            batch: the chunks' numbers under `number` and their pickled entries under `entries`.
        """
        pairs = zip(batch["number"], batch["entries"], strict=True)
        return {"outcome": [pickle.dumps(self._part(int(each), data)) for each, data in pairs]}

    def _part(self, number: int, data: bytes) -> Outcome | OSError:
        rows: list[Row] = []
        outcomes = []
        for entry, result in self._processes.results(pickle.loads(data)):
            rows += result.rows
            outcomes.append(Outcome.of(entry, result))
        try:
            self._store.write(part_name(number), part_of(rows, self._types))
        except OSError as error:  # The driver raises it; if the actor did, Ray would try again.
            return error
        sentences = [sentence for outcome in outcomes for sentence in outcome.sentences]
        return Outcome(len(outcomes), sum(outcome.failed for outcome in outcomes), sentences)


def _until(stopped: Callable[[], bool], rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields rows until `stopped` says so; Ray itself would first wait for the next part."""
    coming: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()

    def take() -> None:
        try:
            for row in rows:
                coming.put(row)
            coming.put(None)
        except BaseException as error:
            coming.put(error)

    threading.Thread(target=take, daemon=True).start()
    while not stopped():
        try:
            row = coming.get(timeout=0.2)
        except queue.Empty:
            continue
        if row is None:
            return
        if isinstance(row, BaseException):
            raise row
        yield row


def _batched(items: Iterator[Any], size: int) -> Iterator[tuple[Any, ...]]:
    items = iter(items)
    while batch := tuple(islice(items, size)):
        yield batch
