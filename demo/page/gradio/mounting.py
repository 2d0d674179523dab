"""Mounts Gradio inside FastAPI, without its side effects on import and its security gaps."""

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRouter
from starlette.routing import BaseRoute, Mount

from demo.page.link_preview import add_link_preview
from demo.page.model_card import add_model_card_and_licence
from demo.page.static_files import add_static_files
from demo.settings import Settings
from demo.web.monitor import Monitor
from demo.web.service import Service

# The Gradio routes that stay. The others fetch from other sites, run programs, report on visitors, or
# call the page's functions in other ways.
_PAGE = frozenset(
    (
        "/",
        "/svelte/{path:path}",
        "/static/{path:path}",
        "/assets/{path:path}",
        "/theme.css",
        "/robots.txt",
    )
)
# Gradio's clients use these routes to call the endpoint.
_CLIENTS = frozenset(
    (
        "/config",
        "/gradio_api/info",
        "/gradio_api/upload",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/cancel",
        "/gradio_api/reset",
    )
)
_USED = _PAGE | _CLIENTS


def mount_page(app: FastAPI, service: Service, settings: Settings, monitor: Monitor) -> None:
    """Builds the page and mounts it at `/`, behind the routes that the application already has.

    Gradio is imported here, so that the network of `service` loads in the meantime.
    """
    # Gradio reads this on import. Otherwise it would report each start to its makers.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Otherwise Gradio would keep ten thousand calls and count them with Pandas after each call.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
    with _no_type_stubs():
        import gradio

        from demo.page.gradio import page
        from demo.page.gradio.document import replace_document
        from demo.page.gradio.uploads import keep_uploads_apart

    keep_uploads_apart()
    replace_document()
    add_static_files(app, service, settings)
    add_link_preview(app)
    add_model_card_and_licence(app)
    blocks = page.build(service, settings, monitor)
    gradio.mount_gradio_app(app, blocks, path="/", **page.appearance(settings))
    # Gradio checks paths only on a launched page, and a mounted page does not count as launched.
    blocks.has_launched = True
    [mount] = [route for route in app.routes if isinstance(route, Mount) and not route.path]
    _keep_used(mount.app.router)  # type: ignore[attr-defined]


def _keep_used(router: APIRouter) -> None:
    def used(route: BaseRoute) -> bool:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            _keep_used(inner)
            return True
        return getattr(route, "path", None) in _USED

    router.routes[:] = filter(used, router.routes)


@contextmanager
def _no_type_stubs() -> Iterator[None]:
    """Keeps Gradio from writing type stubs into its own folder, which takes a second per start.

    Gradio writes no stub for a class whose source file cannot be found.
    """
    getfile = inspect.getfile

    def not_of_gradio(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no type stubs")
        return getfile(thing)

    inspect.getfile = not_of_gradio  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = getfile
