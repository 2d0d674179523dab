"""Routes tell the middleware what they need."""

from fastapi import FastAPI

from demo.settings import Settings
from demo.web.api import add_routes
from demo.web.marks import needs_no_password, paths_marked, takes_picture
from demo.web.monitor import Monitor
from demo.web.service import Service


def test_routes_say_what_the_middleware_must_know() -> None:
    settings = Settings()
    routes = add_routes(FastAPI(), Service(settings), settings, Monitor(settings, lambda: 0))
    assert paths_marked(routes, takes_picture) == {"/api/v1/expressions"}
    assert paths_marked(routes, needs_no_password) == {"/healthz", "/readyz"}
