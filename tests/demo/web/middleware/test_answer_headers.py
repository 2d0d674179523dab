import re
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo.web.middleware.answer_headers import AnswerHeaders


async def in_parts() -> AsyncIterator[bytes]:
    for part in (b"<html><scr", b"ipt>1</script><script type='module' src='a.js'>", b"</script>"):
        yield part


@pytest.fixture
def client() -> TestClient:
    routes = [
        Route("/page", lambda _: HTMLResponse("<script>1</script><scripted>")),
        Route("/parts", lambda _: StreamingResponse(in_parts(), media_type="text/html")),
        Route("/json", lambda _: JSONResponse({})),
        Route("/kept", lambda _: JSONResponse({}, headers={"Cache-Control": "max-age=1"})),
        Route("/file", lambda _: Response(b"<script>", media_type="image/png")),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(AnswerHeaders, frame_ancestors="'self' https://example.org")
    return TestClient(app)


def directive(response: Response, name: str) -> str:
    policy = response.headers["content-security-policy"]
    [found] = re.findall(rf"(?:^|; ){name} ([^;]+)", policy)
    return found


def test_answer_headers_give_the_nonce_only_to_the_pages_scripts(client: TestClient) -> None:
    for path in ("/page", "/parts"):
        first, second = client.get(path), client.get(path)
        [nonce] = re.findall(r"'nonce-([\w-]{16,})'", directive(first, "script-src"))
        assert nonce not in second.headers["content-security-policy"]
        assert f'<script nonce="{nonce}"' in first.text
        assert "<script>" not in first.text
        assert int(first.headers.get("content-length", len(first.content))) == len(first.content)
    assert client.get("/page").text.endswith("<scripted>")
    assert client.get("/parts").text.count("nonce") == 2


def test_answer_headers_keep_the_length_for_head(client: TestClient) -> None:
    assert client.head("/page").status_code == 200


def test_answer_headers_let_other_answers_run_nothing(client: TestClient) -> None:
    response = client.get("/file")
    assert response.content == b"<script>"
    assert "nonce" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_answer_headers_allow_no_other_source_and_only_named_frames(client: TestClient) -> None:
    response = client.get("/page")
    assert directive(response, "default-src") == "'none'"
    assert directive(response, "connect-src") == "'self'"
    assert directive(response, "frame-ancestors") == "'self' https://example.org"
    assert "unsafe-inline" not in directive(response, "script-src")
    assert "http" not in response.headers["content-security-policy"].replace(
        "https://example.org", ""
    )
    assert "x-frame-options" not in response.headers


def test_answer_headers_forbid_caching(client: TestClient) -> None:
    assert client.get("/page").headers["cache-control"] == "no-store"
    assert client.get("/json").headers["cache-control"] == "no-store"
    assert client.get("/kept").headers["cache-control"] == "max-age=1"
    assert "cache-control" not in client.get("/file").headers


def test_answer_headers_enforce_https_where_it_is_used(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/json").headers
    secure = client.get("/json", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
