"""The page without a browser; tests/browser has the rest."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from demo.app import create_app
from demo.page.templates import render
from demo.settings import Settings
from tests.demo.conftest import wait_until


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_app(Settings())
    with TestClient(app) as client:
        wait_until(lambda: app.state.service.ready)
        yield client


def html(client: TestClient, name: str) -> str:
    """The value that Gradio gets for one part of the page."""
    components = client.get("/config").json()["components"]
    [part] = [each for each in components if each["props"].get("elem_id") == name]
    return str(part["props"]["value"])


def test_page_loads_nothing_from_other_hosts(client: TestClient) -> None:
    for path in ("/", "/theme.css"):
        source = client.get(path).text
        assert not re.findall(r"(?:src|href)=\"https?://(?!testserver)[^\"]*\"", source)
        assert not re.findall(r"@import[^;]*http|url\(['\"]?http", source)
    config = client.get("/config").json()
    assert all(not sheet.startswith("http") for sheet in config["stylesheets"])
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False


def test_page_offers_one_call_as_an_api(client: TestClient) -> None:
    offered = client.get("/gradio_api/info").json()
    assert list(offered["named_endpoints"]) == ["/expressions"]
    assert offered["unnamed_endpoints"] == {}
    assert client.get("/config").json()["footer_links"] == []


def test_page_says_what_happens_to_pictures(client: TestClient) -> None:
    picture = html(client, "picture")
    assert "Your photograph is not kept." in picture
    assert "not an emotion felt" in re.sub(r"\s+", " ", picture)
    assert "up to 20 at once, 20 MB each" in picture


def test_templates_escape_what_they_are_given() -> None:
    assert "<script>" not in render("live.html", route='"><script>')


def test_page_scripts_are_modules_of_this_server(client: TestClient) -> None:
    components = client.get("/config").json()["components"]
    starts = [each["props"].get("js_on_load") or "" for each in components]
    scripts = re.findall(r'import\(new URL\("([^"]+)"', " ".join(starts))
    assert scripts == [f"page/scripts/{name}.js" for name in ("picture", "live", "film")]
    checked, left = set(), scripts
    while left:
        path = left.pop()
        source = client.get(f"/{path}")
        assert source.status_code == 200, path
        assert "/javascript" in source.headers["content-type"]
        checked.add(path)
        folder = path.rpartition("/")[0]
        for name in re.findall(r'from "(\.[^"]+)"', source.text):
            other = re.sub(r"[^/]+/\.\./", "", f"{folder}/{name}".replace("/./", "/"))
            left += [other] if other not in checked else []
    assert "page/scripts/facts.js" in checked
