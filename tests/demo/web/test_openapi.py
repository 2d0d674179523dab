"""The program's own description of its routes, WebSockets and messages."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from demo.film.table import COLUMNS
from demo.web.routes import docs, films, live
from demo.web.service import Service
from model.labels import EMOTIONS
from tests.demo.web.routes.test_expressions import ROUTE, application


@pytest.fixture(scope="module")
def client(service: Service) -> TestClient:
    return TestClient(application(service))


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    return client.get("/api/openapi.json").json()


def test_openapi_names_the_routes_and_what_they_answer(openapi: dict[str, Any]) -> None:
    routes = {(method, path) for path, methods in openapi["paths"].items() for method in methods}
    assert routes == {
        ("post", ROUTE),
        ("get", "/api/v1/version"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    }
    responses = openapi["paths"][ROUTE]["post"]["responses"]
    assert set(responses) == {*("200", "400", "403", "408", "413", "415", "422", "429", "503")}
    assert list(responses["200"]["content"]) == [
        "application/json",
        "image/png",
        "image/jpeg",
    ]
    assert list(responses["413"]["content"]) == ["application/problem+json"]
    body = openapi["paths"][ROUTE]["post"]["requestBody"]["content"]
    assert list(body) == ["multipart/form-data", "image/*"]
    assert "Expressions" in openapi["components"]["schemas"]


def test_openapi_describes_what_both_websockets_say(openapi: dict[str, Any]) -> None:
    spoken = openapi["x-websockets"]
    assert list(spoken) == [live.ROUTE, films.ROUTE]
    said = {
        path: [each.get("$ref", "").rpartition("/")[2] for each in spoken[path]["received"]]
        for path in spoken
    }
    assert said[live.ROUTE] == ["LiveAnswer", "LiveError"]
    assert said[films.ROUTE][:5] == [
        "FilmReady",
        "FilmProgress",
        "FilmError",
        "FilmResults",
        "FilmFile",
    ]
    assert spoken[films.ROUTE]["sent"][0] == {"$ref": "#/components/schemas/FilmOrder"}
    for each in spoken.values():
        assert list(each["close"]) == ["1000", "1003", "1009", "1013"]
    columns = spoken[films.ROUTE]["files"]["expressions.csv"]["columns"]
    assert list(columns) == list(COLUMNS)
    assert columns["confidence"]["maximum"] == 1


def test_openapi_has_a_schema_of_each_message(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    order = schemas["FilmOrder"]
    assert order["required"] == ["name", "bytes"]
    assert (order["properties"]["fps"]["minimum"], order["properties"]["fps"]["maximum"]) == (
        0.1,
        30,
    )
    assert schemas["Moment"]["properties"]["before"]["enum"] == list(EMOTIONS)
    # Inherited fields keep their descriptions; descriptions lose the line breaks of their source.
    assert (
        schemas["PersonFace"]["properties"]["landmarks"]
        == schemas["Face"]["properties"]["landmarks"]
    )
    assert "\n" not in schemas["Face"]["properties"]["landmarks"]["description"]


def test_openapi_keeps_the_ranges_of_an_answer(openapi: dict[str, Any]) -> None:
    face = openapi["components"]["schemas"]["Face"]["properties"]
    assert face["emotion"]["enum"] == list(EMOTIONS)
    assert (face["confidence"]["minimum"], face["confidence"]["maximum"]) == (0, 1)
    assert (face["landmarks"]["minItems"], face["landmarks"]["maxItems"]) == (5, 5)
    assert (face["attention"]["minItems"], face["attention"]["items"]["maxItems"]) == (48, 48)
    turned = openapi["components"]["schemas"]["Expressions"]["properties"]["turned"]
    assert turned["enum"] == [0, 90, 180, 270]


def test_openapi_references_all_resolve(openapi: dict[str, Any]) -> None:
    references = {
        piece.split('"')[0]
        for piece in json.dumps(openapi).split('"$ref": "#/components/schemas/')[1:]
    }
    assert references
    assert references <= set(openapi["components"]["schemas"])


def test_documentation_shows_the_routes_and_loads_nothing_from_elsewhere(
    client: TestClient, openapi: dict[str, Any]
) -> None:
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in openapi["paths"]:
        assert path in page.text
    assert "<script" not in page.text
    assert "src=" not in page.text
    assert "https://" not in page.text


def test_documentation_shows_the_messages_and_close_codes_of_websockets(client: TestClient) -> None:
    page = client.get("/api/docs").text
    for path in (live.ROUTE, films.ROUTE):
        part = page.partition(f"<h2><code>WebSocket {path}</code></h2>")[2].partition("<h2>")[0]
        for code in (1000, 1003, 1009, 1013):
            assert f"<dt>closed with {code}</dt>" in part
    for name in ("LiveAnswer", "FilmOrder", "FilmProgress", "FilmSummary"):
        assert f"<a href='#{name}'>" in page
        assert f"<details id='{name}'>" in page
    assert "<li><code>person</code> The person&#x27;s number" in page


def test_documentation_escapes_what_a_request_brings(openapi: dict[str, Any]) -> None:
    assert "<script" not in docs.page(openapi, "http://x<script>alert(1)</script>")
