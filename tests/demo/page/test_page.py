"""The page without a browser; tests/browser has the rest."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from demo.app import create_app
from demo.page import text
from demo.page.templates import render
from demo.service import Service
from demo.settings import Settings
from tests.demo.conftest import wait_until


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_app(Settings())
    with TestClient(app) as client:
        wait_until(lambda: app.state.service.ready)
        yield client


def html(client: TestClient, name: str) -> str:
    """What Gradio is given for one of the page's parts."""
    components = client.get("/config").json()["components"]
    [part] = [each for each in components if each["props"].get("elem_id") == name]
    return str(part["props"]["value"])


def test_nothing_is_loaded_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/theme.css"):
        source = client.get(path).text
        assert not re.findall(r"(?:src|href)=\"https?://(?!testserver)[^\"]*\"", source)
        assert not re.findall(r"@import[^;]*http|url\(['\"]?http", source)
    config = client.get("/config").json()
    assert all(not sheet.startswith("http") for sheet in config["stylesheets"])
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False


def test_the_page_says_what_happens_to_pictures(client: TestClient) -> None:
    picture = html(client, "picture")
    assert "Your photograph is not kept." in picture
    assert "not an emotion felt" in re.sub(r"\s+", " ", picture)
    assert "up to 20 at once, 20 MB each" in picture


def test_templates_escape_what_they_are_given() -> None:
    assert "<script>" not in render("live.html", route='"><script>')


def test_scripts_are_modules_of_this_server(client: TestClient) -> None:
    components = client.get("/config").json()["components"]
    starts = [each["props"].get("js_on_load") or "" for each in components]
    scripts = re.findall(r'import\(new URL\("([^"]+)"', " ".join(starts))
    assert scripts == [f"page/scripts/{name}.js" for name in ("picture", "live", "film")]
    checked, left = set(), scripts
    while left:
        path = left.pop()
        source = client.get(f"/{path}")
        assert source.status_code == 200, path
        assert source.headers["content-type"].startswith("text/javascript")
        checked.add(path)
        folder = path.rpartition("/")[0]
        for name in re.findall(r'from "(\.[^"]+)"', source.text):
            other = re.sub(r"[^/]+/\.\./", "", f"{folder}/{name}".replace("/./", "/"))
            left += [other] if other not in checked else []
    assert "page/scripts/facts.js" in checked


def test_the_model_line_names_the_network(service: Service) -> None:
    classifier = service.recognizer.classifier
    line = text.model_line(service)
    assert classifier.name in line
    assert classifier.version in line
    assert 'href="api/docs"' in line


def test_the_model_line_quotes_the_accuracy() -> None:
    record = {"labels": "fer2013", "output": "served", "subset": "all", "input": "aligned"}
    figures = {
        "PublicTest": {"results": [{**record, "accuracy": 0.9}]},
        "PrivateTest": {
            "results": [
                {**record, "input": "raw", "accuracy": 0.6},
                {**record, "accuracy": 0.7123},
                {**record, "labels": "ferplus", "accuracy": 0.8},
            ]
        },
    }
    classifier = SimpleNamespace(name="net", version="1", info={"figures": figures})
    service: Any = SimpleNamespace(recognizer=SimpleNamespace(classifier=classifier))
    line = text.model_line(service)
    assert "right on 71.2% by FER-2013's labels, 80.0% by the FER+ winners of PrivateTest" in line


def test_the_model_line_says_why_there_is_no_network() -> None:
    service = Service(Settings(weights="missing"))
    service.start()
    wait_until(lambda: service.error is not None)
    assert "There are no weights" in text.model_line(service)
