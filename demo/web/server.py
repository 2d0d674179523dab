"""The web server's manners: who says nothing is not waited for, and a stop takes seconds."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from demo.web.routes.live import MAX_FRAME_BYTES

# For the head of a request, and for the rest of a body that was refused.
PATIENCE_SECONDS = 10

# What is being read may end; with a browser open its event stream never ends by itself.
_GRACE_SECONDS = 4


class Server(uvicorn.Server):
    """Uvicorn with limits of time, which says when it is asked to stop.

    Args:
        app: the application to serve, by `run` on a listening socket.
        stopping: called when SIGTERM or Ctrl-C arrives. New connections are refused from then on;
            what is being answered has 4 seconds.
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
            # Else X-Forwarded-For of programs on this machine is believed, whoever wrote it.
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
    """Closes connections on which a request's head, or a refused body, does not end in time.

    Uvicorn itself waits for ever for the first request, and for the rest of any head once a byte of
    it has come: connections cost an attacker nothing, and a process has only so many.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_end()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answered = self.conn.our_state in (h11.DONE, h11.MUST_CLOSE)
        # What comes after the answer is the rest of a body that was refused.
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
