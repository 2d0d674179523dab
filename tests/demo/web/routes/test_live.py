import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from demo.answer.as_json import face_json
from demo.answer.reading import Answer
from demo.answer.schema_live import LiveAnswer, LiveError, Seen
from demo.people.camera import Camera
from demo.people.tracking import SMOOTHING_SECONDS
from demo.settings import Settings
from demo.web.routes import live
from demo.web.service import Service
from model import Recognizer
from tests.demo.conftest import check_type, encoded, running, wait_until
from tests.demo.faces import HAPPY, PICTURE, SAD, face


@contextmanager
def view(service: Service, most: int = 4) -> Iterator[WebSocketTestSession]:
    app = FastAPI()
    live.LiveViews(service, most).add_route(app.router)
    with TestClient(app) as client, client.websocket_connect(live.ROUTE) as socket:
        yield socket


def ask(socket: WebSocketTestSession, picture: bytes) -> dict[str, Any]:
    socket.send_bytes(picture)
    answer = socket.receive_json()
    check_type(LiveError if "error" in answer else LiveAnswer, answer)
    return answer


@pytest.fixture(scope="module")
def small(two_people_pixels: np.ndarray) -> bytes:
    """One face of 105 pixels."""
    pixels = two_people_pixels[::2, ::2].copy()
    pixels[:, :256] = 127
    return encoded(pixels)


@pytest.fixture(scope="module")
def two_people_pixels(astronaut: np.ndarray, hopper: np.ndarray) -> np.ndarray:
    return np.hstack([astronaut, hopper[:512]])


def test_live_socket_answers_each_picture_with_its_people(
    service: Service, two_people: bytes
) -> None:
    with view(service) as socket:
        first, second = (ask(socket, two_people) for _ in range(2))
    assert [each["person"] for each in first["faces"]] == [None, None]
    assert [each["person"] for each in second["faces"]] == [1, 2]
    assert [each["emotion"] for each in second["faces"]] == ["happy", "neutral"]
    assert (first["frame"], second["frame"], second["dropped"]) == (1, 2, 0)
    assert first["time"] == 0 < second["time"]
    alone = service.recognizer.finding(live.MIN_FACE, video=True).recognize(two_people)
    assert [each["box"] for each in first["faces"]] == [face_json(each)["box"] for each in alone]


def test_live_socket_gives_the_mean_and_spread_of_the_group(
    service: Service, two_people: bytes
) -> None:
    with view(service) as socket:
        answer = ask(socket, two_people)
    happy = [each["probabilities"]["happy"] for each in answer["faces"]]
    assert answer["group"]["mean"]["happy"] == pytest.approx(np.mean(happy), abs=1e-5)
    assert answer["group"]["spread"]["happy"] == pytest.approx(np.std(happy), abs=1e-5)
    assert answer["group"]["spread"]["happy"] > 0.1


def test_live_socket_gives_an_empty_list_without_people(
    service: Service, empty_room: bytes
) -> None:
    with view(service) as socket:
        answer = ask(socket, empty_room)
    assert (answer["faces"], answer["group"]) == ([], {})


def test_live_socket_goes_on_after_a_damaged_picture(service: Service, happy: bytes) -> None:
    with view(service) as socket:
        damaged = ask(socket, b"This is no picture.")
        whole = ask(socket, happy)
    assert "picture" in damaged["error"]
    assert damaged["frame"] == 1
    assert len(whole["faces"]) == 1
    assert whole["frame"] == 2


def test_live_socket_closes_on_data_that_is_no_picture(service: Service) -> None:
    with view(service) as socket:
        socket.send_text("hello")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert (closed.value.code, closed.value.reason) == (
        1003,
        "Send the bytes of a picture file.",
    )


def test_live_socket_does_not_wait_for_a_silent_camera(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 0.2)
    with view(service) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert (closed.value.code, closed.value.reason) == (1000, "No picture arrived for 0.2 s.")


def test_live_socket_limits_the_number_of_views(service: Service, happy: bytes) -> None:
    app = FastAPI()
    views = live.LiveViews(service, most=1)
    views.add_route(app.router)
    with TestClient(app) as client:
        with client.websocket_connect(live.ROUTE) as first:
            ask(first, happy)
            with (
                client.websocket_connect(live.ROUTE) as second,
                pytest.raises(WebSocketDisconnect) as closed,
            ):
                second.receive_json()
            assert closed.value.code == 1013
            assert "cameras are in use (at most 1)" in (closed.value.reason or "")
        wait_until(lambda: views.open == 0)
        with client.websocket_connect(live.ROUTE) as third:
            assert ask(third, happy)["faces"]


def test_live_socket_says_that_the_network_is_not_loaded_yet() -> None:
    with view(Service(Settings())) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == 1013
    assert "still being loaded" in (closed.value.reason or "")


def test_live_socket_smooths_over_seconds_not_frames(film_recognizer: Recognizer) -> None:
    for rate in (5, 20):
        camera = Camera(film_recognizer)
        for number in range(rate + 1):
            answer = camera.update(Answer(PICTURE, [face(100, emotion=HAPPY)]), number / rate)
        for number in range(rate // 5):
            later = 1 + (number + 1) / rate
            answer = camera.update(Answer(PICTURE, [face(100, emotion=SAD)]), later)
        # 0.2 s after the change, whatever the rate.
        left = math.exp(-0.2 / SMOOTHING_SECONDS)
        assert answer["time"] == pytest.approx(1.2)
        assert answer["faces"][0]["probabilities"]["happy"] == pytest.approx(
            left * 0.88 + (1 - left) * 0.02, abs=0.01
        )


def test_live_socket_reports_a_change_once(film_recognizer: Recognizer) -> None:
    camera = Camera(film_recognizer)
    answers = []
    for number in range(50):
        emotion = HAPPY if number < 25 else SAD
        answers.append(camera.update(Answer(PICTURE, [face(100, emotion=emotion)]), number / 10))
    told = [answer["moments"] for answer in answers if "moments" in answer]
    assert told
    [moment] = told[-1]
    for answer in answers:
        check_type(Seen, answer)
    assert (moment["person"], moment["before"], moment["after"]) == (1, "happy", "sad")
    assert moment["time"] == pytest.approx(2.5, abs=0.15)
    # A change is known one second later and is not repeated with every answer.
    assert len(told) < 10
    assert "moments" not in answers[-1]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    files = tmp_path_factory.mktemp("files")
    with running(GRADIO_TEMP_DIR=str(files), TMPDIR=str(files), DEMO_REQUESTS_PER_MINUTE="20") as (
        _,
        port,
    ):
        yield f"ws://127.0.0.1:{port}{live.ROUTE}", files


def files_in(folder: Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names]


@pytest.mark.slow
def test_live_socket_drops_late_pictures(address: tuple[str, Path], small: bytes) -> None:
    with connect(address[0]) as socket:
        for _ in range(60):
            socket.send(small)
        began, answers = time.monotonic(), []
        while not answers or answers[-1]["frame"] < 60:
            answers.append(json.loads(socket.recv(timeout=30)))
    assert time.monotonic() - began < 10
    assert len(answers) + answers[-1]["dropped"] == 60
    assert answers[-1]["dropped"] > 30
    assert len(answers[-1]["faces"]) == 1


@pytest.mark.slow
def test_live_socket_answers_each_picture_at_once_and_writes_nothing(
    address: tuple[str, Path], small: bytes
) -> None:
    """An idle machine answers 15 a second within 29 ms; see `make bench`."""
    url, files = address
    beside = files_in(files)
    with connect(url) as socket:
        ask_of(socket, small)  # the first one imports the tracker
        began = time.monotonic()
        for _ in range(30):
            ask_of(socket, small)
            assert files_in(files) == beside
        seconds = time.monotonic() - began
    assert 30 / seconds > 3  # A slow machine with other tests beside has shown 9.


def ask_of(socket: ClientConnection, picture: bytes) -> dict[str, Any]:
    socket.send(picture)
    return json.loads(socket.recv(timeout=30))


@pytest.mark.slow
def test_live_socket_closes_on_a_picture_of_more_than_a_megabyte(address: tuple[str, Path]) -> None:
    with connect(address[0]) as socket:
        socket.send(bytes(live.MAX_FRAME_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.slow
def test_live_socket_refuses_a_foreign_origin(address: tuple[str, Path]) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(address[0], origin="http://evil.example"):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.slow
def test_live_socket_counts_views_as_requests(small: bytes) -> None:
    with running(DEMO_REQUESTS_PER_MINUTE="2", DEMO_LOG_REQUESTS="1") as (process, port):
        url = f"ws://127.0.0.1:{port}{live.ROUTE}"
        for _ in range(2):
            with connect(url) as socket:
                for _ in range(5):  # as many pictures as it likes
                    assert ask_of(socket, small)["faces"]
        with pytest.raises(InvalidStatus) as refused, connect(url):
            pass
        assert refused.value.response.status_code == 429
        assert process.stdout is not None
        lines: list[dict[str, Any]] = []
        while len(lines) < 3:
            line = json.loads(process.stdout.readline())
            lines += [line] if line["method"] == "websocket" else []
    first, _, last = sorted(lines, key=lambda line: line["status"])
    assert (first["route"], first["status"], first["faces"]) == (live.ROUTE, 101, 5)
    assert first["bytes_in"] == 5 * len(small)
    assert last["status"] == 429
