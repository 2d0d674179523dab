import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo.settings import Settings
from demo.web.middleware.recording import Recording
from demo.web.monitor import Monitor


async def echo(request: Request) -> PlainTextResponse:
    await request.body()
    # FastAPI stores the matched route there; Starlette does not.
    request.scope["route"] = FILES
    request.state.faces = 2
    return PlainTextResponse("answer")


async def fail(_: Request) -> PlainTextResponse:
    raise FileNotFoundError("/tmp/secret-name.jpg")


async def break_off(_: Request) -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError("secret-name.jpg")

    return StreamingResponse(parts())


FILES = Route("/files/{name}", echo, methods=["POST"])


class Site:
    """A small application behind the recording middleware."""

    def __init__(self, **settings: Any) -> None:
        monitor = Monitor(Settings(**settings), waiting=lambda: 0)
        app = Starlette(routes=[FILES, Route("/fail", fail), Route("/break-off", break_off)])
        app.add_middleware(Recording, monitor=monitor)
        self.client = TestClient(app, raise_server_exceptions=False, client=("203.0.113.7", 1))


def test_recording_writes_a_request_as_one_json_line_without_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = Site(log_requests=True)
    answer = site.client.post("/files/secret-name.jpg?secret=1", content=b"picture")
    [line] = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record.pop("time").endswith("+00:00")
    assert 0 <= record.pop("milliseconds") < 5000
    assert record.pop("request_id") == answer.headers["x-request-id"]
    assert record == {
        "severity": "INFO",
        "route": "/files/{name}",
        "method": "POST",
        "status": 200,
        "bytes_in": 7,
        "bytes_out": 6,
        "faces": 2,
    }


def test_recording_writes_addresses_only_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    Site(log_requests=True, log_clients=True).client.post("/files/a")
    assert json.loads(capsys.readouterr().out)["client"] == "203.0.113.7"
    Site(log_requests=True).client.post("/files/a")
    assert "203.0.113.7" not in capsys.readouterr().out
    Site().client.post("/files/a")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("order-7.b_C", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ('"}\n{"status": 200', False),
        ("a b", False),
        ("", False),
    ],
)
def test_recording_keeps_a_requests_own_id_if_it_is_harmless(given: str, kept: bool) -> None:
    answer = Site().client.post("/files/a", headers={"X-Request-ID": given.encode()})
    name = answer.headers["x-request-id"]
    assert (name == given) is kept
    assert name.isprintable()
    assert 1 <= len(name) <= 64


def test_recording_does_not_copy_unknown_routes_and_methods(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Site(log_requests=True).client.request("SECRET", "/secret-name.jpg")
    record = json.loads(capsys.readouterr().out)
    assert (record["route"], record["method"], record["status"]) == ("none", "other", 404)


def test_recording_answers_500_to_a_defect_and_keeps_its_message_out(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(log_requests=True)
    with caplog.at_level(logging.ERROR):
        answer = site.client.get("/fail")
        site.client.get("/break-off")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["status"], first["severity"]) == (500, "ERROR")
    assert answer.headers["x-request-id"] in caplog.text
    assert "FileNotFoundError at " in caplog.text
    assert "ValueError at " in caplog.text
    assert second["request_id"] in caplog.text
    assert "test_recording.py" in caplog.text
    assert "secret" not in caplog.text
