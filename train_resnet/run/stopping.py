"""Ends a run before its last step."""

import signal
import threading
from typing import Any


class TrainingStopped(Exception):
    """Training ended before its last step; the message says why and how to go on."""


class Interruption:
    """Turns Ctrl-C and SIGTERM into a request to stop between two steps."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        # Only the main thread receives signals.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._request)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, *_: object) -> None:
        self.requested = True
