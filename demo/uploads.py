"""The page's files: a folder of this server's own, emptied of what is older than 20 seconds."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from demo.problem import UPLOAD_ROUTE, refusal

# Seconds. A file is gone at the latest after their sum: less than the minute that is promised.
MAX_AGE = 20
_EVERY = 5

_PREFIX = "facial-expressions-"


class Uploads:
    """What visitors' browsers upload, which Gradio writes to files.

    Gradio's own deletion (`delete_cache`) knows neither the uploads that broke off nor the folders,
    whose names are hashes of pictures.

    Args:
        limit: the most bytes to hold; uploads beyond it are answered 503 until others are deleted.

    Attributes:
        folder: where Gradio writes: its variable GRADIO_TEMP_DIR is set to it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        # Of its own, because other programs may use Gradio's folder and not want it emptied; one for
        # the process, because Gradio asks its variable at every use.
        self.folder = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
        if not self.folder.name.startswith(_PREFIX):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self.folder))
            os.environ["GRADIO_TEMP_DIR"] = str(self.folder)

    def bytes(self) -> int:
        """How much lies there."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(FileNotFoundError):  # deleted meanwhile
                    total += (Path(folder) / name).stat().st_size
        return total

    def sweep(self, max_age: float = MAX_AGE) -> None:
        """Deletes files not written to for `max_age` seconds, and the folders left empty."""
        oldest = time.time() - max_age

        def is_old(path: Path) -> bool:
            return path.stat().st_mtime <= oldest

        for name, _, files in os.walk(self.folder, topdown=False):
            folder = Path(name)
            # Before its files go: that makes it new. New ones may be just about to be filled.
            with suppress(OSError):  # gone meanwhile, or not empty
                removable = is_old(folder) or bool(files)
                for path in (folder / file for file in files):
                    if is_old(path):
                        path.unlink()
                if removable and folder != self.folder:
                    folder.rmdir()

    @asynccontextmanager
    async def kept_short(self) -> AsyncIterator[None]:
        """Sweeps every few seconds, and deletes everything in the end."""
        self.folder.mkdir(exist_ok=True)
        sweeping = asyncio.create_task(self._sweep_for_ever())
        try:
            yield
        finally:
            sweeping.cancel()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            await asyncio.to_thread(self.sweep)


class UploadLimit:
    """Answers 503 to uploads when the folder is full."""

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app = app
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["path"] == UPLOAD_ROUTE
            and await asyncio.to_thread(self.uploads.bytes) >= self.uploads.limit
        ):
            detail = "Too many pictures have come at once; try again in 20 seconds."
            answer = refusal(scope, 503, detail, {"Retry-After": str(MAX_AGE)})
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)
