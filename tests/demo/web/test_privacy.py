"""Nothing of a visit stays: the tests search the disk, the logs and the server's memory."""

import base64
import gc
import json
import os
import re
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient
from websockets.sync.client import connect

from demo.answer import reading
from demo.app import create_app
from demo.settings import Settings
from demo.web import uploads
from demo.web.routes import films, live
from preprocessing.images import Picture
from tests.demo.conftest import call, encoded, endpoint_of, film_of, running, wait_until

NAME = "holiday-of-ada-lovelace"
ADDRESS = "203.0.113.77"

# The time that the page promises.
MINUTE = 60


class Visit:
    """A server, all places it may write to, and a visitor's unique picture."""

    def __init__(self, folder: Path, astronaut: np.ndarray) -> None:
        self.places = [folder / name for name in ("home", "tmp", "gradio")]
        for place in self.places:
            place.mkdir()
        noise = np.random.default_rng().integers(0, 40, astronaut.shape, np.uint8)
        self.picture = encoded(np.clip(astronaut.astype(int) + noise, 0, 255).astype(np.uint8))
        self.log = ""

    def environment(self) -> dict[str, str]:
        home, temporary, gradio = map(str, self.places)
        return {
            "HOME": home,
            "XDG_CACHE_HOME": f"{home}/.cache",
            "TMPDIR": temporary,
            "GRADIO_TEMP_DIR": gradio,
            "DEMO_LOG_REQUESTS": "1",
            "DEMO_TRUSTED_PROXIES": "1",
        }

    def traces(self) -> list[str]:
        """The places on the disk that hold part of the picture or its name."""
        part = self.picture[2000:2064]
        needles = (part, NAME.encode(), base64.b64encode(part)[4:-4], ADDRESS.encode())
        found = []
        for path in (path for place in self.places for path in everything_in(place)):
            with suppress(FileNotFoundError):  # deleted meanwhile
                content = path.read_bytes() if path.is_file() else b""
                if NAME in path.name or any(needle in content for needle in needles):
                    found.append(str(path))
        return found


def everything_in(folder: Path) -> set[Path]:
    """Everything below a folder; unlike `rglob`, it works while the server deletes files."""
    return {
        Path(parent, name)
        for parent, folders, files in os.walk(folder)
        for name in (*folders, *files)
    }


@pytest.fixture
def visit(tmp_path: Path, astronaut: np.ndarray) -> Visit:
    return Visit(tmp_path, astronaut)


def written(pid: int) -> int:
    """The bytes that a process has passed to write calls, for files and anything else."""
    return int(re.findall(r"wchar: (\d+)", Path(f"/proc/{pid}/io").read_text())[0])


def open_files(pid: int) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            yield str(link.readlink())


@pytest.mark.slow
def test_server_leaves_nothing_of_a_visit(visit: Visit) -> None:
    visitor = {"X-Forwarded-For": ADDRESS, "User-Agent": NAME}
    with running(**visit.environment()) as (process, port):
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=visitor, timeout=60
        ) as client:
            # Over HTTP: read, and broken.
            for content, status in ((visit.picture, 200), (visit.picture[:3000], 422)):
                files = {"file": (f"{NAME}.jpg", content, "image/jpeg")}
                assert client.post("/api/v1/expressions", files=files).status_code == status
            assert visit.traces() == []
            watch_and_send_a_film(port, visit, visitor)
            # By Gradio's client: read, broken, and broken off in the middle of the upload.
            for content, told in ((visit.picture, "true"), (visit.picture[:3000], "false")):
                files = {"files": (f"{NAME}.jpg", content, "image/jpeg")}
                [path] = client.post("/gradio_api/upload", files=files).json()
                file = {
                    "path": path,
                    "orig_name": f"{NAME}.jpg",
                    "meta": {"_type": "gradio.FileData"},
                }
                assert len(visit.traces()) == 1
                assert f'"success":{told}' in call(client, endpoint_of(client), file)
                assert visit.traces() == []
            break_off_an_upload(client, visit.picture, visit.places[2])
            client.get(f"/gradio_api/file=/{NAME}.jpg")
            client.get(f"/{NAME}")
            # The search works: it finds a picture that is there.
            began = time.monotonic()
            wait_until(lambda: len(visit.traces()) == 1, 5)
            wait_until(lambda: not visit.traces(), MINUTE)
            assert time.monotonic() - began > uploads.MAX_AGE - 5
            [folder] = (visit.places[2]).iterdir()
            # Folder names are hashes of pictures.
            wait_until(lambda: not [each for each in folder.iterdir() if len(each.name) == 64], 15)
        process.terminate()
        out, errors = process.communicate(timeout=20)
    log = out + errors
    assert '"route": "/api/v1/expressions"' in log
    assert '"route": "/expressions"' in log
    assert '"route": "/api/v1/live"' in log
    assert '"route": "/api/v1/films"' in log
    assert "Traceback" not in log
    assert NAME not in log
    assert ADDRESS not in log
    assert not list(visit.places[2].iterdir()), "the folder goes with the server"


def watch_and_send_a_film(port: int, visit: Visit, visitor: dict[str, str]) -> None:
    """Sends a live picture and three films: complete, broken off, and left while it is read."""
    address = f"ws://127.0.0.1:{port}"
    with connect(address + live.ROUTE, additional_headers=visitor) as socket:
        socket.send(visit.picture)
        assert len(json.loads(socket.recv(timeout=30))["faces"]) == 1
        assert visit.traces() == []
    film = film_of(visit.picture)
    for missing in (0, 10):
        with connect(address + films.ROUTE, additional_headers=visitor) as socket:
            socket.send(json.dumps({"name": f"{NAME}.mkv", "bytes": len(film) + missing}))
            assert json.loads(socket.recv(timeout=30)) == {"ready": True}
            socket.send(film[:-1])
            wait_until(lambda: len(visit.traces()) == 1)
            if not missing:
                socket.send(film[-1:])
                assert any(b"happy" in each for each in socket if isinstance(each, bytes))
        wait_until(lambda: visit.traces() == [], 5)
    film = film_of(visit.picture, 30)
    with connect(address + films.ROUTE, additional_headers=visitor) as socket:
        socket.send(json.dumps({"name": f"{NAME}.mkv", "bytes": len(film)}))
        assert json.loads(socket.recv(timeout=30)) == {"ready": True}
        for start in range(0, len(film), 500_000):
            socket.send(film[start : start + 500_000])
        assert "time" in json.loads(socket.recv(timeout=30))
    wait_until(lambda: visit.traces() == [])


def break_off_an_upload(client: httpx.Client, picture: bytes, folder: Path) -> None:
    """Sends half a form and leaves once the server has written it."""

    def content() -> Iterator[bytes]:
        before = everything_in(folder)
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="'
        yield f'{NAME}.jpg"\r\n\r\n'.encode() + picture
        wait_until(lambda: everything_in(folder) > before, 5)
        raise ConnectionAbortedError

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with pytest.raises(ConnectionAbortedError):
        client.post("/gradio_api/upload", content=content(), headers=headers)


@pytest.mark.slow
def test_post_expressions_writes_a_large_form_nowhere(astronaut: np.ndarray) -> None:
    """Starlette's form parser writes parts of more than a megabyte to an unnamed file."""
    large = encoded(np.random.default_rng(0).integers(0, 255, (1800, 1800, 3), np.uint8), "PNG")
    assert len(large) > 5_000_000
    with (
        running() as (process, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        small = {"file": ("a.jpg", encoded(astronaut), "image/jpeg")}
        assert client.post("/api/v1/expressions", files=small).status_code == 200
        before = written(process.pid)
        files = {"file": ("a.png", large, "image/png")}
        assert client.post("/api/v1/expressions", files=files).status_code == 200
        assert written(process.pid) - before < 100_000
        assert not [name for name in open_files(process.pid) if "deleted" in name]


@pytest.mark.slow
def test_post_expressions_keeps_no_picture_in_memory(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(visit.places[2]))
    decoded: list[weakref.ref[Picture]] = []

    def decode(source: bytes) -> Picture:
        picture = original(source)
        decoded.append(weakref.ref(picture))
        return picture

    original = reading.decode
    monkeypatch.setattr(reading, "decode", decode)
    app = create_app(Settings())
    with TestClient(app) as client:
        wait_until(lambda: app.state.service.ready)
        decoded.clear()  # from warming up
        files = {"file": ("a.jpg", visit.picture, "image/jpeg")}
        for accept in ("application/json", "image/png"):
            headers = {"Accept": accept}
            assert client.post("/api/v1/expressions", files=files, headers=headers).is_success
        [path] = client.post("/gradio_api/upload", files={"files": files["file"]}).json()
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        assert '"success":true' in call(client, endpoint_of(client), file)
        assert len(decoded) == 3
        gc.collect()
        assert [reference() for reference in decoded] == 3 * [None]
