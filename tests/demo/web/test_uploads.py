import asyncio
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo.web import uploads as module
from demo.web.middleware.upload_limit import UploadLimit
from demo.web.uploads import Uploads
from tests.conftest import ROOT


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return Uploads(limit=100)


def put(uploads: Uploads, name: str, age: float, size: int = 10) -> Path:
    path = uploads.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(size * b"x")
    written = time.time() - age
    os.utime(path, (written, written))
    return path


def test_uploads_use_their_own_folder_and_keep_other_files(
    uploads: Uploads, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "picture.jpg"
    other.parent.mkdir()
    other.write_bytes(b"x")
    os.utime(other, (0, 0))
    assert uploads.folder.parent == tmp_path
    assert os.environ["GRADIO_TEMP_DIR"] == str(uploads.folder)
    assert uploads.folder.stat().st_mode & 0o777 == 0o700
    uploads.sweep(0)
    assert other.exists()
    assert Uploads(limit=1).folder == uploads.folder


def test_uploads_lie_in_the_temporary_folder_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Set first, so that it is restored whatever the test does.
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert Uploads(limit=1).folder.parent == tmp_path


def test_uploads_delete_old_files_with_their_folders(uploads: Uploads) -> None:
    old = put(uploads, "hash/old.jpg", module.MAX_AGE + 1)
    broken_off = put(uploads, "tmp123", module.MAX_AGE + 1)
    new = put(uploads, "other/new.jpg", module.MAX_AGE - 10)
    uploads.sweep()
    assert not old.parent.exists()
    assert not broken_off.exists()
    assert new.exists()
    assert uploads.folder.exists()


def test_uploads_are_deleted_within_the_promised_minute() -> None:
    assert module.MAX_AGE + module._EVERY <= 60


def test_uploads_are_deleted_while_serving_and_on_stop(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.01)

    async def run() -> None:
        async with uploads.kept_short():
            old = put(uploads, "hash/old.jpg", 100)
            put(uploads, "hash2/new.jpg", 0)
            for _ in range(500):
                await asyncio.sleep(0.01)
                if not old.exists():
                    return
            pytest.fail("the file was not deleted")

    asyncio.run(run())
    assert not uploads.folder.exists()


def test_uploads_are_refused_when_the_folder_is_full(uploads: Uploads) -> None:
    routes = [
        Route(path, lambda _: PlainTextResponse("done"), methods=["POST"])
        for path in ("/gradio_api/upload", "/api/v1/expressions")
    ]
    app = Starlette(routes=routes)
    app.add_middleware(UploadLimit, uploads=uploads)
    client = TestClient(app)
    assert client.post("/gradio_api/upload").status_code == 200
    put(uploads, "hash/large.jpg", 0, size=100)
    refused = client.post("/gradio_api/upload")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == str(module.MAX_AGE)
    assert client.post("/api/v1/expressions").status_code == 200


def test_uploads_of_a_killed_server_are_deleted_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    code = (
        "import os, signal; from demo.web.uploads import Uploads; uploads = Uploads(1000);"
        "(uploads.folder / 'visitor.jpg').write_text('secret'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    [left] = tmp_path.iterdir()
    assert (left / "visitor.jpg").exists()
    living = tmp_path / "facial-expressions-living"
    living.mkdir()
    for folder in (left, living):
        os.utime(folder, (0, 0))
    descriptor = os.open(living, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    own = Uploads(1000).folder
    assert set(tmp_path.iterdir()) == {living, own}
    os.close(descriptor)
