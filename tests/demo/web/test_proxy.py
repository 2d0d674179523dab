"""The server behind nginx, at a path of another site, as docs/deploy-behind-a-proxy.md says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from websockets.sync.client import connect

from tests.demo.conftest import film_of, running
from tests.nginx import nginx

pytestmark = pytest.mark.slow

WAYS = ["stripped", "whole"]


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with (
        running(DEMO_ROOT_PATH="/demo", DEMO_TRUSTED_PROXIES="1") as (_, port),
        nginx(tmp_path_factory.mktemp("nginx"), port) as addresses,
    ):
        yield {**addresses, "direct": f"http://127.0.0.1:{port}/demo/"}


@pytest.mark.parametrize("way", [*WAYS, "direct"])
def test_proxied_page_finds_everything_it_names(addresses: dict[str, str], way: str) -> None:
    with httpx.Client(timeout=60) as client:
        page = client.get(addresses[way])
        [base] = re.findall(r'<base href="([^"]*)">', page.text)
        named = re.findall(r'(?:src|href|content)="((?:\./)?(?:assets|page|api)/[^"]*)"', page.text)
        assert len(named) >= 5
        pictures = re.findall(r'<meta property="og:(?:image|url)" content="([^"]*)"', page.text)
        assert pictures == [addresses[way], f"{addresses[way]}page/picture.png"]
        config = client.get(f"{addresses[way]}config").json()
        assert config["root"] == addresses[way].rstrip("/")
        text = json.dumps(config["components"])
        named += re.findall(r"(?:page/[a-z/-]+\.\w+|page/[a-z-]+\b|api/docs)", text)
        assert {"page/scripts/live.js", "page/model-card", "api/docs"} <= set(named)
        for address in (*named, *pictures, "theme.css", "page/scripts/facts.js"):
            whole = urljoin(urljoin(addresses[way], base), address)
            assert whole.startswith(addresses[way])
            assert client.get(whole).status_code == 200, whole


@pytest.mark.parametrize("way", [*WAYS, "direct"])
def test_proxied_page_is_found_without_its_slash(addresses: dict[str, str], way: str) -> None:
    page = httpx.get(f"{addresses[way].rstrip('/')}?a=b", follow_redirects=True)
    assert page.status_code == 200
    assert str(page.url) == f"{addresses[way]}?a=b"


@pytest.mark.parametrize("way", WAYS)
def test_proxied_routes_and_documentation_work(
    addresses: dict[str, str], way: str, happy: bytes
) -> None:
    with httpx.Client(base_url=addresses[way], timeout=60) as client:
        docs = client.get("api/docs").text
        assert f"{addresses[way]}api/v1/expressions" in docs
        assert client.get("api/openapi.json").json()["servers"][0]["url"] == "/demo"
        assert client.get("readyz").json() == {"status": "ready"}
        missing = client.get("api/nothing").json()["detail"]
        assert missing == "There is no /api/nothing; see /api/docs."
        own = {"Origin": addresses[way].removesuffix("/demo/")}
        answer = client.post("api/v1/expressions", files={"file": happy}, headers=own)
        assert [face["emotion"] for face in answer.json()["faces"]] == ["happy"]


def test_proxied_post_expressions_passes_large_and_refuses_too_large_pictures(
    addresses: dict[str, str],
) -> None:
    headers = {"Content-Type": "image/jpeg"}
    for size, status in ((19_900_000, 422), (20_000_100, 413), (20_900_000, 413)):
        content = np.random.default_rng(0).bytes(size)
        route = f"{addresses['stripped']}api/v1/expressions"
        refused = httpx.post(route, content=content, headers=headers, timeout=60)
        assert refused.status_code == status
        assert refused.json()["detail"]


@pytest.mark.parametrize("way", WAYS)
def test_proxied_refusals_arrive_although_the_body_is_not_read(
    addresses: dict[str, str], way: str
) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Content-Type": "image/jpeg"}
    for _ in range(10):
        refused = httpx.post(
            f"{addresses[way]}api/v1/expressions", content=bytes(3_000_000), headers=foreign
        )
        assert refused.status_code == 403
        assert "other sites" in refused.json()["detail"]


@pytest.mark.parametrize("way", WAYS)
def test_proxied_camera_and_film_work(addresses: dict[str, str], way: str, happy: bytes) -> None:
    address = addresses[way].replace("http", "ws", 1)
    with connect(f"{address}api/v1/live") as camera:
        camera.send(happy)
        assert len(json.loads(camera.recv(timeout=60))["faces"]) == 1
    with connect(f"{address}api/v1/films") as film:
        content = film_of(happy)
        film.send(json.dumps({"name": "a.mkv", "bytes": len(content)}))
        assert json.loads(film.recv(timeout=60)) == {"ready": True}
        film.send(content)
        assert any(b"happy" in each for each in film if isinstance(each, bytes))


@pytest.mark.parametrize("way", WAYS)
def test_proxied_gradio_client_works(
    addresses: dict[str, str], way: str, happy: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(happy)
    client = Client(addresses[way], verbose=False, analytics_enabled=False)
    answer = client.predict(handle_file(str(tmp_path / "a.jpg")), api_name="/expressions")
    client.close()
    assert [face["emotion"] for face in answer["faces"]] == ["happy"]


def test_proxied_server_names_the_header_that_the_proxy_must_send(
    addresses: dict[str, str], happy: bytes
) -> None:
    address = addresses["hostless"]
    own = {"Origin": address.removesuffix("/demo/"), "Content-Type": "image/jpeg"}
    refused = httpx.post(f"{address}api/v1/expressions", content=happy, headers=own, timeout=60)
    assert refused.status_code == 403
    assert "does not pass on the header Host" in refused.json()["detail"]


def test_proxied_server_answers_direct_requests_too(addresses: dict[str, str]) -> None:
    server = addresses["direct"].removesuffix("/demo/")
    for path in ("/healthz", "/readyz", "/api/docs", "/page/scripts/page.js", "/demo/healthz"):
        assert httpx.get(server + path).status_code == 200
    assert httpx.get(f"{server}/demonstration").status_code == 404
    assert httpx.get(f"{server}//elsewhere.example/demo").status_code == 404
