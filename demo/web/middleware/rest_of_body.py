"""Reads the rest of a body that the application has not read, before its answer ends."""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The rest of a body is read up to this many bytes and seconds.
_MOST_BYTES, _SECONDS = 64_000_000, 5


class RestOfBody:
    """Holds back the end of an early answer, such as a refusal, until the client has sent its body.

    The server closes the connection when an answer ends before its request. A proxy that is still
    sending would then find the connection broken, and answer 502 (bad gateway) instead of passing on
    the refusal. The answer itself is sent at once.

    An answer with `Connection: close` ends at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(headers := Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        complete = closes = False
        # To receive from a client that waits for "100 Continue" asks it to send its body.
        waits = "expect" in headers

        async def noted() -> Message:
            nonlocal complete, waits
            waits = False
            message = await receive()
            complete = not message.get("more_body", False)
            return message

        async def held(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                closes = Headers(raw=message["headers"]).get("connection") == "close"
            elif not (message.get("more_body", False) or complete or closes or waits):
                await send({**message, "more_body": True})
                await _discard(noted)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await self.app(scope, noted, held)


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _discard(receive: Receive) -> None:
    discarded = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            while discarded < _MOST_BYTES:
                message = await receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
