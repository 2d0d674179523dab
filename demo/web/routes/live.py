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
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.answer.reading import read
from demo.people.camera import Camera
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

# Of the WebSocket protocol (RFC 6455, section 7.4.1, and IANA's registry).
DONE, NOT_THIS, TRY_LATER = 1000, 1003, 1013


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
        """Adds the WebSocket `/api/v1/live`.

        Each binary message in is a picture file of at most a megabyte. Each answer is a JSON text:

        - `frame`: which of the pictures sent it is of, from 1; `dropped`: how many had to make way
          for newer ones so far; `time`: when it came, in seconds from the view's first picture.
        - `faces`, as `POST /api/v1/expressions` gives them, with `person` (a number, or null for a
          face that one picture alone has as yet) and with the probabilities smoothed over time;
        - `group`: `mean` and `spread` (standard deviation) of each probability over the faces;
        - `moments`, only when one was added: the largest changes so far, see `demo.people.moments`;
        - or, instead of these three, `error`, a sentence, where the picture could not be read.

        A view that cannot begin is closed with code 1013 and a sentence as reason.
        """

        @router.websocket(ROUTE)
        async def live(socket: WebSocket) -> None:
            await socket.accept()
            if self.open >= self.most:
                reason = f"{self.most} cameras are being watched already; try again later."
                await socket.close(TRY_LATER, reason)
                return
            self.open += 1
            try:
                await self._view(socket)
            except (NotReady, Busy) as error:
                await socket.close(TRY_LATER, str(error)[:120])
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
                answer = await self._answer(camera, frame)
                await socket.send_json(answer | {"frame": newest.taken, "dropped": newest.dropped})
                socket.state.faces = camera.faces
                await asyncio.sleep(max(0, began + 1 / MAX_RATE - time.monotonic()))
            if newest.reason:
                await socket.close(newest.code, newest.reason)
        except WebSocketDisconnect:
            pass  # while its answer was being written
        finally:
            receiving.cancel()

    async def _answer(self, camera: Camera, frame: bytes) -> dict[str, Any]:
        came = time.monotonic()
        try:
            task = self.service.submit(lambda _: read(camera.recognizer, frame))
            return camera.update(await asyncio.wrap_future(task), came)
        except (InvalidImage, Busy) as error:
            return {"error": str(error)}


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
        self.code, self.reason = DONE, ""
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
                    self.code, self.reason = NOT_THIS, "A message is a picture file's bytes."
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
