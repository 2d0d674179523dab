"""Ray gives the same rows, even if processes die. Needs tests/requirements-ray.txt and `pytest -m ray`."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.archive.columns import Row
from demo.archive.parquet_table import read_parquet
from demo.archive.store import LocalStore
from tests.demo.archive.conftest import free_port, start
from tests.demo.conftest import wait_until

pytestmark = pytest.mark.ray
pytest.importorskip("ray")

# Small parts give many parts.
SMALL = "from demo.archive import ray_engine; ray_engine.PICTURES_A_PART = 10"


def rows_of(table: Path) -> list[Row]:
    return [_rounded(row) for row in read_parquet(LocalStore(table))]


def _rounded(row: Row) -> Row:
    return tuple(round(value, 3) if isinstance(value, float) else value for value in row)


@pytest.fixture(scope="module")
def expected(whole_rows: list[Row]) -> list[Row]:
    """The rows that the processes of one machine make."""
    return [_rounded(row) for row in whole_rows]


def on_ray(
    *arguments: str | Path, before: str = SMALL, **options: object
) -> "subprocess.Popen[str]":
    return start("--engine", "ray", *arguments, before=before, **options)


def finished(process: "subprocess.Popen[str]", seconds: float = 150) -> tuple[int, str]:
    _, complaints = process.communicate(timeout=seconds)
    return process.returncode, complaints


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two nodes on this machine; each node has one core for an actor."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    cluster.add_node(**node)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


def sentences(complaints: str) -> list[str]:
    """Returns the lines on stderr, except the one that Ray always writes as it starts."""
    return [line for line in complaints.splitlines() if "logging.cc" not in line]


def actors() -> list[psutil.Process]:
    """Returns the processes of Ray's actors that these tests started; another Ray may run here."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "MapWorker(MapBatches(PartWriter))" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_classify_ray_gives_the_same_rows_as_processes(
    archive: Path, expected: list[Row], tmp_path: Path
) -> None:
    table = tmp_path / "table"
    status, complaints = finished(on_ray(archive, "--parquet", table, "--workers", "2"))
    assert status == 1, complaints
    assert rows_of(table) == expected
    assert len(list(table.iterdir())) == 22
    assert complaints.count("/broken/") == 20
    assert len(list((tmp_path / "table-report").glob("*.png"))) == 5


def test_classify_ray_resumes_after_the_driver_was_killed(
    archive: Path, expected: list[Row], tmp_path: Path
) -> None:
    table = tmp_path / "table"
    process = on_ray(archive, "--parquet", table, "--workers", "2")
    wait_until(lambda: len(list(table.glob("part-*"))) > 4, 90)
    orphans = actors()
    assert orphans
    process.kill()
    process.communicate()
    wait_until(lambda: not any(each.is_running() for each in orphans))
    assert 40 < len(rows_of(table)) < len(expected)
    status, complaints = finished(on_ray(archive, "--parquet", table, "--workers", "2", "--resume"))
    assert status == 1, complaints
    assert sorted(rows_of(table), key=str) == sorted(expected, key=str)


def test_classify_ray_loses_no_row_when_an_actor_and_then_a_node_are_killed(
    archive: Path, expected: list[Row], tmp_path: Path, cluster: Any
) -> None:
    table = tmp_path / "table"
    process = on_ray(archive, "--parquet", table, "--address", cluster.address)
    wait_until(lambda: len(list(table.glob("part-*"))) > 2, 90)
    actors()[0].kill()
    number = len(list(table.glob("part-*")))
    wait_until(lambda: len(list(table.glob("part-*"))) > number + 1, 90)
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
    status, complaints = finished(process)
    assert status == 1, complaints
    assert rows_of(table) == expected


def test_classify_ray_gives_a_row_to_a_picture_that_kills_its_process(
    album: Path, tmp_path: Path
) -> None:
    deadly = album / "2000" / "000.jpg"
    program = f"""
from demo.archive import ray_engine
from demo.commands import classify
from tests.demo.archive.deadly import Deadly
ray_engine._STAYS.remove("/tests")
classify.Maker = lambda *_: Deadly({str(deadly)!r})
"""
    before = f"exec({program!r})"
    status, complaints = finished(
        on_ray(album, "--parquet", tmp_path / "table", "--workers", "1", before=before)
    )
    assert status == 1, complaints
    rows = rows_of(tmp_path / "table")
    [lost] = [row for row in rows if row[0] == str(deadly)]
    assert "The process that read this picture died twice (killed by signal 9)." in lost
    assert len({row[0] for row in rows}) == 7


@pytest.mark.parametrize("form", ["{}", "ray://{}"])
def test_classify_ray_names_an_address_that_does_not_answer(
    album: Path, tmp_path: Path, form: str
) -> None:
    address = form.format(f"127.0.0.1:{free_port()}")
    began = time.monotonic()
    status, complaints = finished(
        on_ray(album, "--parquet", tmp_path / "table", "--address", address)
    )
    assert status == 4
    [sentence] = sentences(complaints)
    assert sentence.startswith(f"{address}: No Ray cluster answers at this address")
    assert time.monotonic() - began < 60


def test_classify_ray_names_an_address_without_a_port(album: Path, tmp_path: Path) -> None:
    status, complaints = finished(
        on_ray(album, "--parquet", tmp_path / "table", "--address", "127.0.0.1:x")
    )
    assert status == 4
    assert complaints == "127.0.0.1:x: This address has no port. Write it as HOST:PORT.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_classify_ray_stops_on_ctrl_c_and_sigterm_without_a_word_of_rays(
    archive: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    table = tmp_path / "table"
    process = on_ray(archive, "--parquet", table, "--workers", "1", start_new_session=True)
    wait_until(lambda: len(list(table.glob("part-*"))) > 0, 90)
    stopped = actors()
    assert stopped
    process.send_signal(number)
    status, complaints = finished(process)
    assert status == code, complaints
    [sentence] = [line for line in sentences(complaints) if "/broken/" not in line]
    assert sentence.startswith("Stopped. Everything written so far is complete.")
    assert rows_of(table)
    wait_until(lambda: not any(each.is_running() for each in stopped))
