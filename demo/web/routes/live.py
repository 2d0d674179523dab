"""The live view: a camera's pictures arrive through a WebSocket, and the answers go back at once.

Gradio's streaming does not fit. It sends each picture as its own request (600 a minute, while a client
may send 120), and as text, which is a third longer. It puts the pictures into the queue of all visitors
and never drops a late one. Here, the state of a view lives only as long as its connection, pictures are
only ever in memory, and one instance of the server keeps the connection to its end.
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

# At most this many pictures of one view are read per second; any more are dropped.
MAX_RATE = 20

# The smallest face, in pixels of the frame scaled to at most 1280. At this size the detector does not
# enlarge the picture. A frame of 640x480 then takes 20 ms of one core, so every frame is searched, and no
# face has to be guessed between two searches.
MIN_FACE = 80

# A connection is closed if no picture arrives for this many seconds.
_PATIENCE_SECONDS = 30

DESCRIPTION = WebSocketDescription(
    route=ROUTE,
    description="Follows the faces before a camera. Each picture gets an answer, unless a newer one"
    f" arrives before it is read. At most {MAX_RATE} a second are read. No picture is kept.",
    sent=["The bytes of a picture file, at most a megabyte, as a binary message."],
    received=[LiveAnswer, LiveError],
    close={
        CloseCode.DONE: f"No picture arrived for {_PATIENCE_SECONDS} seconds.",
        CloseCode.NOT_THIS: "A message is empty or text, not the bytes of a picture file.",
        CloseCode.TOO_LARGE: "A message is larger than a megabyte.",
        CloseCode.TRY_LATER: "The network is still being loaded, or too many cameras are in use. The"
        " reason says which.",
    },
)


class LiveViews:
    """Serves live views, only as many at once as the cores can keep smooth.

    Args:
        service: reads the pictures, in turn with those of other visitors.
        most: how many views may be open at once.
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
                reason = f"Too many cameras are in use (at most {self.most}); try again later."
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
            pass  # The browser left before the answer was sent.
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
    """Holds the newest picture that arrived; it replaces one that was not taken yet.

    Attributes:
        taken: the number of the picture taken last, counted from 1.
        dropped: how many pictures were replaced before they were taken.
        gone: whether the client has left.
        code: the code for closing the connection, if there is a reason to.
        reason: the reason for closing the connection; empty if there is none.
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
        """Receives pictures until the connection ends, or there is a reason to close it."""
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
                        "Send the bytes of a picture file.",
                    )
                    return
                self._count += 1
                self.dropped += len(self._frames)
                self._frames.append(frame)
                self._changed.set()
        except TimeoutError:
            self.reason = f"No picture arrived for {_PATIENCE_SECONDS} s."
        finally:
            self.gone = self.gone or not self.reason
            self._changed.set()

    async def take(self) -> bytes | None:
        """Waits for a picture and returns the newest; None if no more will come."""
        while not self._frames:
            if self.gone or self.reason:
                return None
            self._changed.clear()
            await self._changed.wait()
        self.taken = self._count
        return self._frames.popleft()
