"""The server's one recognizer, which the page and the HTTP routes share."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from demo.answer.reading import Answer, read
from demo.settings import Settings
from demo.work import cores
from model import Recognizer
from preprocessing.alignment import SIZE

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class NotReady(RuntimeError):
    """The network is still loading, or loading failed; the message says which."""


class Busy(RuntimeError):
    """Too many pictures are being read or waiting, or the server is stopping."""


class Service:
    """Reads pictures, at most one per core at the same time, and keeps none of them.

    Args:
        settings: the settings; `weights`, `detector` and `min_face` are for the recognizer,
            `max_waiting` is for the queue.

    Attributes:
        capacity: how many pictures may be read or wait at the same time.
        inside: how many pictures are being read or waiting now.
        error: the reason why loading failed; None if it has not failed.
    """

    def __init__(self, settings: Settings) -> None:
        self.capacity = cores() + settings.max_waiting
        self.error: Exception | None = None
        self._settings = settings
        self._recognizer: Recognizer | None = None
        self.inside = 0
        self._counting = threading.Lock()
        self._closed = False
        # A few threads that stay alive, because each thread's detector has about 100 MB of buffers.
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="read")

    def start(self) -> None:
        """Starts to load the recognizer in a thread; `ready` tells when it is loaded."""
        threading.Thread(target=self._load, name="load-recognizer", daemon=True).start()

    def close(self) -> None:
        """Refuses new pictures from now on; those being read or waiting continue."""
        self._closed = True

    @property
    def ready(self) -> bool:
        """True once the recognizer is loaded, has read a picture and has classified a face."""
        return self._recognizer is not None

    @property
    def recognizer(self) -> Recognizer:
        """The loaded recognizer.

        Raises:
            NotReady: the recognizer is still loading, or loading failed.
        """
        if self._recognizer is not None:
            return self._recognizer
        if self.error is not None:
            raise NotReady(f"The network could not be loaded. {self.error}")
        raise NotReady("The network is still being loaded; try again in a few seconds.")

    def read(self, source: str | Path | bytes | np.ndarray, explain: bool = False) -> Answer:
        """Reads the expression of every face in a picture, and waits for the answer.

        Args:
            source: a path, the bytes of a picture file, or an RGB array.
            explain: whether to give each face an attention map.

        Raises:
            InvalidImage: the picture cannot be read; the message is for people.
            NotReady: the recognizer is not loaded.
            Busy: too many pictures are waiting already, or the server is stopping.
        """
        return self.work(partial(read, source=source, explain=explain))

    def work(self, task: Callable[[Recognizer], Result]) -> Result:
        """Submits a task and waits for its result; blocks the calling thread. See `submit`."""
        return self.submit(task).result()

    def submit(self, task: Callable[[Recognizer], Result]) -> "Future[Result]":
        """Runs a costly task in a thread as soon as a core is free.

        Args:
            task: a function of the recognizer. Decoding, reading, drawing and encoding belong in it.

        Returns:
            The task's future.

        Raises:
            NotReady: the recognizer is not loaded.
            Busy: too many tasks are waiting already, or the server is stopping.
        """
        with self._counting:
            recognizer = self.check()
            self.inside += 1
        future = self._threads.submit(task, recognizer)
        future.add_done_callback(self._leave)
        return future

    def check(self) -> Recognizer:
        """Returns the recognizer if a task would be accepted now.

        Raises:
            NotReady: the recognizer is not loaded.
            Busy: too many tasks are waiting already, or the server is stopping.
        """
        recognizer = self.recognizer
        if self._closed:
            raise Busy("The server is stopping; try again in a moment.")
        if self.inside >= self.capacity:
            raise Busy("Too many pictures are waiting to be read; try again in a moment.")
        return recognizer

    def _leave(self, _: "Future[Any]") -> None:
        with self._counting:
            self.inside -= 1

    def _load(self) -> None:
        settings = self._settings
        try:
            recognizer = Recognizer(
                weights=settings.weights, detector=settings.detector, min_face=settings.min_face
            )
            # The first call of each part is slow, so make it now. The grey picture has no face, so the
            # classifier needs a call of its own.
            self._threads.submit(read, recognizer, np.full((240, 320, 3), 127, np.uint8)).result()
            recognizer.classifier.predict(np.zeros((1, SIZE, SIZE), np.uint8))
        except Exception as error:  # `recognizer` reports it to everyone who sends a picture.
            self.error = error
            _log.error("The network could not be loaded. %s", error)
        else:
            self._recognizer = recognizer
