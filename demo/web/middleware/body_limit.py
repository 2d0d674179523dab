"""Limits the size and the duration of request bodies, and the size of all bodies together."""

import asyncio
import time
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.web.addresses import path_of
from demo.web.problem import refusal

# Requests without a picture are small, and Gradio keeps them while they wait.
_OTHERS_BYTES = 1_000_000

# A body may take this many seconds, plus the time for its bytes at the speed of a slow telephone.
PATIENCE_SECONDS = 20
SLOWEST_BYTES_PER_SECOND = 16_000


class BodyLimit:
    """Refuses bodies that are too large (413) or too slow (408), or when too many arrive (503).

    Gradio's own limit covers uploaded files, but not the data URLs in its JSON. Neither Gradio nor the
    server limits the time that a body takes.

    Args:
        app: the application to protect.
        limit: the largest body with a picture, in bytes. Both the announced length and the bytes that
            arrive are checked.
        at_once: the most bytes that the bodies of all unanswered requests may take together.
        pictures: the paths of the routes that take pictures.
    """

    def __init__(self, app: ASGIApp, limit: int, at_once: int, pictures: Collection[str]) -> None:
        self.app = app
        self.pictures = pictures
        self.limit = limit
        self.at_once = at_once
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit if path_of(scope) in self.pictures else min(self.limit, _OTHERS_BYTES)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            await _refuse(413, limit, scope, receive, send)
            return
        body = _Body(receive)
        refused = started = False

        async def counted() -> Message:
            nonlocal refused
            if refused:
                return {"type": "http.disconnect"}
            message = await body.receive()
            new = len(message.get("body", b""))
            self.held += new
            body.bytes += new
            status = 413 if body.bytes > limit else body.status
            if new and self.held > self.at_once:
                status = status or 503
            if not status:
                return message
            if not started:
                refused = True
                await _refuse(status, limit, scope, receive, send)
            return {"type": "http.disconnect"}

        async def guarded(message: Message) -> None:
            nonlocal started
            if not refused:
                started = True
                await send(message)

        try:
            await self.app(scope, counted, guarded)
        except Exception:
            # A refused request has its answer already, so the application's error does not matter.
            if not refused:
                raise
        finally:
            self.held -= body.bytes


class _Body:
    """A request's body as it arrives."""

    def __init__(self, receive: Receive) -> None:
        self.bytes = 0
        self.status = 0
        self._receive = receive
        self._complete = False
        self._began = time.monotonic()

    async def receive(self) -> Message:
        """Returns the next message. If it is late, the message is empty and `status` is 408."""
        if self._complete:  # The next message is the end of the connection, which may take long.
            return await self._receive()
        allowed = PATIENCE_SECONDS + self.bytes / SLOWEST_BYTES_PER_SECOND
        try:
            message = await asyncio.wait_for(
                self._receive(), self._began + allowed - time.monotonic()
            )
        except TimeoutError:
            self.status = 408
            return {"type": "http.request", "body": b"", "more_body": True}
        self._complete = not message.get("more_body", False)
        return message


async def _refuse(status: int, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    details = {
        408: "The request came too slowly.",
        413: f"The request is larger than {limit:,} bytes.",
        503: "Too many pictures are on their way; try again in a moment.",
    }
    headers = {408: {"Connection": "close"}, 503: {"Retry-After": "1"}}
    await refusal(scope, status, details[status], headers.get(status))(scope, receive, send)
