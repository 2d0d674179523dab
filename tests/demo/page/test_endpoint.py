"""The named endpoint, called with and without Gradio's own client."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from starlette.routing import Mount
from starlette.testclient import TestClient

from demo.app import create_app
from demo.page.gradio import blocks, endpoint
from demo.settings import Settings
from demo.web.service import Busy, NotReady, Service
from preprocessing.images import ImageTooLarge
from tests.demo.conftest import call, endpoint_of, gradio_functions, running, wait_until

pytestmark = pytest.mark.slow

NAME = "holiday-of-ada-lovelace"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gradio")


@pytest.fixture(scope="module")
def address(files: Path) -> Iterator[str]:
    with running(GRADIO_TEMP_DIR=str(files)) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False, analytics_enabled=False)
    yield client
    client.close()


@pytest.fixture
def photograph(tmp_path: Path, happy: bytes) -> str:
    (tmp_path / "photo.jpg").write_bytes(happy)
    return str(tmp_path / "photo.jpg")


def test_gradio_client_gets_the_same_answer_as_the_http_route(
    client: Client, address: str, files: Path, photograph: str, happy: bytes
) -> None:
    answer = client.predict(handle_file(photograph), api_name="/expressions")
    over_http = httpx.post(f"{address}/api/v1/expressions", files={"file": happy}, timeout=60)
    assert answer == over_http.json()
    assert len(answer["faces"]) == 1
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_gradio_api_names_and_describes_one_endpoint(client: Client) -> None:
    offered: Any = client.view_api(print_info=False, return_format="dict")
    assert list(offered["named_endpoints"]) == ["/expressions"]
    assert offered["unnamed_endpoints"] == {}
    described = offered["named_endpoints"]["/expressions"]
    assert "not an emotion felt" in described["description"]
    assert [each["parameter_name"] for each in described["parameters"]] == ["picture"]


def test_gradio_api_offers_no_other_function(address: str) -> None:
    with httpx.Client(base_url=address) as visitor:
        assert gradio_functions(visitor) == [endpoint_of(visitor)]


def test_gradio_endpoint_takes_the_same_picture_several_times_at_once(
    client: Client, photograph: str
) -> None:
    jobs = [client.submit(handle_file(photograph), api_name="/expressions") for _ in range(6)]
    assert [len(job.result(60)["faces"]) for job in jobs] == 6 * [1]


def test_gradio_endpoint_refuses_in_sentences(client: Client, address: str, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_text("no picture")
    with pytest.raises(AppError, match=r"not a picture this program can read\. Use JPEG"):
        client.predict(handle_file(str(tmp_path / "cat.jpg")), api_name="/expressions")
    # A path without `handle_file`.
    with pytest.raises(AppError, match="handle_file"):
        client.predict(str(tmp_path / "cat.jpg"), api_name="/expressions")
    # An address, which the client passes on unchanged.
    with pytest.raises(AppError, match="uploaded here"):
        client.predict(handle_file(f"{address}/page/icon.svg"), api_name="/expressions")


def test_gradio_endpoint_neither_reads_nor_deletes_server_files(
    address: str, files: Path, tmp_path: Path, happy: bytes
) -> None:
    """Even though the server's process can read these pictures."""
    with httpx.Client(base_url=address, timeout=60) as visitor:
        function = endpoint_of(visitor)
        outside = tmp_path / "outside.jpg"
        outside.write_bytes(happy)
        [folder] = files.iterdir()
        lying = folder / "lying.jpg"  # in Gradio's folder, but not uploaded by anyone
        lying.write_bytes(happy)
        deep = folder / "a" / "b" / "deep.jpg"
        deep.parent.mkdir(parents=True)
        deep.write_bytes(happy)
        (folder / "c").mkdir()
        link = folder / "c" / "link.jpg"
        link.symlink_to(outside)
        meta = {"_type": "gradio.FileData"}
        named = [str(outside), str(lying), str(deep), str(link), str(folder), "demo/app.py", ""]
        named += [
            f"{folder}/c/../../../{outside.name}",
            f"{folder}/a/\x00.jpg",
            f"file://{outside}",
        ]
        for path in named:
            for value in ({"path": path, "meta": meta}, {"path": path}, path, [{"path": path}]):
                assert '"success":true' not in call(visitor, function, value), value
        for path in (outside, lying, deep, link):
            assert path.read_bytes() == happy
        # A file among the uploads is read and deleted.
        [path] = visitor.post("/gradio_api/upload", files={"files": ("a.jpg", happy)}).json()
        assert Path(path).read_bytes() == happy
        assert '"success":true' in call(visitor, function, {"path": path, "meta": meta})
        assert not Path(path).parent.exists()


@pytest.fixture
def app_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    app = create_app(Settings())
    with TestClient(app) as client:
        wait_until(lambda: app.state.service.ready)
        yield client


def test_gradio_endpoint_keeps_nothing_of_a_call(
    app_client: TestClient, happy: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    [mount] = [each for each in app_client.app.routes if isinstance(each, Mount) and not each.path]
    page = mount.app.get_blocks()  # type: ignore[attr-defined]

    def kept() -> str:
        queue = page._queue
        states = [list(each.components) for each in page.state_holder.session_data.values()]
        unread = [list(each._queue) for each in queue.pending_messages_per_session.values()]
        events = list(queue.event_ids_to_events.values())
        return repr((states, unread, events, page.upload_file_set, queue.event_analytics))

    def send() -> None:
        files = {"files": (f"{NAME}.jpg", happy, "image/jpeg")}
        [path] = app_client.post("/gradio_api/upload", files=files).json()
        body = {
            "fn_index": endpoint_of(app_client),
            "data": [{"path": path, "meta": {"_type": "gradio.FileData"}}],
            "session_hash": os.urandom(5).hex(),
        }
        # The answer is not fetched.
        assert app_client.post("/gradio_api/queue/join", json=body).status_code == 200
        wait_until(lambda: not Path(path).exists())

    monkeypatch.setattr(blocks, "_KEPT", 2)
    send()
    wait_until(lambda: "detection_score" in kept(), 10)  # proof that this search would find more
    wait_until(lambda: "detection_score" not in kept(), 10)
    assert NAME not in kept()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotReady("Still being loaded."), 503),
        (Busy("Too many pictures."), 503),
        (ImageTooLarge("It has 65 megapixels."), 413),
        (FileNotFoundError("/secret/path.jpg"), 404),
    ],
)
def test_gradio_endpoint_explains_records_and_deletes_refused_pictures(
    error: Exception, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    file = tmp_path / "folder" / "a.jpg"
    file.parent.mkdir()
    file.write_bytes(b"")
    recorded: list[Any] = []

    def submit(_: Any) -> None:
        raise error

    service: Any = SimpleNamespace(submit=submit)
    monitor: Any = SimpleNamespace(record=lambda *fields, **_: recorded.append(fields[:3]))
    with pytest.raises(blocks.Refusal) as refused:
        asyncio.run(endpoint._answer(service, monitor, {"path": str(file)}))
    assert recorded == [("/expressions", "gradio", status)]
    assert "secret" not in refused.value.message
    assert refused.value.message in (str(error), endpoint._WAITED_TOO_LONG)
    assert list(tmp_path.iterdir()) == []


def test_gradio_endpoint_records_a_defect(
    service: Service, happy: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    recorded: list[int] = []
    monitor: Any = SimpleNamespace(record=lambda *fields, **_: recorded.append(fields[2]))

    def submit(_: Any) -> None:
        raise RuntimeError("secret")

    def upload() -> dict[str, str]:
        file = tmp_path / "folder" / "a.jpg"
        file.parent.mkdir()
        file.write_bytes(happy)
        return {"path": str(file)}

    unable: Any = SimpleNamespace(submit=submit)
    with pytest.raises(RuntimeError):
        asyncio.run(endpoint._answer(unable, monitor, upload()))
    answer = asyncio.run(endpoint._answer(service, monitor, upload()))
    assert json.dumps(answer["faces"][0]["emotion"]) == '"happy"'
    assert recorded == [500, 200]
