"""The one recognizer of a server, shared by the page and the HTTP routes."""

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
    """The network is still being loaded, or could not be; the message says which."""


class Busy(RuntimeError):
    """As many pictures as allowed are being read or waiting, or the server is being stopped."""


class Service:
    """Reads pictures, at most as many at once as there are cores, and keeps none of them.

    Args:
        settings: `weights`, `detector` and `min_face` for the recognizer, `max_waiting` for the queue.

    Attributes:
        capacity: how many pictures may be inside at once, the waiting ones included.
        inside: how many are now.
        error: why the recognizer could not be loaded; None while it may still be, or is.
    """

    def __init__(self, settings: Settings) -> None:
        self.capacity = cores() + settings.max_waiting
        self.error: Exception | None = None
        self._settings = settings
        self._recognizer: Recognizer | None = None
        self.inside = 0
        self._counting = threading.Lock()
        self._closed = False
        # Few threads that live on: the detector of each keeps buffers of about 100 MB for itself.
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="read")

    def start(self) -> None:
        """Loads the recognizer in a thread and returns at once; `ready` tells when it is done."""
        threading.Thread(target=self._load, name="load-recognizer", daemon=True).start()

    def close(self) -> None:
        """Refuses what comes from now on; what is being read or waits goes on."""
        self._closed = True

    @property
    def ready(self) -> bool:
        """Whether the recognizer is loaded and has read a picture and classified a face."""
        return self._recognizer is not None

    @property
    def recognizer(self) -> Recognizer:
        """The loaded recognizer.

        Raises:
            NotReady: it is still being loaded, or could not be.
        """
        if self._recognizer is not None:
            return self._recognizer
        if self.error is not None:
            raise NotReady(f"The network could not be loaded. {self.error}")
        raise NotReady("The network is still being loaded; try again in a few seconds.")

    def read(self, source: str | Path | bytes | np.ndarray, explain: bool = False) -> Answer:
        """Reads the expression of every face in a picture, as `work` does it and raises.

        Args:
            source: a path, the bytes of a picture file, or an RGB array.
            explain: whether each face also gets its attention map.

        Raises:
            InvalidImage: the picture cannot be read; the message is for people.
        """
        return self.work(partial(read, source=source, explain=explain))

    def work(self, task: Callable[[Recognizer], Result]) -> Result:
        """As `submit`, and waits for the result; for threads that have nothing else to do."""
        return self.submit(task).result()

    def submit(self, task: Callable[[Recognizer], Result]) -> "Future[Result]":
        """Has something that costs more than a moment done as soon as a core is free.

        Args:
            task: gets the recognizer; decoding, reading, drawing and encoding all belong in here.

        Raises:
            NotReady: the recognizer is not loaded.
            Busy: too many tasks are waiting already, or the server is being stopped.
        """
        with self._counting:
            recognizer = self.check()
            self.inside += 1
        future = self._threads.submit(task, recognizer)
        future.add_done_callback(self._leave)
        return future

    def check(self) -> Recognizer:
        """Whether a task would be taken now: a recognizer, or what `submit` raises."""
        recognizer = self.recognizer
        if self._closed:
            raise Busy("The server is being stopped; try again in a moment.")
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
            # The first call of each part is slow. The synthetic picture shows no face, so the
            # classifier is called on its own.
            self._threads.submit(read, recognizer, np.full((240, 320, 3), 127, np.uint8)).result()
            recognizer.classifier.predict(np.zeros((1, SIZE, SIZE), np.uint8))
        except Exception as error:  # shown to everyone who asks: it must not end in a thread
            self.error = error
            _log.error("The network could not be loaded. %s", error)
        else:
            self._recognizer = recognizer
