"""Gives each request a name and records its answer."""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.web.clients import client_of
from demo.web.monitor import Monitor, where_raised
from demo.web.problem import problem

_log = logging.getLogger(__name__)

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

# The allowed names of requests; other characters could forge lines in logs.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class BrokenOff(Exception):
    """An answer had begun but could not be finished; the log says why under the request's name."""


class Recording:
    """Gives every request a name and records its answer.

    A request keeps its `X-Request-ID` if that is 1 to 64 letters, digits, dots, dashes and underscores.
    The answer has the same header. Routes report the number of faces in `request.state.faces`.
    """

    def __init__(self, app: ASGIApp, monitor: Monitor) -> None:
        self.app = app
        self.monitor = monitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        state = scope.setdefault("state", {})
        received = sent = 0
        complete = False
        status = 499  # nginx's code for a client that leaves before the answer

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body") or message.get("bytes") or b"")
            return message

        async def watched(message: Message) -> None:
            nonlocal sent, status, complete
            match message["type"]:
                case "http.response.start" | "websocket.http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message)["X-Request-ID"] = request_id
                case "http.response.body" | "websocket.http.response.body":
                    sent += len(message.get("body", b""))
                    complete = not message.get("more_body", False)
                case "websocket.accept":
                    status = 101
                case "websocket.send":
                    sent += len(message.get("text") or "")
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except Exception as error:
            _log.error("Request %s failed. %s", request_id, where_raised(error))
            if status == 499:
                await problem(500, "Something went wrong on the server; its log says what.")(
                    scope, receive, watched
                )
            elif not complete:  # The client can notice the error only if the answer breaks off.
                raise BrokenOff(request_id) from None
        finally:
            self.monitor.record(
                _route(scope),
                _method(scope),
                status,
                time.perf_counter() - began,
                bytes_in=received,
                bytes_out=sent,
                faces=state.get("faces"),
                request_id=request_id,
                client=client_of(scope, self.monitor.settings.trusted_proxies),
            )


def _method(scope: Scope) -> str:
    """Returns a request's method; "websocket" for a WebSocket, which always begins as a GET."""
    if scope["type"] == "websocket":
        return "websocket"
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    """Returns the template of the route that answered, such as `/api/v1/expressions`."""
    return getattr(scope.get("route"), "path", None) or "none"
