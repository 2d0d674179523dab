"""The film that visitors can try if they have none."""

import asyncio
import threading
from functools import cache

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import Route

_making = threading.Lock()


def add_example_film(app: FastAPI, route: str) -> None:
    """Serves the example film below a route; the first request makes the film."""

    async def answer(_: object) -> Response:
        film = await asyncio.to_thread(_film)
        return Response(film, media_type="video/mp4", headers={"Cache-Control": "no-cache"})

    app.router.routes.append(Route(f"{route}/grace-hopper.mp4", answer))


def _film() -> bytes:
    with _making:
        return _made()


@cache
def _made() -> bytes:
    # Imported here, because only films need FFmpeg.
    from demo.film.example import hopper_film

    return hopper_film()
