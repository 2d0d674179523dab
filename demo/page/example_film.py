"""The film that visitors who have none can try."""

import asyncio
import threading
from functools import cache

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import Route

_making = threading.Lock()


def add_example_film(app: FastAPI, route: str) -> None:
    """Serves it below a route of the page's own files; it is made when it is first asked for."""

    async def answer(_: object) -> Response:
        film = await asyncio.to_thread(_film)
        return Response(film, media_type="video/mp4", headers={"Cache-Control": "no-cache"})

    app.router.routes.append(Route(f"{route}/grace-hopper.mp4", answer))


def _film() -> bytes:
    with _making:
        return _made()


@cache
def _made() -> bytes:
    # With FFmpeg behind it, which only films need.
    from demo.film.example import hopper_film

    return hopper_film()
