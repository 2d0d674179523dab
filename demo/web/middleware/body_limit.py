"""What a request may bring: so many bytes, in so many seconds, and not too much at once."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.web.addresses import path_of
from demo.web.problem import UPLOAD_ROUTE, refusal

# The routes that take pictures. What others take is small, and Gradio keeps it while it waits.
_PICTURES = ("/api/v1/expressions", UPLOAD_ROUTE)
_OTHERS_BYTES = 1_000_000

# A body has this long, and besides as long as its bytes take at this speed: a slow telephone's.
PATIENCE_SECONDS = 20
SLOWEST_BYTES_PER_SECOND = 16_000


class BodyLimit:
    """Answers 413 to bodies over a limit, 408 to those that come too slowly, 503 when all is full.

    Gradio's own limit covers uploaded files but not the data URLs in its JSON, and neither it nor
    the server has one for the time a body takes.

    Args:
        app: the application to protect.
        limit: the largest body with a picture, in bytes, by its announced length or else by
            counting.
        at_once: the most bytes of all the bodies of requests that are not yet answered.
    """

    def __init__(self, app: ASGIApp, limit: int, at_once: int) -> None:
        self.app = app
        self.limit = limit
        self.at_once = at_once
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit if path_of(scope) in _PICTURES else min(self.limit, _OTHERS_BYTES)
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
            # Whatever the application makes of a body that breaks off, the answer is given.
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
        """The next message; when it does not come in time, an empty one, and `status` is 408."""
        if self._complete:  # What comes now is the end of the connection, whenever that is.
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
    answer = refusal(scope, status, details[status], headers.get(status))
    await answer(scope, receive, send)
