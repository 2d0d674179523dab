"""Folders for visitors' files, which are always deleted, even after a crash."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

# Seconds. A file is deleted after their sum at the latest, which is less than the promised minute.
MAX_AGE = 20
_EVERY = 5

_PREFIX = "facial-expressions-"

# A folder younger than this may belong to another server that has not locked it yet.
_NEW_SECONDS = 60


class Uploads:
    """The folder into which Gradio writes visitors' uploads.

    Gradio's own deletion (`delete_cache`) forgets interrupted uploads and the folders, whose names are
    hashes of pictures.

    Args:
        limit: the most bytes to hold; when they are reached, uploads get 503 until others are deleted.

    Attributes:
        folder: the folder; Gradio's variable GRADIO_TEMP_DIR names it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        # Gradio's default folder may be used by other programs, so it must not be emptied. There is one
        # folder per process, because Gradio reads its variable at every use.
        self.folder = _gradios_folder()
        if not self.folder.name.startswith(_PREFIX):
            remove_leftovers()
            self.folder, _ = _claimed_folder()
            os.environ["GRADIO_TEMP_DIR"] = str(self.folder)

    def bytes(self) -> int:
        """Returns how many bytes the folder holds."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(FileNotFoundError):  # It was deleted in the meantime.
                    total += (Path(folder) / name).stat().st_size
        return total

    def sweep(self, max_age: float = MAX_AGE) -> None:
        """Deletes files that nobody has written to for `max_age` seconds, and empty folders."""
        oldest = time.time() - max_age

        def is_old(path: Path) -> bool:
            return path.stat().st_mtime <= oldest

        for name, _, files in os.walk(self.folder, topdown=False):
            folder = Path(name)
            # Check the folder before deleting its files, because a deletion makes it new. An empty new
            # folder stays, because an upload may be about to fill it.
            with suppress(OSError):  # The folder is gone in the meantime, or not empty.
                removable = is_old(folder) or bool(files)
                for path in (folder / file for file in files):
                    if is_old(path):
                        path.unlink()
                if removable and folder != self.folder:
                    folder.rmdir()

    @asynccontextmanager
    async def kept_short(self) -> AsyncIterator[None]:
        """Sweeps every few seconds, and deletes everything at the end."""
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
    """Yields a folder for one visitor's files and deletes it at the end.

    After a crash, the next server deletes it.
    """
    folder, claim = _claimed_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if claim is not None:
            os.close(claim)


def remove_leftovers() -> None:
    """Deletes the folders of servers that were killed."""
    for folder in _parent().glob(f"{_PREFIX}*"):
        with suppress(OSError):  # The folder is gone in the meantime, or belongs to another user.
            if time.time() - folder.stat().st_mtime < _NEW_SECONDS:
                continue
            claim = _claim(folder)
            if claim is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(claim)


def _gradios_folder() -> Path:
    return Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())


def _parent() -> Path:
    """Returns the parent of all these folders: Gradio's folder before its variable was changed."""
    folder = _gradios_folder()
    return folder.parent if folder.name.startswith(_PREFIX) else folder


def _claimed_folder() -> tuple[Path, int | None]:
    parent = _parent()
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    return folder, _claim(folder)


def _claim(folder: Path) -> int | None:
    """Locks a folder while this process lives; None if another process holds it, or on Windows."""
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
