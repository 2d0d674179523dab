"""Buckets on a server that speaks as Google's. Needs tests/requirements-ray.txt and `pytest -m ray`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.archive.parquet_table import read_parquet
from demo.archive.remote import RemoteFile, filesystem
from demo.archive.store import RemoteStore
from demo.commands.main import main
from preprocessing.limits import InvalidImage
from tests.demo.archive.conftest import FAST, free_port

pytestmark = pytest.mark.ray
emulator = pytest.importorskip("gcp_storage_emulator.server")
pytest.importorskip("gcsfs")


@pytest.fixture
def bucket(
    monkeypatch: pytest.MonkeyPatch, small_pictures: tuple[bytes, bytes, bytes]
) -> Iterator[Path]:
    """A folder in a bucket; it holds two good pictures, a bad one and another file."""
    port = free_port()
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="album")
    server.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    # The server does not know the newer kinds of buckets.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    files = filesystem("gs://album")
    contents = (small_pictures[1], small_pictures[2], b"text", b"x")
    for name, content in zip(("a/2 é.jpg", "b.jpg", "c.jpg", "n.txt"), contents, strict=True):
        files.pipe_file(f"album/photos/{name}", content)
    yield Path("gs://album/photos")
    server.stop()


def test_classify_reads_a_google_bucket_into_a_google_bucket(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["classify", str(bucket), "--parquet", "gs://album/out/faces", *FAST]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "gs://album/photos: 1 file was skipped" in said
    assert "gs://album/photos/c.jpg: " in said
    rows = list(read_parquet(RemoteStore("gs://album/out/faces")))
    assert [(row[0], row[1]) for row in rows] == [
        ("gs://album/photos/a/2 é.jpg", 1),
        ("gs://album/photos/a/2 é.jpg", 2),
        ("gs://album/photos/b.jpg", 0),
        ("gs://album/photos/c.jpg", None),
    ]
    assert all(row[-2] and row[-1] for row in rows)  # the size and the time of the last change
    assert "summary.json" in RemoteStore("gs://album/out/faces-report").files()
    assert main(command) == 2
    assert main([*command, "--resume"]) == 0
    assert list(read_parquet(RemoteStore("gs://album/out/faces"))) == rows
    with pytest.raises(InvalidImage, match="There is no such file"):
        RemoteFile("gs://album/photos/gone.jpg").read()
    capsys.readouterr()
    assert main(["classify", "gs://other", "--parquet", "gs://album/new"]) == 4
    assert "gs://other: There is no such bucket or folder." in capsys.readouterr().err
