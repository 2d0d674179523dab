"""Visitors' files: folders of this server's own, whose contents are deleted, come what may."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

# Seconds. A file is gone at the latest after their sum: less than the minute that is promised.
MAX_AGE = 20
_EVERY = 5

_PREFIX = "facial-expressions-"

# A folder so new may be another server's that has not claimed it yet.
_NEW_SECONDS = 60


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
        self.folder = _gradios_folder()
        if not self.folder.name.startswith(_PREFIX):
            remove_leftovers()
            self.folder, _ = _claimed_folder()
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


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for one visitor's files, deleted at the end; after a crash by the next server."""
    folder, claim = _claimed_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if claim is not None:
            os.close(claim)


def remove_leftovers() -> None:
    """Deletes the folders of servers that were killed and could not do it themselves."""
    for folder in _parent().glob(f"{_PREFIX}*"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if time.time() - folder.stat().st_mtime < _NEW_SECONDS:
                continue
            claim = _claim(folder)
            if claim is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(claim)


def _gradios_folder() -> Path:
    return Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())


def _parent() -> Path:
    """Where the folders are made: what Gradio's variable was before it named one of them."""
    folder = _gradios_folder()
    return folder.parent if folder.name.startswith(_PREFIX) else folder


def _claimed_folder() -> tuple[Path, int | None]:
    parent = _parent()
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    return folder, _claim(folder)


def _claim(folder: Path) -> int | None:
    """Locks a folder as long as this process lives; None where another does, or Windows."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
