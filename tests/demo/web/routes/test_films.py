import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from demo.answer.schema_film import FilmFile, FilmProgress, FilmResults, FilmSummary
from demo.film.results import ResultFolder
from demo.settings import Settings
from demo.web.middleware import body_limit
from demo.web.routes import films
from demo.web.service import Service
from tests.demo.conftest import check_type, wait_until
from tests.demo.film.clips import people, room, scene, steady, write_film

RESULTS = {
    *("expressions.csv", "summary.json", "timeline.png"),
    "people/person-1.png",
}

# One pixel.
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of one person, with sound."""
    path = tmp_path_factory.mktemp("film") / "party.mp4"
    frames = scene(room(), [(people()[0], lambda _: (100, 40))], steady(3))
    return write_film(path, frames, sound="aac", seconds=3).read_bytes()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where films lie while they are read."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@contextmanager
def server(service: Service, **settings: Any) -> Iterator[TestClient]:
    app = FastAPI()
    films.Films(service, Settings(**settings)).add_route(app.router)
    with TestClient(app) as client:
        yield client


@contextmanager
def film(service: Service, **settings: Any) -> Iterator[WebSocketTestSession]:
    with server(service, **settings) as client, client.websocket_connect(films.ROUTE) as socket:
        yield socket


def send(socket: WebSocketTestSession, content: bytes, **order: Any) -> None:
    order = {"name": "party.mp4", "bytes": len(content), **order}
    socket.send_text(json.dumps(order))
    assert socket.receive_json() == {"ready": True}
    for start in range(0, len(content), 20_000):
        socket.send_bytes(content[start : start + 20_000])


def closed(socket: WebSocketTestSession) -> tuple[int, str]:
    with pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    return end.value.code, end.value.reason or ""


def results(socket: WebSocketTestSession) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The messages, the last of which says how it ended, and the files."""
    told = [socket.receive_json()]
    while not {"complete", "error"} & set(told[-1]):
        told.append(socket.receive_json())
    files = {}
    for _ in range(told[-1].get("files", 0)):
        head = socket.receive_json()
        check_type(FilmFile, head)
        content = b""
        while len(content) < head["bytes"]:
            content += socket.receive_bytes()
        files[head["file"]] = content
    assert closed(socket)[0] == 1000
    return told, files


@pytest.mark.slow
def test_films_socket_answers_with_files_and_deletes_the_film(
    service: Service, party: bytes, folder: Path
) -> None:
    with film(service) as socket:
        send(socket, party)
        told, files = results(socket)
        assert list(folder.iterdir()) == []
    assert set(files) == RESULTS
    for progress in told[:-1]:
        check_type(FilmProgress, progress)
    check_type(FilmResults, told[-1])
    assert told[-1] == {"complete": True, "files": len(RESULTS)}
    rows = list(csv.DictReader(io.StringIO(files["expressions.csv"].decode())))
    assert [row["time"] for row in rows[:3]] == ["0.000", "0.200", "0.400"]
    assert {row["emotion"] for row in rows} == {"happy"}
    summary = json.loads(files["summary.json"])
    check_type(FilmSummary, summary)
    assert summary["film"]["name"] == "party.mp4"
    assert [each["person"] for each in summary["people"]] == [1]


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_films_socket_makes_the_annotated_film_and_thumbnails_if_asked(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    happy, calm = people()
    before = scene(room(), [(happy, lambda _: (100, 40))], steady(3))
    after = scene(room(), [(calm, lambda _: (100, 40))], steady(3, start=3))
    path = write_film(tmp_path_factory.mktemp("film") / "change.mp4", [*before, *after])
    with film(service) as socket:
        send(socket, path.read_bytes(), annotate=True, thumbnails=True)
        _, files = results(socket)
    assert files["annotated.mp4"][4:8] == b"ftyp"
    [moment] = [name for name in files if name.startswith("moments/")]
    assert moment.endswith("happy-neutral.jpg")


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_films_socket_reports_progress(
    service: Service, party: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "_TOLD_EVERY", 0.01)
    with film(service) as socket:
        send(socket, party, fps=15)
        told, _ = results(socket)
    times = [each["time"] for each in told[:-1]]
    assert times == sorted(times)
    assert len(set(times)) > 3
    assert told[-2]["duration"] == pytest.approx(3, abs=0.1)


@pytest.mark.usefixtures("plain_plots")
def test_films_socket_gives_partial_results_when_cancelled(
    service: Service, party: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "_TOLD_EVERY", 0.01)
    with film(service) as socket:
        send(socket, party, fps=15, annotate=True)
        while socket.receive_json()["time"] < 0.5:
            pass
        socket.send_text("cancel")
        told, files = results(socket)
    assert not told[-1]["complete"]
    assert {"expressions.partial.csv", "annotated.partial.mp4"} < set(files)
    summary = json.loads(files["summary.partial.json"])
    assert 0.4 < summary["film"]["read_to"] < 2.9
    assert list(folder.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
@pytest.mark.parametrize("when", ["sending", "reading"])
def test_films_socket_deletes_everything_when_the_visitor_leaves(
    service: Service, party: bytes, folder: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "_TOLD_EVERY", 0.01)
    finish = create_autospec(ResultFolder.finish, side_effect=ResultFolder.finish)
    monkeypatch.setattr(ResultFolder, "finish", finish)
    with server(service) as client:
        with client.websocket_connect(films.ROUTE) as socket:
            send(socket, party, bytes=len(party) + (when == "sending"), fps=30)
            if when == "reading":
                while socket.receive_json()["time"] < 0.3:
                    pass
            wait_until(lambda: list(folder.iterdir()) != [])
        wait_until(lambda: list(folder.iterdir()) == [])
        finish.assert_not_called()
        # The next visitor's film is read.
        with client.websocket_connect(films.ROUTE) as socket:
            send(socket, party)
            assert set(results(socket)[1]) == RESULTS


@pytest.mark.parametrize(
    ("settings", "order", "sentence"),
    [
        ({"max_film_bytes": 1000}, {}, "at most 0 MB are allowed here"),
        ({"max_film_seconds": 1}, {}, "lasts 0:03.0, and the limit is 0:01.0"),
    ],
)
def test_films_socket_refuses_films_beyond_the_limits_with_a_remedy(
    service: Service, party: bytes, settings: dict[str, Any], order: dict[str, Any], sentence: str
) -> None:
    with film(service, **settings) as socket:
        socket.send_text(json.dumps({"name": "a.mp4", "bytes": len(party), **order}))
        if "error" not in (answer := socket.receive_json()):
            socket.send_bytes(party)
            answer = results(socket)[0][-1]
    assert sentence in answer["error"]
    assert "command line" in answer["error"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"This is a text.\n" * 100, "This is not a film this program can read."),
        (GIF, "This is a picture, not a film. Choose it under Picture."),
        (b"\0\0\0 ftypisom" + bytes(1000), "The film was cut off or never finished"),
    ],
)
def test_films_socket_explains_an_unreadable_film(
    service: Service, content: bytes, sentence: str, folder: Path
) -> None:
    with film(service) as socket:
        send(socket, content)
        told, files = results(socket)
    assert told[-1]["error"].startswith(sentence)
    assert not files
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("plain_plots")
def test_films_socket_answers_a_truncated_film_as_far_as_it_goes(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("film") / "cut.mkv"
    frames = scene(room(), [(people()[0], lambda _: (100, 40))], steady(4))
    content = write_film(path, frames).read_bytes()
    with film(service) as socket:
        send(socket, content[: len(content) // 2])
        told, files = results(socket)
    assert not told[-1]["complete"]
    [sentence] = json.loads(files["summary.json"])["film"]["sentences"]
    assert sentence.startswith(("The film breaks off at", "The film cannot be read beyond"))


def test_films_socket_reads_one_film_at_a_time(service: Service, party: bytes) -> None:
    with server(service) as client:
        with client.websocket_connect(films.ROUTE) as first:
            first.send_text(json.dumps({"name": "a.mp4", "bytes": len(party)}))
            assert first.receive_json() == {"ready": True}
            with client.websocket_connect(films.ROUTE) as second:
                code, reason = closed(second)
        assert (code, reason) == (1013, "Another film is being read; try again in a minute.")


@pytest.mark.parametrize(
    "order",
    [
        "no JSON",
        "{}",
        '{"name": "a.mp4", "bytes": -1}',
        '{"name": "a.mp4", "bytes": 10, "fps": 1000}',
        '{"name": "a.mp4", "bytes": 10, "folder": "/etc"}',
    ],
)
def test_films_socket_refuses_an_invalid_order(service: Service, order: str) -> None:
    with film(service) as socket:
        socket.send_text(order)
        assert closed(socket)[0] == 1003


def test_films_socket_refuses_more_bytes_than_announced(
    service: Service, party: bytes, folder: Path
) -> None:
    with film(service) as socket:
        send(socket, party[:100], bytes=50)
        assert closed(socket)[0] == 1003
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("parts", [1, 1000])
def test_films_socket_does_not_wait_for_a_stalled_upload(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    """Otherwise one visitor could block all others' films."""
    monkeypatch.setattr(body_limit, "PATIENCE_SECONDS", 0.3)
    with film(service) as socket:
        send(socket, b"the first bytes", bytes=100_000)
        began = time.monotonic()
        for _ in range(parts):
            socket.send_bytes(b"a")
            time.sleep(0.001)
        assert closed(socket)[0] == 1003
    assert time.monotonic() - began < 5
    assert list(folder.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_films_socket_waits_while_the_queue_is_full(party: bytes) -> None:
    """If the queue is full, the film's pictures are refused at first but not lost."""
    service = Service(Settings(max_waiting=0))
    service.start()
    wait_until(lambda: service.ready)
    with film(service) as socket:
        send(socket, party, fps=15)
        _, files = results(socket)
    rows = list(csv.DictReader(io.StringIO(files["expressions.csv"].decode())))
    assert len(rows) == 45
