import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from gradio import networking, processing_utils
from gradio.utils import get_upload_folder
from skimage import data
from starlette.routing import Mount
from starlette.testclient import TestClient

from demo import app as server
from demo.page.gradio import endpoint
from demo.settings import Settings
from demo.web.service import Service
from tests.conftest import ROOT
from tests.demo.conftest import call, endpoint_of, gradio_functions, running, wait_until


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = server.create_app(Settings())
    wait_until(lambda: app.state.service.ready)
    return app


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def server_file(tmp_path: Path) -> Path:
    """A picture that the server's process can read and delete."""
    return Path(shutil.copy(Path(data.__file__).parent / "astronaut.png", tmp_path))


def page_of(app: FastAPI) -> Any:
    """The Gradio page inside."""
    [mount] = [route for route in app.routes if isinstance(route, Mount) and route.path == ""]
    return mount.app.get_blocks()  # type: ignore[attr-defined]


def accepted(client: TestClient, function: int, picture: dict[str, Any]) -> bool:
    return '"success":true' in call(client, function, picture)


def named(path: Path | str) -> list[dict[str, Any]]:
    """The ways to name a file on the server, the honest one first."""
    meta = {"_type": "gradio.FileData"}
    around = f"{get_upload_folder()}/../../../../../../..{path}"
    return [
        {"path": str(path), "meta": meta},
        {"path": str(path)},
        {"path": str(path), "meta": {"_type": "other"}},
        {"path": around},
        {"path": around, "meta": meta},
        {"path": None, "url": f"file://{path}", "meta": meta},
    ]


def test_app_serves_the_page_and_the_routes(client: TestClient, happy: bytes) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "gradio" in page.text
    response = client.post("/api/v1/expressions", files={"file": ("a.jpg", happy, "image/jpeg")})
    assert [face["emotion"] for face in response.json()["faces"]] == ["happy"]
    assert client.get("/readyz").status_code == 200


def test_app_answers_errors_under_api_as_problems(client: TestClient) -> None:
    for response, status in (
        (client.get("/api/v1/expressions"), 405),
        (client.get("/api/nothing"), 404),
        (client.post("/api/v1/expressions", content=b"x"), 415),
    ):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"


def test_app_does_not_read_server_files_for_a_visitor(
    app: FastAPI,
    client: TestClient,
    happy: bytes,
    server_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[object] = []
    service = app.state.service
    original = service.submit
    monkeypatch.setattr(service, "submit", lambda *a: read.append(a) or original(*a))
    functions = gradio_functions(client)
    assert functions

    for function in functions:
        for picture in named(server_file):
            assert not accepted(client, function, picture)
    assert not read
    assert server_file.exists()

    # The calls themselves are right: a visitor's own upload is read ...
    for function in functions:
        files = {"files": ("a.jpg", happy, "image/jpeg")}
        [path] = client.post("/gradio_api/upload", files=files).json()
        assert accepted(client, function, named(path)[0])
    assert len(read) >= 1
    # ... each check refuses by itself where it can, and without the checks the file is read.
    read.clear()
    function = endpoint_of(client)
    honest, *_ = named(server_file)
    with monkeypatch.context() as without_ours:
        without_ours.setattr(endpoint, "_file_of", lambda upload: Path(upload["path"]))
        assert not accepted(client, function, honest)
    monkeypatch.setattr(processing_utils, "check_all_files_in_cache", lambda _: None)
    assert not accepted(client, function, honest)
    monkeypatch.setattr(page_of(app), "has_launched", False)
    assert accepted(client, function, honest)
    assert len(read) == 1


def test_app_serves_none_of_the_servers_files(client: TestClient, server_file: Path) -> None:
    for path in (server_file, ROOT / "pyproject.toml", "/etc/passwd"):
        for route in ("/gradio_api/file=", "/file="):
            assert client.get(f"{route}{path}").status_code in (403, 404)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/api/v1/expressions", "image/jpeg"),
        ("/api/v1/expressions", "multipart/form-data; boundary=b"),
        ("/gradio_api/queue/join", "application/json"),
        ("/gradio_api/upload", "multipart/form-data; boundary=b"),
    ],
)
def test_app_refuses_a_body_over_the_limit_on_every_route(
    client: TestClient, path: str, sent: str
) -> None:
    picture = {"url": "data:image/png;base64," + "A" * 27_000_000}
    announced = client.post(path, json={"fn_index": 0, "data": [picture], "session_hash": "a"})

    def blocks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(30):
            yield bytes(1_000_000)

    chunked = client.post(path, content=blocks(), headers={"Content-Type": sent})
    assert "content-length" not in chunked.request.headers
    for response in (announced, chunked):
        assert response.status_code == 413
        assert ("1,000,000" if "join" in path else "20,065,536") in response.text
        # Gradio's clients show an upload's error text unchanged.
        kind = "text/plain; charset=utf-8" if "upload" in path else "application/problem+json"
        assert response.headers["content-type"] == kind


def test_app_forbids_sniffing_and_buffering_of_event_streams(
    client: TestClient,
) -> None:
    for path in ("/", "/healthz", "/api/docs", "/api/nothing", "/config"):
        response = client.get(path)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "x-accel-buffering" not in response.headers
    [function, *_] = gradio_functions(client)
    body = {"fn_index": function, "data": [None], "session_hash": "stream"}
    client.post("/gradio_api/queue/join", json=body)
    stream = client.get("/gradio_api/queue/data?session_hash=stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["x-accel-buffering"] == "no"


def test_app_lets_no_other_site_read_answers(client: TestClient) -> None:
    origin = {"Origin": "https://elsewhere.example", "Host": "faces.example"}
    for path in ("/", "/config", "/api/v1/version"):
        assert "access-control-allow-origin" not in client.get(path, headers=origin).headers


def test_gradio_sends_no_analytics(app: FastAPI) -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert page_of(app).analytics_enabled is False


def test_serve_stops_on_ctrl_c_without_a_traceback() -> None:
    with running() as (process, _):
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Stopped." in output
    assert "Traceback" not in complaints


@pytest.mark.slow
def test_serve_imports_no_training_library_and_makes_no_type_stubs() -> None:
    heavy = ("tensorflow", "keras", "torch", "jax", "sklearn", "skimage", "scipy")
    program = f"""
import sys, time
import jinja2
stubs = []
jinja2.Template.render = lambda self, **k: stubs.append(k) or "" if "contents" in k else ""
from starlette.testclient import TestClient
from demo.app import create_app
from demo.settings import Settings
app = create_app(Settings())
with TestClient(app) as client:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.05)
    body = open(sys.argv[1], "rb").read()
    for accept in ("application/json", "image/png"):
        headers = {{"Content-Type": "image/jpeg", "Accept": accept}}
        assert client.post("/api/v1/expressions?explain=1", content=body, headers=headers).is_success
print([name for name in {heavy!r} if name in sys.modules], len(stubs))
"""
    from matplotlib.cbook import get_sample_data

    photograph = get_sample_data("grace_hopper.jpg", asfileobj=False)
    done = subprocess.run(
        [sys.executable, "-c", program, photograph],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_serve_explains_a_taken_port_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert server.main(["--port", str(port)]) == 1
    captured = capsys.readouterr()
    assert captured.err == (
        f"Port {port} is in use. Stop the program that uses it, or choose another with --port.\n"
    )
    assert captured.out == ""


def test_serve_explains_another_machines_address_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert server.main(["--host", "192.0.2.1", "--port", "0"]) == 1
    assert "192.0.2.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({}, ["--port", "99999"], "port"),
        ({}, ["--port", "http"], "--port"),
        ({"PORT": "http"}, [], "PORT"),
        ({"DEMO_MIN_FACE": "1"}, [], "min_face"),
    ],
)
def test_serve_exits_with_2_for_wrong_settings(
    environment: dict[str, str],
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stop:
        server.main(arguments)
    assert stop.value.code == 2
    assert words.lower() in capsys.readouterr().err.lower()


def test_serve_share_opens_gradios_tunnel_and_says_where_pictures_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def tunnel(
        local_host: str,
        local_port: int,
        share_token: str,
        share_server_address: str | None,
        share_server_tls_certificate: str | None,
    ) -> str:
        asked.update(locals())
        return "http://abc.gradio.live"

    monkeypatch.setattr(networking, "setup_tunnel", tunnel)
    server.open_public_link(4321)
    assert (asked["local_host"], asked["local_port"]) == ("127.0.0.1", 4321)
    assert len(asked["share_token"]) >= 32
    assert asked["share_server_address"] is None
    output = capsys.readouterr().out
    assert "https://abc.gradio.live" in output
    assert "through Gradio's relay" in output


def test_serve_share_fails_clearly_and_the_local_page_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(**_: object) -> str:
        raise RuntimeError("Could not get share link from Gradio API Server.")

    monkeypatch.setattr(networking, "setup_tunnel", refused)
    server.open_public_link(4321)
    complaint = capsys.readouterr().err
    assert "no public link" in complaint
    assert "http://127.0.0.1:4321" in complaint


def test_serve_does_not_share_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    served: list[object] = []
    nothing = FastAPI()
    nothing.state.service = Service(Settings())
    monkeypatch.setattr(server, "open_public_link", opened.append)
    monkeypatch.setattr(server, "create_app", lambda _: nothing)
    monkeypatch.setattr(server.Server, "run", lambda *_, **k: served.append(k["sockets"]))
    assert server.main(["--port", "0"]) == 0
    assert not opened
    assert server.main(["--port", "0", "--share"]) == 0
    wait_until(lambda: bool(opened))
    for [listener] in served:  # type: ignore[attr-defined]
        listener.close()
