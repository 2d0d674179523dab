"""Buckets on an S3 server on this machine. Needs tests/requirements-ray.txt and `pytest -m ray`."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.archive.csv_table import read_csv
from demo.archive.parquet_table import read_parquet
from demo.archive.remote import Unreachable, address_of
from demo.archive.sources import Notes, entries
from demo.archive.store import RemoteStore
from demo.commands.main import main
from preprocessing.limits import InvalidImage
from tests.demo.archive.conftest import FAST, start

pytestmark = pytest.mark.ray
pytest.importorskip("moto")
s3fs = pytest.importorskip("s3fs")

Capture = pytest.CaptureFixture[str]
Pictures = tuple[bytes, bytes, bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


def reset_auth(server: str, requests: str) -> None:
    """Makes the server refuse every key after a number of requests; "inf" lets every key in."""
    address, head = f"{server}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(address, requests.encode(), head)).close()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, small_pictures: Pictures) -> Any:
    """A bucket `album`; its folder `photos` holds three good pictures and three other files."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    if not files.exists("album"):
        files.mkdir("album")
    names = ("a/2 é.jpg", "a.jpg", "b/1.jpg", "b/bad.jpg", ".hidden/1.jpg", "n.txt")
    contents = (*small_pictures, b"text", small_pictures[0], b"x")
    for name, content in zip(names, contents, strict=True):
        files.pipe_file(f"album/photos/{name}", content)
    return files


FOUND = ["a/2 é.jpg", "a.jpg", "b/1.jpg", "b/bad.jpg"]


def paths(address: str, notes: Notes | None = None) -> list[str]:
    return [
        entry.path.removeprefix("s3://album/photos/") for entry in entries([Path(address)], notes)
    ]


@pytest.mark.usefixtures("bucket")
def test_entries_of_a_bucket_come_in_the_order_of_paths() -> None:
    said: list[str] = []
    assert address_of(Path("s3://album/photos")) == "s3://album/photos"
    assert address_of(Path("photos/s3")) is None
    assert paths("s3://album/photos", Notes(said.append)) == FOUND
    assert "1 file was skipped" in said[0]
    assert paths("s3://album/photos/b/*.jpg") == FOUND[2:]
    assert paths("s3://album/photos/a.jpg") == ["a.jpg"]
    assert paths("s3://album/photos/*.gif", Notes(said.append)) == []
    assert said[-1] == "s3://album/photos/*.gif: There is no picture at this address."


def test_entries_of_a_bucket_raise_when_their_file_vanishes(bucket: Any) -> None:
    [entry] = entries([Path("s3://album/photos/a.jpg")])
    assert entry.size
    assert entry.modified
    bucket.rm_file("album/photos/a.jpg")
    with pytest.raises(InvalidImage, match="There is no such file"):
        entry.content.read()


@pytest.mark.usefixtures("bucket")
def test_classify_csv_reads_and_resumes_a_bucket(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert main(["classify", "s3://album/photos", "--csv", str(table), *FAST]) == 1
    rows = list(read_csv(table))
    shown = [str(row[0]).removeprefix("s3://album/photos/") for row in rows]
    assert shown == [FOUND[0], FOUND[1], FOUND[1], *FOUND[2:]]
    before = table.read_bytes()
    assert main(["classify", "s3://album/photos", "--csv", str(table), "--resume", *FAST]) == 0
    assert table.read_bytes() == before


def test_classify_ray_reads_a_bucket_into_a_bucket(bucket: Any, capsys: Capture) -> None:
    process = start(
        "--engine",
        "ray",
        "--workers",
        "1",
        "s3://album/photos",
        "--parquet",
        "s3://album/out/faces",
    )
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, complaints
    rows = list(read_parquet(RemoteStore("s3://album/out/faces")))
    assert [row[1] for row in rows] == [1, 1, 2, 0, None]
    made = {path.rpartition("/")[2] for path in bucket.find("album/out/faces-report")}
    assert {"summary.json", "emotions.png"} <= made
    again = ["s3://album/photos", "--parquet", "s3://album/out/faces", *FAST]
    assert main(["classify", *again]) == 2
    assert main(["classify", *again, "--resume"]) == 0
    # The table and its report lie in the folder that is read.
    capsys.readouterr()
    inside = ["s3://album/out", *again, "--resume"]
    assert main(["classify", *inside]) == 1
    said = capsys.readouterr().err
    assert said.count("s3://album/out/faces-report: This folder holds the report on a table") == 1
    assert "s3://album/out: There is no picture at this address." in said
    bucket.rm("album/out", recursive=True)


@pytest.mark.usefixtures("bucket")
def test_classify_names_a_bucket_that_is_missing_or_denies_access(
    server: str, tmp_path: Path, capsys: Capture
) -> None:
    table = ["--csv", str(tmp_path / "table.csv")]
    assert main(["classify", "s3://other", *table]) == 4
    assert "s3://other: There is no such bucket" in capsys.readouterr().err
    # From now on the server refuses every key.
    reset_auth(server, "0")
    try:
        assert main(["classify", "s3://album/photos", *table]) == 4
        assert main(["classify", "s3://album/photos"]) == 4
        complaint = capsys.readouterr().err
        assert complaint.count("s3://album/photos: There is no permission to read this bucket") == 2
        with pytest.raises(Unreachable, match="no permission"):
            RemoteStore("s3://album/out").files()
        with pytest.raises(OSError, match="s3://album/out"):
            RemoteStore("s3://album/out").write("x", b"")
    finally:
        reset_auth(server, "inf")


def test_classify_csv_refuses_to_write_into_a_bucket(
    tmp_path: Path, small_pictures: Pictures, capsys: Capture
) -> None:
    (tmp_path / "a.jpg").write_bytes(small_pictures[2])
    assert main(["classify", str(tmp_path), "--csv", "s3://album/t.csv"]) == 2
    complaint = capsys.readouterr().err
    assert "s3://album/t.csv: A CSV file can only be written on this machine." in complaint
