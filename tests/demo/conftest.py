"""Shared fixtures of the demo's tests: the service with its real weights, and pictures as files."""

import http.client
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from demo.settings import Settings
from demo.web.service import Service
from model import Recognizer
from tests.conftest import ROOT


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something has happened in another thread or process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still waiting after {seconds} s"
        time.sleep(0.05)


def encoded(pixels: np.ndarray, form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def check_type(kind: Any, content: object) -> None:
    """Checks that JSON has all fields of a type, in their ranges, and no others."""
    TypeAdapter(kind).validate_python(content)


def film_of(jpeg: bytes, pictures: int = 2) -> bytes:
    """A film that contains the bytes of a JPEG file of 512x512 pixels unchanged."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as film:
        stream = film.add_stream("mjpeg", rate=5)
        stream.width = stream.height = 512
        stream.pix_fmt = "yuvj420p"
        for number in range(pictures):
            packet = av.Packet(jpeg)
            packet.stream, packet.time_base = stream, Fraction(1, 5)
            packet.pts = packet.dts = number
            film.mux(packet)
    return file.getvalue()


@contextmanager
def running(
    *arguments: str, limit_megabytes: int | None = None, **environment: str
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Runs the server in its own process; yields it and its port once it is ready.

    `limit_megabytes` limits what the process may allocate, as `demo.web.memory` does in a container.
    """
    limited = ["prlimit", f"--data={limit_megabytes * 1_000_000}"] if limit_megabytes else []
    process = subprocess.Popen(
        [*limited, sys.executable, "-m", "demo.app", "--port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"Open http://127\.0\.0\.1:(\d+) ", process.stdout.readline())
        assert found
        port = int(found[1])
        wait_until(lambda: get(port, "/readyz") == 200)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def gradio_functions(client: httpx.Client) -> list[int]:
    """All of Gradio's functions that take input from their callers."""
    functions = client.get("/config").json()["dependencies"]
    return [function["id"] for function in functions if function["inputs"]]


def endpoint_of(client: httpx.Client) -> int:
    """The function behind the named endpoint."""
    [found] = [
        function["id"]
        for function in client.get("/config").json()["dependencies"]
        if function["api_name"] == "expressions"
    ]
    return int(found)


def call(client: httpx.Client, function: int, value: object) -> str:
    """Calls one of Gradio's functions as any visitor can; returns all that the caller learns."""
    session = os.urandom(5).hex()
    body = {"fn_index": function, "data": [value], "session_hash": session}
    assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    return client.get(f"/gradio_api/queue/data?session_hash={session}").text


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "PORT" or name.startswith("DEMO_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def service() -> Service:
    """The service of the server, loaded."""
    service = Service(Settings())
    service.start()
    wait_until(lambda: service.ready or service.error is not None)
    assert service.error is None
    return service


@pytest.fixture(scope="session")
def film_recognizer() -> Recognizer:
    """The recognizer as films use it."""
    return Recognizer(min_face=80)


@pytest.fixture(scope="session")
def happy(astronaut: np.ndarray) -> bytes:
    """A JPEG of one smiling face."""
    return encoded(astronaut)


@pytest.fixture(scope="session")
def two_people(astronaut: np.ndarray, hopper: np.ndarray) -> bytes:
    """A JPEG of a smiling face on the left and a calm one on the right."""
    return encoded(np.hstack([astronaut, hopper[:512]]))


@pytest.fixture(scope="session")
def empty_room() -> bytes:
    """A JPEG without a face."""
    return encoded(np.full((300, 400, 3), 127, np.uint8))


@pytest.fixture
def ten_good_two_bad(tmp_path: Path, happy: bytes) -> Path:
    """A folder of ten pictures, some in a subfolder, and two other files."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    for number in range(7):
        (folder / f"{number}.jpg").write_bytes(happy)
    for number in range(3):
        (folder / "more" / f"{number}.JPEG").write_bytes(happy)
    (folder / "bad.jpg").write_text("This is text.")
    (folder / "cut.jpg").write_bytes(happy[: len(happy) // 3])
    return folder


@pytest.fixture
def plain_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots of one pixel, for tests that ignore them: drawing takes longer than reading the film."""
    pixel = encoded(np.zeros((1, 1, 3), np.uint8), "PNG")
    for plot in ("group_plot", "person_plot"):
        monkeypatch.setattr(f"demo.film.folder.{plot}", lambda *_: pixel)
