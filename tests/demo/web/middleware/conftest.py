"""Shared helpers of the middleware's tests."""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


def client_behind(middleware: Any, **arguments: Any) -> TestClient:
    """A client of an application that answers "done" at `/` and `/healthz`, behind a middleware."""

    def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("done")

    app = Starlette(
        routes=[Route(path, answer, methods=["GET", "POST"]) for path in ("/", "/healthz")]
    )
    app.add_middleware(middleware, **arguments)
    return TestClient(app, client=("203.0.113.1", 50_000))
