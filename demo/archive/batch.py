"""Reads a whole archive into a table, for `classify --csv` and `classify --parquet`."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

from tqdm import tqdm

from demo.archive.columns import COLUMNS
from demo.archive.csv_table import CsvTable, open_csv
from demo.archive.done import Done
from demo.archive.entries import Entry
from demo.archive.identity import identity_of
from demo.archive.parquet_table import ParquetTable, open_parquet
from demo.archive.processes import CannotStart, Processes
from demo.archive.report import Counts, root_of, skip_report, write_report
from demo.archive.rows import Maker, Outcome, Result, lost
from demo.archive.sources import Notes, entries
from demo.archive.store import store_of
from demo.commands.terminal import INTERRUPTED, complain
from demo.names import is_same
from demo.work import cores

# Exit codes that other commands do not have: the table cannot be finished, a bucket or a cluster cannot
# be reached, SIGTERM stopped the run.
OUTPUT_FAILED = 3
UNREACHABLE = 4
TERMINATED = 128 + signal.SIGTERM

_PATH, _SIZE, _MODIFIED = (list(COLUMNS).index(name) for name in ("path", "size", "modified"))
# A log gets one line per minute.
_LOG_SECONDS = 60


@dataclass(frozen=True)
class Job:
    """The pictures to read, the table to write, and the way to do it.

    Attributes:
        inputs: files, folders, patterns, zip files and addresses of buckets.
        csv: the file for a CSV table; "-" is standard output, None writes Parquet.
        parquet: the folder for a table in Parquet files, or its address; None writes CSV.
        make: makes the rows.
        workers: the number of processes; None takes one per core.
        resume: whether to continue an existing table.
        ray: whether Ray does the work instead of processes on this machine.
        address: the address of a Ray cluster; None starts Ray on this machine.
    """

    inputs: Sequence[Path]
    csv: Path | Literal["-"] | None
    parquet: Path | None
    make: Maker
    workers: int | None = None
    resume: bool = False
    ray: bool = False
    address: str | None = None

    def entries(self, notes: Notes | None = None) -> Iterator[Entry]:
        """Lists the pictures to read, without what this or an earlier run wrote."""
        return entries(self.inputs, notes, self._skip)

    def _skip(self, path: Path) -> str | None:
        table = self.parquet or self.csv
        # Names are compared first, because they cost nothing. `is_same` knows no addresses of buckets.
        if (
            isinstance(table, Path)
            and path.name == table.name
            and (path == table or is_same(path, table))
        ):
            return ""
        maps = self.make.maps
        if maps is not None and maps.holds(path):
            return (
                f"{maps.folder}: This folder is for attention maps, so the maps in it are not read."
            )
        return skip_report(path)


def run(job: Job) -> int:
    """Does a job, prints messages on stderr, and returns the command's exit code.

    Raises:
        Unwritable: the table cannot or must not be written.
        Unreachable: a bucket or a cluster cannot be reached.
        model.InvalidWeights: the weights are missing or damaged.
        preprocessing.faces.InvalidDetector: a file of the detector is missing or damaged.
    """
    try:
        return _run(job)
    except CannotStart as error:
        complain(str(error))
        return 1


def _run(job: Job) -> int:
    notes = Notes(complain)
    if next(job.entries(), None) is None:
        for _ in job.entries(notes):
            pass
        return 1
    identity = identity_of(job.make.detector, job.make.min_face)
    table: CsvTable | ParquetTable
    if job.parquet:
        table = open_parquet(store_of(job.parquet), identity, job.resume)
    else:
        assert job.csv is not None
        table = open_csv(job.csv, job.inputs, identity, job.resume)
    with _signals() as stop:
        try:
            with closing(table):
                failed = _read(job, table, notes, stop)
            if table.report and not stop.number:
                write_report(table.report, Counts.of(table.rows(), root_of(job.inputs)), identity)
        except BrokenPipeError:
            raise
        except OSError as error:
            complain(
                f"{error.filename or job.parquet or job.csv}: {error.strerror or error}. Everything"
                " written so far is complete. Make room and run the same command with --resume."
            )
            return OUTPUT_FAILED
    if stop.number:
        again = "" if table.report is None else " Add --resume to continue."
        complain(f"Stopped. Everything written so far is complete.{again}")
        return INTERRUPTED if stop.number == signal.SIGINT else TERMINATED
    if table.report:
        complain(
            f"{table.report.name}: This folder holds summary.json and plots of the whole table."
        )
    return 1 if failed or notes.failed else 0


def _read(job: Job, table: "CsvTable | ParquetTable", notes: Notes, stop: "_Stop") -> int:
    """Reads the pictures that a table lacks, and returns how many readings or maps failed."""
    done = Done()
    if job.resume:
        for row in table.rows():
            done.add(str(row[_PATH]), row[_SIZE], row[_MODIFIED])
        for entry in job.entries():
            done.state(entry)
        if done.any_stale:
            table.drop(done.is_stale)
    missing = (entry for entry in job.entries(notes) if done.state(entry) != "done")
    total = _Total(lambda: (entry for entry in job.entries() if done.state(entry) != "done"))
    failed = 0
    with total, _Progress() as progress, closing(_outcomes(job, table, missing, stop)) as outcomes:
        for outcome in outcomes:
            for sentence in outcome.sentences:
                complain(sentence)
            failed += outcome.failed
            progress.show(outcome.pictures, total.number)
    return failed


def _outcomes(
    job: Job, table: "CsvTable | ParquetTable", missing: Iterator[Entry], stop: "_Stop"
) -> Generator[Outcome, None, None]:
    """Reads pictures on this machine or on Ray, writes their rows, and yields their outcomes."""
    if job.ray:
        # Ray takes seconds to load, and it may not be installed.
        from demo.archive.ray_engine import on_ray

        assert isinstance(table, ParquetTable)
        yield from on_ray(missing, job.make, table, job.workers, job.address, stop.asked)
        return
    pool: Processes[Entry, Result] = Processes(job.make, lost, job.workers or cores())
    with closing(pool):
        for entry, result in pool.results(missing, stop.asked):
            table.add(result.rows)
            yield Outcome.of(entry, result)


class _Total:
    """The number of pictures to read, for the time left. A thread counts: millions take minutes."""

    def __init__(self, pictures: Callable[[], Iterator[Entry]]) -> None:
        self.number: int | None = None
        self._pictures = pictures
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def _count(self) -> None:
        number = 0
        for _ in self._pictures():
            if self._ended.is_set():
                return
            number += 1
        self.number = number

    def __enter__(self) -> "_Total":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


class _Progress:
    """Shows pictures, rate and time left: a bar on a terminal, or one line per minute in a log."""

    def __init__(self) -> None:
        terminal = sys.stderr.isatty()
        self._bar = tqdm(unit="picture", leave=False, delay=0.5, disable=not terminal)
        self._next = None if terminal else time.monotonic() + _LOG_SECONDS
        self._began, self._number = time.monotonic(), 0

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, pictures: int, total: int | None) -> None:
        """Adds pictures to the count and shows it; `total` is None while it is unknown."""
        self._number += pictures
        self._bar.total = total
        self._bar.update(pictures)
        now = time.monotonic()
        if self._next is not None and now >= self._next:
            self._next = now + _LOG_SECONDS
            elapsed = now - self._began
            complain(tqdm.format_meter(self._number, total, elapsed, ncols=0, unit="picture"))


@dataclass
class _Stop:
    """The number of the signal that asked the run to stop; 0 if there was none."""

    number: int = 0

    def asked(self) -> bool:
        return self.number != 0


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Stops after the current picture's rows on Ctrl-C or SIGTERM; a second Ctrl-C stops at once."""
    stop = _Stop()

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.number and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        stop.number = number

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {each: signal.signal(each, asked) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
