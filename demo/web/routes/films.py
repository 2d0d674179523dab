"""Films on the page: a film arrives through a WebSocket, its results go back, and both are deleted.

A film lives only as long as its connection. If the browser or the server ends the connection, even
during the upload, the work stops and the folder is deleted. No file has an address that others could
request, and no second request needs to reach the same instance of the server.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo.answer.schema_film import (
    FilmError,
    FilmFile,
    FilmOrder,
    FilmProgress,
    FilmReady,
    FilmResults,
    FilmSummary,
)
from demo.film.table import COLUMNS
from demo.settings import Settings
from demo.web.memory import uploads_limit
from demo.web.middleware import body_limit
from demo.web.openapi import CloseCode, Table, WebSocketDescription
from demo.web.routes.live import MIN_FACE
from demo.web.service import Busy, NotReady, Service
from demo.web.uploads import private_folder
from model import FaceExpression, Recognizer
from preprocessing.images import Picture

if TYPE_CHECKING:
    from demo.film.folder import Outcome

ROUTE = "/api/v1/films"

# The size of the messages with a film's results.
_PART_BYTES = 1 << 18

# Seconds between two messages about the progress.
_TOLD_EVERY = 0.25

# Seconds before a picture is submitted again when other visitors' pictures fill the queue.
_BUSY_SECONDS = 0.05


_ORDER = TypeAdapter(FilmOrder)


def most_film_bytes(settings: Settings) -> int:
    """Returns the largest film accepted, in bytes; a container may keep its file in memory."""
    return min(settings.max_film_bytes, uploads_limit())


DESCRIPTION = WebSocketDescription(
    route=ROUTE,
    description="Reads a film and sends its results back. The film and the results are deleted when"
    " the connection ends.",
    sent=[
        FilmOrder,
        "After `FilmReady`, the film's file in binary messages of at most a megabyte each.",
        'At any time after the film, the text "cancel": the server stops reading and sends the results'
        ' so far, with "partial" in their names.',
    ],
    received=[
        FilmReady,
        FilmProgress,
        FilmError,
        FilmResults,
        FilmFile,
        "After each `FilmFile`, that file in binary messages.",
    ],
    files={
        "summary.json": FilmSummary,
        "expressions.csv": Table(
            "A row for each face of each picture. Probabilities, emotion and uncertain are not smoothed"
            " over time.",
            COLUMNS.values(),
        ),
    },
    close={
        CloseCode.DONE: "The results or an error have been sent.",
        CloseCode.NOT_THIS: "The first message is not a `FilmOrder`, or the film has more bytes than"
        " announced, or it arrives too slowly.",
        CloseCode.TOO_LARGE: "A message is larger than a megabyte.",
        CloseCode.TRY_LATER: "The network is still being loaded, or another film is being read. The"
        " reason says which.",
    },
)


class Films:
    """Reads visitors' films, one at a time.

    Args:
        service: reads the pictures, in turn with those of other visitors.
        settings: the limits on size and length.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.most_bytes = most_film_bytes(settings)
        self.longest = settings.max_film_seconds
        self.busy = False

    def add_route(self, router: APIRouter) -> None:
        """Adds the WebSocket that `DESCRIPTION` describes.

        The results are the files of `python -m demo video --csv`, without the Parquet table.
        """

        @router.websocket(ROUTE)
        async def films(socket: WebSocket) -> None:
            await socket.accept()
            try:
                recognizer = self.service.check()
                async with self._alone():
                    await self._serve(socket, recognizer)
                await socket.close(CloseCode.DONE)
            except (NotReady, Busy) as error:
                await socket.close(CloseCode.TRY_LATER, str(error)[:120])
            except (ValidationError, KeyError, TimeoutError):
                await socket.close(
                    CloseCode.NOT_THIS, "Announce the film first, then send it without long pauses."
                )
            except WebSocketDisconnect:
                pass

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if self.busy:
            raise Busy("Another film is being read; try again in a minute.")
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    async def _serve(self, socket: WebSocket, recognizer: Recognizer) -> None:
        text = await asyncio.wait_for(socket.receive_text(), body_limit.PATIENCE_SECONDS)
        order = _ORDER.validate_json(text)
        if order.bytes > self.most_bytes:
            limit = f"{self.most_bytes / 1e6:.0f} MB"
            sentence = (
                f"The film has {order.bytes / 1e6:.0f} MB; at most {limit} are allowed here. Cut it,"
                " or use the command line, which has no limit."
            )
            await socket.send_json(FilmError(error=sentence))
            return
        with private_folder() as folder:
            await socket.send_json(FilmReady(ready=True))
            await _receive(socket, folder / "film", order.bytes)
            await self._read(socket, recognizer, folder, order)

    async def _read(
        self, socket: WebSocket, recognizer: Recognizer, folder: Path, order: FilmOrder
    ) -> None:
        reading = _Reading(self.service, recognizer, self.longest)
        work = asyncio.create_task(asyncio.to_thread(reading.read, folder, order))
        listening = asyncio.create_task(_listen(socket, reading))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_TOLD_EVERY)
                await socket.send_json(FilmProgress(time=reading.time, duration=reading.duration))
            await _send(socket, await work)
        finally:
            # The folder can be deleted once nothing writes there.
            reading.left.set()
            await asyncio.gather(work, return_exceptions=True)
            listening.cancel()


class _Reading:
    """One film that is being read in a thread.

    Attributes:
        time: the time reached in the film, in seconds.
        duration: the film's length in seconds; None if it is not known.
        cancelled: set this event to stop the reading and write the results so far.
        left: set this event to stop without results, which nobody is there to receive.
    """

    def __init__(self, service: Service, recognizer: Recognizer, longest: float) -> None:
        self.time = 0.0
        self.duration: float | None = None
        self.cancelled = threading.Event()
        self.left = threading.Event()
        self._service = service
        self._recognizer = recognizer
        self._longest = longest

    def read(self, folder: Path, order: FilmOrder) -> "tuple[Path, Outcome] | str":
        """Returns the folder of the results and the outcome, or a sentence that says why not.

        Raises:
            WebSocketDisconnect: `left` is set.
        """
        # Imported here: FFmpeg and Matplotlib take half a second and 50 MB, and only films need them.
        from demo.film.folder import Wanted, write_film
        from demo.film.source import FilmTooLong, InvalidFilm, StillPicture

        source, target = folder / "film", folder / "results"
        smallest = max(MIN_FACE, self._recognizer.detector.min_face)
        recognizer = self._recognizer.finding(smallest, video=True)
        wanted = Wanted(
            fps=order.fps,
            parquet=False,
            csv=True,
            annotated=order.annotate,
            thumbnails=order.thumbnails,
        )
        try:
            outcome = write_film(
                recognizer,
                source,
                target,
                wanted,
                progress=self._progress,
                cancelled=self.cancelled.is_set,
                longest=self._longest,
                recognize=lambda picture: self._recognize(recognizer, picture),
                name=order.name,
            )
        except FilmTooLong as error:
            sentence = str(error).removeprefix(f"{source}: ")
            return f"{sentence} The command line reads films of any length."
        except StillPicture as error:
            return f"{str(error).removeprefix(f'{source}: ')} Choose it under Picture."
        except InvalidFilm as error:
            return str(error).removeprefix(f"{source}: ")
        except OSError as error:
            return f"The server cannot store this film's results ({error.strerror})."
        return target, outcome

    def _progress(self, time: float, duration: float | None) -> None:
        if self.left.is_set():
            raise WebSocketDisconnect
        self.time, self.duration = time, duration

    def _recognize(
        self, recognizer: Recognizer, picture: Picture
    ) -> "Future[list[FaceExpression]]":
        """Submits a picture to the service, and tries again while the service is busy."""
        while True:
            try:
                return self._service.submit(lambda _: recognizer.recognize(picture))
            except Busy:
                if self.cancelled.is_set() or self.left.is_set():
                    nobody: Future[list[FaceExpression]] = Future()
                    nobody.set_result([])
                    return nobody
                time.sleep(_BUSY_SECONDS)


async def _receive(socket: WebSocket, file: Path, size: int) -> None:
    """Writes a file that arrives in parts; it must arrive as fast as any other upload."""
    began, received = time.monotonic(), 0
    with file.open("wb") as target:
        while received < size:
            allowed = body_limit.PATIENCE_SECONDS + received / body_limit.SLOWEST_BYTES_PER_SECOND
            left = began + allowed - time.monotonic()
            part = await asyncio.wait_for(socket.receive_bytes(), left)
            received += len(part)
            if received > size:
                raise KeyError("more bytes than announced")
            await asyncio.to_thread(target.write, part)


async def _listen(socket: WebSocket, reading: _Reading) -> None:
    """Waits for the message to stop, or for the end of the connection."""
    with suppress(KeyError):  # A message that is not text stops the reading as well.
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            reading.left.set()
            return
    reading.cancelled.set()


async def _send(socket: WebSocket, found: "tuple[Path, Outcome] | str") -> None:
    if isinstance(found, str):
        await socket.send_json(FilmError(error=found))
        return
    folder, outcome = found
    socket.state.faces = outcome.timeline.faces
    await socket.send_json(FilmResults(complete=outcome.complete, files=len(outcome.files)))
    for path in outcome.files:
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        await socket.send_json(FilmFile(file=name, bytes=size))
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, _PART_BYTES):
                await socket.send_bytes(part)
