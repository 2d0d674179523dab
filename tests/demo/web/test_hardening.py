"""Attacks on the real server in its own process, each beside a request that it answers."""

import base64
import io
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_socket

from demo.web.routes import live
from tests.demo.conftest import call, encoded, gradio_functions, running, wait_until

pytestmark = pytest.mark.slow

ROUTE = "/api/v1/expressions"
SCRIPT = b"<script>alert(1)</script>"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def client(files: Path) -> Iterator[httpx.Client]:
    with (
        running(GRADIO_TEMP_DIR=str(files), DEMO_MAX_WAITING="2") as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        yield client


def read(client: httpx.Client, picture: bytes, kind: str = "image/jpeg") -> httpx.Response:
    return client.post(ROUTE, content=picture, headers={"Content-Type": kind})


def connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=60)


def svg() -> bytes:
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"


def bomb() -> bytes:
    file = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/png"])
def test_post_expressions_refuses_svg(client: httpx.Client, kind: str) -> None:
    refused = read(client, svg(), kind)
    assert refused.status_code == 422
    assert "alert" not in refused.text


def test_post_expressions_reads_a_polyglot_as_a_picture_only(
    client: httpx.Client, happy: bytes
) -> None:
    gif = encoded(np.full((50, 60, 3), 90, np.uint8), "GIF")
    for polyglot in (happy + SCRIPT, gif + SCRIPT):
        answer = read(client, polyglot)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        drawn = client.post(
            ROUTE,
            content=polyglot,
            headers={"Content-Type": "image/gif", "Accept": "image/png"},
        )
        assert drawn.content.startswith(b"\x89PNG")
        assert SCRIPT not in drawn.content


def test_page_scripts_carry_the_nonce_in_every_browser(client: httpx.Client) -> None:
    for encoding in ("identity", "br, gzip"):
        page = client.get("/", headers={"Accept-Encoding": encoding})
        [nonce] = re.findall(r"'nonce-([\w-]+)'", policy(page))
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert len(scripts) >= 3
        assert all(f'nonce="{nonce}"' in script for script in scripts)


def test_uploads_cannot_be_fetched(client: httpx.Client, happy: bytes) -> None:
    for name, content in (("a.html", SCRIPT), ("a.svg", svg()), ("a.jpg", happy)):
        [path] = client.post("/gradio_api/upload", files={"files": (name, content)}).json()
        assert Path(path).read_bytes() == content
        for route in ("/gradio_api/file=", "/file=", "/static/", "/assets/", "/page/scripts/"):
            assert client.get(f"{route}{path}").status_code in (403, 404)


def policy(response: httpx.Response) -> str:
    return response.headers["content-security-policy"]


def test_server_refuses_a_decompression_bomb_on_every_route(client: httpx.Client) -> None:
    content = bomb()
    assert len(content) < 200_000
    began = time.monotonic()
    assert read(client, content).status_code == 413
    assert client.post(ROUTE, files={"file": content}).status_code == 413
    [path] = client.post("/gradio_api/upload", files={"files": ("a.png", content)}).json()
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for function in gradio_functions(client):
        assert "megapixels" in call(client, function, file)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "name",
    [
        "../../../../outside.jpg",
        "..\\..\\outside.jpg",
        "/etc/outside.jpg",
        "a/../../outside.jpg",
        "%2e%2e%2foutside.jpg",
        "outside.jpg\x00.png",
        "outside\r\nX-Injected: 1.jpg",
        "x" * 3000 + ".jpg",
    ],
)
def test_server_ignores_paths_in_file_names(
    client: httpx.Client, files: Path, happy: bytes, name: str
) -> None:
    answer = client.post(ROUTE, files={"file": (name, happy, "image/jpeg")})
    assert answer.status_code == 200
    upload = client.post("/gradio_api/upload", files={"files": (name, happy, "image/jpeg")})
    assert upload.status_code in (200, 400)
    assert "x-injected" not in upload.headers
    [folder] = files.iterdir()
    assert folder.name.startswith("facial-expressions-")
    if upload.status_code == 200:
        [path] = upload.json()
        assert Path(path).resolve().is_relative_to(folder.resolve())
        assert Path(path).exists()
    assert not list(files.glob("*outside*"))


def test_server_fetches_nothing_for_a_visitor(client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
        meta = {"_type": "gradio.FileData"}
        for function in gradio_functions(client):
            for value in (
                {"path": address, "meta": meta},
                {"path": address},
                {"path": "a.png", "url": address, "meta": meta},
                {"path": None, "url": address, "meta": meta},
                address,
            ):
                assert '"success":true' not in call(client, function, value)
        client.get(f"/gradio_api/file={address}", follow_redirects=False)
        client.get(f"/gradio_api/proxy={address}", follow_redirects=False)
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/proxy=http://example.org/"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/call/predict"),
        ("POST", "/gradio_api/api/predict"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/gradio_api/custom_component/1/client/component/index.js"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/upload_progress?upload_id=a"),
        ("GET", "/gradio_api/heartbeat/a"),
        ("GET", "/gradio_api/startup-events"),
        ("POST", "/gradio_api/run/expressions"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/manifest.json"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("POST", "/login"),
    ],
)
def test_server_has_no_unused_gradio_routes(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path, json={}).status_code == 404


def test_server_reads_no_picture_past_the_queue(client: httpx.Client, happy: bytes) -> None:
    [path] = client.post("/gradio_api/upload", files={"files": ("a.jpg", happy)}).json()
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for function in gradio_functions(client):
        body = {"fn_index": function, "data": [file], "session_hash": "a"}
        refused = client.post("/gradio_api/run/predict", json=body)
        assert refused.status_code >= 400
        assert "detection_score" not in refused.text
        assert "detection_score" in call(client, function, file)


def test_post_expressions_refuses_a_foreign_origin(client: httpx.Client, happy: bytes) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Content-Type": "image/jpeg"}
    for path in (ROUTE, "/gradio_api/upload", "/gradio_api/queue/join"):
        refused = client.post(path, content=happy, headers=foreign)
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
    own = foreign | {"Origin": str(client.base_url)}
    assert client.post(ROUTE, content=happy, headers=own).status_code == 200


def test_page_with_a_forged_host_affects_only_the_forger(client: httpx.Client) -> None:
    forged = {"X-Forwarded-Host": 'evil.example"></script><script>alert(1)</script>'}
    for headers in ({"X-Forwarded-Host": "evil.example"}, forged):
        page = client.get("/", headers=headers)
        assert "<script>alert(1)" not in page.text
        assert page.headers["cache-control"] == "no-store"
        [scripts] = re.findall("script-src[^;]*", policy(page))
        assert "evil" not in policy(page)
        assert "unsafe-inline" not in scripts
    assert "evil" not in client.get("/").text


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\nX-Injected: 1\x00\r\n\r\n",
        b"GET /healthz\r\n\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"GET /" + 200_000 * b"a" + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_server_refuses_a_malformed_head_without_echoing_it(
    client: httpx.Client, head: bytes
) -> None:
    with connect(client) as connection:
        connection.sendall(head)
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"X-Injected" not in answer
    assert client.get("/healthz").status_code == 200


def test_post_expressions_refuses_a_form_of_many_parts(client: httpx.Client, happy: bytes) -> None:
    fields = {f"field{number}": "x" for number in range(1000)}
    refused = client.post(ROUTE, data=fields, files={"file": happy})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"


def test_post_expressions_says_when_to_retry_if_the_queue_is_full(client: httpx.Client) -> None:
    picture = encoded(np.random.default_rng(0).integers(0, 255, (3000, 3000, 3), np.uint8))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: read(client, picture), range(12)))
    statuses = [answer.status_code for answer in answers]
    # One picture per core is read, and two wait.
    assert set(statuses) == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
            assert "Too many pictures" in answer.json()["detail"]
    assert read(client, picture).status_code == 200


def test_server_does_not_wait_for_silent_or_slow_clients(
    client: httpx.Client, happy: bytes
) -> None:
    """All slow-loris attacks at once, because each takes long."""
    ways = {
        "nothing": b"",
        "half a head": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A:",
        "a second head": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /hea",
        "half a body": f"POST {ROUTE} HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(happy)}\r\n\r\n".encode()
        + happy[:1000],
    }
    began = time.monotonic()
    ended: dict[str, tuple[float, bytes]] = {}

    def attack(way: str) -> None:
        answer = b""
        with connect(client) as connection:
            connection.settimeout(1)
            connection.sendall(ways[way])
            while time.monotonic() - began < 60:
                try:
                    # This attack's one byte a second keeps the connection from being idle.
                    connection.sendall(b"x" if ways[way] else b"")
                    part = connection.recv(65_536)
                except TimeoutError:
                    continue
                except ConnectionError:
                    part = b""
                if not part:
                    ended[way] = (time.monotonic() - began, answer)
                    return
                answer += part

    with ThreadPoolExecutor(len(ways)) as pool:
        attacks = [pool.submit(attack, way) for way in ways]
        # Others are served meanwhile.
        assert len(read(client, happy).json()["faces"]) == 1
        for each in attacks:
            each.result()
    assert set(ended) == set(ways)
    for way, allowed in (("nothing", 10), ("half a head", 10), ("a second head", 11)):
        assert allowed - 1 < ended[way][0] < allowed + 15, way
    seconds, answer = ended["half a body"]
    assert 19 < seconds < 40
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_post_expressions_refuses_30_mb_announced_or_not(
    client: httpx.Client, happy: bytes
) -> None:
    headers = {"Content-Type": "image/jpeg"}
    blocks = (bytes(1_000_000) for _ in range(30))
    for body in (blocks, bytes(30_000_000)):
        assert client.post(ROUTE, content=body, headers=headers).status_code == 413
    assert len(read(client, happy).json()["faces"]) == 1


def test_server_refuses_a_greedy_client_and_serves_others(happy: bytes) -> None:
    with (
        running(DEMO_REQUESTS_PER_MINUTE="5", DEMO_TRUSTED_PROXIES="1") as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):

        def ask(forwarded: str) -> int:
            headers = {"Content-Type": "image/jpeg", "X-Forwarded-For": forwarded}
            return client.post(ROUTE, content=happy, headers=headers).status_code

        greedy = [ask(f"192.0.2.{number}, 203.0.113.9") for number in range(8)]
        # If a minute of the clock begins in between, the sliding minute lets one more through.
        assert greedy in (5 * [200] + 3 * [429], 6 * [200] + 2 * [429])
        assert ask("192.0.2.1, 203.0.113.10") == 200
        # The page and its uploads count too; free routes are answered.
        headers = {"X-Forwarded-For": "203.0.113.9"}
        for path in ("/gradio_api/upload", "/gradio_api/queue/join"):
            assert client.post(path, headers=headers).status_code == 429
        assert client.get("/", headers=headers).status_code == 200


def test_server_protects_everything_with_login_and_counts_metrics(happy: bytes) -> None:
    with running(DEMO_AUTH="ada:secret", DEMO_METRICS="1") as (_, port):
        address = f"http://127.0.0.1:{port}"
        for path in ("/", "/config", "/api/docs", "/api/v1/version", "/metrics"):
            assert httpx.get(address + path).status_code == 401
        assert httpx.post(address + ROUTE, files={"file": happy}).status_code == 401
        assert httpx.get(f"{address}/healthz").status_code == 200
        with httpx.Client(base_url=address, auth=("ada", "secret"), timeout=60) as client:
            assert "gradio" in client.get("/").text
            assert len(read(client, happy).json()["faces"]) == 1
            metrics = client.get("/metrics")
            assert metrics.headers["content-type"].startswith("text/plain")
            assert "demo_faces_total 1.0" in metrics.text
            assert 'route="/api/v1/expressions",status="200"} 1.0' in metrics.text
            assert 'demo_refused_total{reason="login"}' in metrics.text
        view = f"127.0.0.1:{port}{live.ROUTE}"
        with pytest.raises(InvalidStatus) as refused, connect_socket(f"ws://{view}"):
            pass
        assert refused.value.response.status_code == 401
        with connect_socket(f"ws://ada:secret@{view}") as camera:
            camera.send(b"no picture")
            assert "error" in json.loads(camera.recv(timeout=30))


def test_get_metrics_is_off_unless_asked(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_server_stop_refuses_new_requests_ends_views_and_finishes_running_ones(
    happy: bytes,
) -> None:
    slow = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (4000, 3500, 3), np.uint8)
    Image.fromarray(noise).save(slow, "JPEG", quality=80)
    with running() as (process, port):
        address = f"http://127.0.0.1:{port}"
        headers = {"Content-Type": "image/jpeg"}
        with (
            connect_socket(f"ws://127.0.0.1:{port}{live.ROUTE}") as browser,
            ThreadPoolExecutor(1) as pool,
        ):
            browser.send(happy)
            assert json.loads(browser.recv(timeout=60))["faces"]
            running_one = pool.submit(
                httpx.post, address + ROUTE, content=slow.getvalue(), headers=headers, timeout=60
            )
            time.sleep(0.2)
            assert not running_one.done()
            began = time.monotonic()
            process.terminate()
            time.sleep(0.3)
            with pytest.raises(httpx.ConnectError):
                httpx.post(address + ROUTE, content=happy, headers=headers)
            with pytest.raises(ConnectionClosed):
                browser.recv(timeout=6)
            assert running_one.result().status_code == 200
            wait_until(lambda: process.poll() is not None, 15)
            assert time.monotonic() - began < 8


def test_server_treats_data_urls_in_json_like_files(client: httpx.Client) -> None:
    url = f"data:image/svg+xml;base64,{base64.b64encode(svg()).decode()}"
    for function in gradio_functions(client):
        told = call(client, function, {"path": url, "meta": {"_type": "gradio.FileData"}})
        assert '"success":true' not in told
        assert json.dumps(url)[1:-1] not in told
