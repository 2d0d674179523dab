"""Gradio inside FastAPI: imported without its side effects, mounted without its gaps."""

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from demo.service import Service
from demo.settings import Settings


def mount_page(app: FastAPI, service: Service, settings: Settings) -> None:
    """Builds the page and mounts it at `/`, behind the routes that the application has already.

    Gradio is imported here, so that a network that `service` has begun to load is loaded meanwhile.
    """
    # Read when Gradio is imported; it would report each start to its makers.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with _no_type_stubs():
        import gradio

        from demo import page

    blocks = page.build(service, settings)
    gradio.mount_gradio_app(app, blocks, path="/", **page.appearance(settings))
    # A mounted page counts as not launched, and only a launched one has its paths checked.
    blocks.has_launched = True


@contextmanager
def _no_type_stubs() -> Iterator[None]:
    """Keeps Gradio from writing type stubs into its own folder, which takes a second at each start.

    It leaves them out for classes whose source file cannot be told.
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
