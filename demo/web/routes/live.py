"""The live view: a camera's pictures come in through a WebSocket, what they show goes back at once.

Not through Gradio's streaming: that takes each picture as a request of its own (600 a minute, of the
120 that a client may send), grown by a third as text, and puts it into the queue of all visitors;
nothing in it drops a picture that is late. Here the state of a view lives and ends with its
connection, a picture is only ever in memory, and whichever instance of a server took the connection
has it to its end.
"""

import asyncio
import time
from collections import deque

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.answer.reading import read
from demo.answer.schema_live import LiveAnswer, LiveError
from demo.people.camera import Camera
from demo.web.openapi import CloseCode, WebSocketDescription
from demo.web.service import Busy, NotReady, Service
from preprocessing.images import InvalidImage

ROUTE = "/api/v1/live"

# The largest message, in bytes: ten times a JPEG of 640x480.
MAX_FRAME_BYTES = 1_000_000

# Pictures of one view that are read in a second; whoever sends more has them dropped.
MAX_RATE = 20

# Smallest face, in pixels of the frame scaled to at most 1280: without doubling the picture. A whole
# frame of 640x480 then takes a core 20 ms, so every one is searched and nothing needs to be guessed
# between searches.
MIN_FACE = 80

# A connection over which no picture comes for so many seconds is closed.
_PATIENCE_SECONDS = 30

DESCRIPTION = WebSocketDescription(
    route=ROUTE,
    description="Follows the faces before a camera. Each picture sent is answered, unless a newer one"
    f" has come before it was read. At most {MAX_RATE} a second are read. No picture is kept.",
    sent=["The bytes of a picture file, at most a megabyte, as a binary message."],
    received=[LiveAnswer, LiveError],
    close={
        CloseCode.DONE: f"No picture has come for {_PATIENCE_SECONDS} seconds.",
        CloseCode.NOT_THIS: "A message is no picture file's bytes.",
        CloseCode.TOO_LARGE: "A message is larger than a megabyte.",
        CloseCode.TRY_LATER: "The network is still being loaded, or as many cameras are being watched"
        " as the server can keep fluent; the reason says which.",
    },
)


class LiveViews:
    """Serves live views, as many at once as the cores can keep fluent.

    Args:
        service: reads the pictures, between those of other visitors.
        most: how many views there may be at once.
    """

    def __init__(self, service: Service, most: int) -> None:
        self.service = service
        self.most = most
        self.open = 0

    def add_route(self, router: APIRouter) -> None:
        """Adds the WebSocket that `DESCRIPTION` describes."""

        @router.websocket(ROUTE)
        async def live(socket: WebSocket) -> None:
            await socket.accept()
            if self.open >= self.most:
                reason = f"{self.most} cameras are being watched already; try again later."
                await socket.close(CloseCode.TRY_LATER, reason)
                return
            self.open += 1
            try:
                await self._view(socket)
            except (NotReady, Busy) as error:
                await socket.close(CloseCode.TRY_LATER, str(error)[:120])
            finally:
                self.open -= 1

    async def _view(self, socket: WebSocket) -> None:
        recognizer = self.service.check()
        smallest = max(MIN_FACE, recognizer.detector.min_face)
        camera = Camera(recognizer.finding(smallest, video=True))
        newest = _Newest(socket)
        receiving = asyncio.create_task(newest.receive())
        try:
            while (frame := await newest.take()) is not None:
                began = time.monotonic()
                await socket.send_json(await self._answer(camera, frame, newest))
                socket.state.faces = camera.faces
                await asyncio.sleep(max(0, began + 1 / MAX_RATE - time.monotonic()))
            if newest.reason:
                await socket.close(newest.code, newest.reason)
        except WebSocketDisconnect:
            pass  # while its answer was being written
        finally:
            receiving.cancel()

    async def _answer(
        self, camera: Camera, frame: bytes, newest: "_Newest"
    ) -> LiveAnswer | LiveError:
        came = time.monotonic()
        try:
            task = self.service.submit(lambda _: read(camera.recognizer, frame))
            seen = camera.update(await asyncio.wrap_future(task), came)
        except (InvalidImage, Busy) as error:
            return LiveError(error=str(error), frame=newest.taken, dropped=newest.dropped)
        return LiveAnswer(**seen, frame=newest.taken, dropped=newest.dropped)


class _Newest:
    """The newest picture that came; one that was not taken yet makes way for it.

    Attributes:
        taken: which picture was taken last, counted from 1.
        dropped: how many were not taken.
        gone: whether the other side has left.
        code: with which to close the connection where there is a reason to.
        reason: why to close it; empty for none.
    """

    def __init__(self, socket: WebSocket) -> None:
        self.taken = 0
        self.dropped = 0
        self.gone = False
        self.code, self.reason = CloseCode.DONE, ""
        self._socket = socket
        self._count = 0
        self._frames: deque[bytes] = deque(maxlen=1)
        self._changed = asyncio.Event()

    async def receive(self) -> None:
        """Takes in what comes, until it ends."""
        try:
            while True:
                message = await asyncio.wait_for(self._socket.receive(), _PATIENCE_SECONDS)
                if message["type"] == "websocket.disconnect":
                    self.gone = True
                    return
                frame = message.get("bytes")
                if not frame:
                    self.code, self.reason = (
                        CloseCode.NOT_THIS,
                        "A message is a picture file's bytes.",
                    )
                    return
                self._count += 1
                self.dropped += len(self._frames)
                self._frames.append(frame)
                self._changed.set()
        except TimeoutError:
            self.reason = f"No picture came for {_PATIENCE_SECONDS} s."
        finally:
            self.gone = self.gone or not self.reason
            self._changed.set()

    async def take(self) -> bytes | None:
        """The newest picture, as soon as there is one; None when no more will come."""
        while not self._frames:
            if self.gone or self.reason:
                return None
            self._changed.clear()
            await self._changed.wait()
        self.taken = self._count
        return self._frames.popleft()
