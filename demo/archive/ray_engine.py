"""A whole archive on Ray Data: on this machine, or on all machines of a cluster.

The driver lists the archive and cuts it into chunks. An actor reads a chunk and writes it as a part of
the table, whose number the driver has given. Ray repeats a chunk whose actor or machine has died; the
part is then written once more in the same place. So nothing is lost and nothing is there twice.

Inside of an actor, pictures are read in a process of its own, as on one machine: a picture that kills
its process becomes a row with an error, and not the end of the actor.
"""

import logging
import os
import pickle
import queue
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demo.archive.entries import Entry
from demo.archive.parquet_table import ParquetTable, part_name, part_of
from demo.archive.processes import Processes
from demo.archive.remote import Unreachable
from demo.archive.rows import Maker, Outcome, Result, Row, lost
from demo.archive.store import Store
from demo.writing import Unwritable

if TYPE_CHECKING:
    import pyarrow as pa

HOW_TO_INSTALL = (
    "Ray is not installed: python -m pip install -r requirements-ray.txt, on every machine."
)

# A chunk takes an actor about 15 seconds, and so much is done again when the actor dies.
PICTURES_A_PART = 512
# What the driver holds at a time: half a million pictures, 200 MB.
_CHUNKS_AT_A_TIME = 1024

_CONNECT_SECONDS = 5.0
_ROOT = Path(__file__).parents[2]
# What of the project does not travel to the machines of a cluster, besides what .gitignore names.
_STAYS = ["/.git", "/.ci", "/tests", "/docs", "/cluster", "/train_resnet"]


def on_ray(
    entries: Iterator[Entry],
    make: Maker,
    table: ParquetTable,
    workers: int | None,
    address: str | None,
    stopped: Callable[[], bool],
) -> Generator[Outcome, None, None]:
    """Reads pictures and writes their parts.

    Args:
        entries: the pictures to read. There may be any number; only those under way are in memory.
        make: makes the rows.
        table: the table to write parts of.
        workers: the number of actors; None makes one for each core of the cluster.
        address: the cluster: "auto", "host:port" or "ray://host:port"; None starts Ray on this machine.
        stopped: tells after each part whether to stop.

    Yields:
        What became of each part.

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
                # Threads of Ray's own miss what is shut down under them, and would say so at length.
                threading.excepthook = lambda _: None
                return
    finally:
        ray.shutdown()


def _connected(address: str | None, workers: int | None) -> Any:
    """Ray, with this project on its machines."""
    # Its warnings are for those who know its inside.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        from ray.data import DataContext
    except ModuleNotFoundError:
        raise Unwritable(HOW_TO_INSTALL) from None
    _check_answers(address)
    try:
        ray.init(
            address=address or "local",
            # As many actors as were asked for, however few cores there are.
            num_cpus=None if address else workers,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"working_dir": str(_ROOT), "excludes": _STAYS},
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise Unreachable(
            f"{address or 'Ray'}: The cluster cannot be reached ({str(error).splitlines()[0]}). Check"
            " the address with `ray status --address`."
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    return ray


def _check_answers(address: str | None) -> None:
    """Makes sure that somebody answers: Ray itself tries for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"{address}: No Ray cluster answers at this address ({error}). Start one with `ray up"
            " cluster/aws.yaml`, or leave --address out to use this machine."
        ) from error


def _rows(
    chunks: list[tuple[int, tuple[Entry, ...]]], make: Maker, table: ParquetTable, count: int
) -> Iterator[dict[str, Any]]:
    """What each chunk's actor gives back."""
    import ray

    items = [{"number": number, "entries": pickle.dumps(chunk)} for number, chunk in chunks]
    data = ray.data.from_items(items, override_num_blocks=len(items))
    rows: Iterator[dict[str, Any]] = data.map_batches(
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
    return rows


class PartWriter:
    """An actor: reads the pictures of chunks, with one recognizer, and writes a part for each.

    Args:
        make: makes the rows.
        store: where the parts go.
        types: the table's columns and metadata.
    """

    def __init__(self, make: Maker, store: Store, types: "pa.Schema") -> None:
        self._store = store
        self._types = types
        self._processes: Processes[Entry, Result] = Processes(make, lost, 1)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        """Does chunks, and gives what people are told of each, pickled."""
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
        except OSError as error:  # To be raised where the command is: here it would be tried again.
            return error
        sentences = [sentence for outcome in outcomes for sentence in outcome.sentences]
        return Outcome(len(outcomes), sum(outcome.failed for outcome in outcomes), sentences)


def _until(stopped: Callable[[], bool], rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows as they come, but an end as soon as it is asked for: Ray itself waits for the next part."""
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
