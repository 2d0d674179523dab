"""The web server, with time limits: it drops silent connections and stops within seconds."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from demo.web.routes.live import MAX_FRAME_BYTES

# The time allowed for the head of a request, and for the rest of a refused body.
PATIENCE_SECONDS = 10

# The time in which running requests may end. An open browser's event stream never ends by itself.
_GRACE_SECONDS = 4


class Server(uvicorn.Server):
    """Uvicorn with time limits and a callback before it stops.

    Args:
        app: the application to serve; call `run` with a listening socket.
        stopping: called when SIGTERM or Ctrl-C arrives. From then on, new connections are refused, and
            running requests have 4 seconds.
    """

    def __init__(self, app: FastAPI, stopping: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            http=_Impatient,
            ws="websockets-sansio",
            ws_max_size=MAX_FRAME_BYTES,
            # Pictures are compressed, and answers are small.
            ws_per_message_deflate=False,
            # Otherwise Uvicorn would trust X-Forwarded-For from any program on this machine.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


class _Impatient(H11Protocol):
    """Closes connections on which a request's head or a refused body does not end in time.

    Uvicorn itself waits for ever for the first request, and for the rest of a head after its first
    byte. So an attacker could use up a process's limited number of connections at no cost.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_end()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answered = self.conn.our_state in (h11.DONE, h11.MUST_CLOSE)
        # Data after the answer is the rest of a refused body.
        if self.conn.their_state is h11.IDLE or answered:
            self._expect_end()
        else:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _expect_end(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(PATIENCE_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
