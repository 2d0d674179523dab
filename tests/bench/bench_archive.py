"""What a whole archive costs on this machine: `make bench` prints it. One face, 640x480.

`demo/archive/plan.py` holds what this printed on the machine that its docstring names.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from demo.archive.csv_table import CsvTable
from demo.archive.entries import Entry
from demo.archive.identity import identity_of
from demo.archive.parquet_table import ParquetTable, part_of, schema
from demo.archive.processes import Processes
from demo.archive.rows import Maker, Result, failure
from demo.archive.sources import entry_of
from demo.archive.store import LocalStore
from model import Recognizer
from model.labels import EMOTIONS
from preprocessing.images import decode

from .bench_speed import ROOT, jpeg, scene

# The promises, on an idle machine of two cores.
RATE, GAIN, MEGABYTES = 60.0, 1.8, 700.0


@pytest.fixture(scope="module")
def photograph(astronaut: np.ndarray) -> bytes:
    return jpeg(scene(astronaut, 640, 480))


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory, photograph: bytes) -> dict[int, Path]:
    """Folders of 1,000 and of 10,000 pictures, which are one file."""
    place = tmp_path_factory.mktemp("archives")
    (place / "one.jpg").write_bytes(photograph)
    for count in (1_000, 10_000):
        for number in range(count):
            file = place / str(count) / f"{number // 1000}" / f"{number:05}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.hardlink_to(place / "one.jpg")
    return {count: place / str(count) for count in (1_000, 10_000)}


def classified(folder: Path, workers: int) -> tuple[float, float]:
    """Seconds of a run, and the most memory of its processes together in megabytes."""
    table = folder.parent / f"{folder.name}-{workers}-{time.monotonic_ns()}.csv"
    command = [sys.executable, "-m", "demo", "classify", str(folder), "--csv", str(table)]
    began, most = time.perf_counter(), 0
    with subprocess.Popen([*command, "--workers", str(workers)], cwd=ROOT) as process:
        whole = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, sum(_memory(each) for each in (whole, *_children(whole))))
            time.sleep(0.5)
    assert process.returncode == 0
    return time.perf_counter() - began, most / 1e6


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Time of this process's core for one piece of work."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return 1000 * (time.process_time() - began) / times


def echo() -> Callable[[Entry], Result]:
    return lambda entry: failure(entry, "nothing was read")


def stages(photograph: bytes, place: Path) -> dict[str, float]:
    """Milliseconds of one core for each step of a picture."""
    cv2.setNumThreads(1)
    recognizer = Recognizer()
    file = place / "photograph.jpg"
    file.write_bytes(photograph)
    picture = decode(photograph)
    grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    entry = entry_of(file)
    [face] = recognizer.recognize(picture)
    crops = face.crop[None]
    made = Maker(recognizer.detector_name, 40)()(entry)
    assert len(made.rows) == 1
    table = CsvTable((place / "t.csv").open("wb", buffering=0), "t", place / "t.csv")
    parquet = ParquetTable(LocalStore(place), identity_of(recognizer.detector_name, 40))
    return {
        "list and read": milliseconds(lambda: entry_of(file).content.read(), 300),
        "decode": milliseconds(lambda: decode(photograph), 100),
        "find faces": milliseconds(lambda: recognizer.detector.detect(grey), 50),
        "read each face": milliseconds(lambda: recognizer.classifier.logits(crops), 50),
        "hand out and take back": _handed_out(entry),
        "write as CSV": milliseconds(lambda: table.add(made.rows), 2000),
        "write as Parquet": milliseconds(lambda: parquet.add(made.rows), 16_384),
    }


def _handed_out(entry: Entry) -> float:
    count = 5000
    tasks: Iterator[Entry] = (entry for _ in range(count))
    with closing(Processes(echo, failure, 2).results(tasks)) as results:
        next(results)
        began = time.process_time()
        for _ in results:
            pass
        return 1000 * (time.process_time() - began) / count


def test_stages(photograph: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = stages(photograph, tmp_path)
    size = _parquet_row()
    with capsys.disabled():
        print("\nmilliseconds of one core for a picture of 640x480 with one face")
        for name, cost in found.items():
            print(f"{name:>24} {cost:8.3f}")
        print(f"bytes of a Parquet row {size:.0f}, of a CSV row {_csv_row(tmp_path):.0f}")


def _parquet_row() -> float:
    """Bytes of a row among rows that differ as those of photographs do."""
    rng, count = np.random.default_rng(0), 8192
    rows = []
    for number in range(count):
        box = [int(value) for value in rng.integers(20, 600, 4)]
        probabilities = [float(value) for value in rng.dirichlet(np.full(len(EMOTIONS), 0.3))]
        best = max(probabilities)
        face = (*box, float(rng.uniform(0.7, 2.6)), "hog+blazeface", *probabilities)
        answer = (EMOTIONS[probabilities.index(best)], best, best < 0.5)
        file = (int(rng.integers(50_000, 150_000)), 1_700_000_000_000_000 + number * 7_654_321)
        path = f"photographs/{number // 1000}/IMG_{number:05}.jpg"
        rows.append((path, 1, *face, *answer, 1, None, None, *file))
    return len(part_of(rows, schema(identity_of("hog+blazeface", 40)))) / count


def _csv_row(place: Path) -> float:
    content = (place / "t.csv").read_bytes()
    return len(content) / content.count(b"\n")


def test_rate_and_memory(archives: dict[int, Path], capsys: pytest.CaptureFixture[str]) -> None:
    # What it takes to begin and to end is not the rate.
    short, _ = classified(archives[1_000], 2)
    long, most = classified(archives[10_000], 2)
    one, with_one = classified(archives[1_000], 1)
    _, less = classified(archives[1_000], 2)
    worker = less - with_one
    two = 9_000 / (long - short)
    alone = 1_000 / one
    with capsys.disabled():
        print(
            f"\npictures a second: {two:.0f} on two processes, {1_000 / short:.0f} with the start;"
        )
        print(f"{alone:.0f} on one with the start: {one / short:.2f} times as long as on two")
        print(
            f"most memory of all processes: {less:.0f} MB of 1,000 pictures, {most:.0f} of 10,000;"
        )
        print(f"{worker:.0f} MB of it for each that reads, {with_one - worker:.0f} for the first")
    assert two >= RATE
    assert one / short >= GAIN
    assert most <= MEGABYTES
    assert most <= 1.1 * less
