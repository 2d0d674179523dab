"""What the operator sees: a line for each request, and counts for Prometheus. No picture, no name."""

import json
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from demo.settings import Settings

# Seconds; most readings of two cores lie between 0.02 and 1.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# Why work was refused, by the status of the answer.
_REFUSALS = {401: "login", 403: "origin", 408: "slow", 413: "size", 429: "rate", 503: "busy"}


# Most functions outside of these are the web framework's, the same for all errors.
_PLACES = 10


class Monitor:
    """Logs and counts what was answered.

    Args:
        settings: `log_requests`, `log_clients` and `metrics` switch its parts on.
        waiting: gives the number of pictures that are being read or wait for it.
    """

    def __init__(self, settings: Settings, waiting: Callable[[], int]) -> None:
        self.settings = settings
        self._registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter(
            "demo_requests", "Requests answered.", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "demo_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._faces = Counter("demo_faces", "Faces read.", registry=self._registry)
        self._refused = Counter(
            "demo_refused", "Requests refused, by reason.", ("reason",), registry=self._registry
        )
        Gauge(
            "demo_pictures_waiting",
            "Pictures being read or waiting for it.",
            registry=self._registry,
        ).set_function(waiting)
        ProcessCollector(registry=self._registry)

    def record(
        self,
        route: str,
        method: str,
        status: int,
        seconds: float,
        *,
        bytes_in: int | None = None,
        bytes_out: int | None = None,
        faces: int | None = None,
        request_id: str | None = None,
        client: str | None = None,
    ) -> None:
        """Takes down one answer.

        Args:
            route: its template, never the path itself: that may hold a file's name.
            method: of the request.
            status: of the answer.
            seconds: from the request's head to the answer's end.
            bytes_in: of the request's body; None, here and below, leaves it out.
            bytes_out: of the answer's body.
            faces: found in the picture.
            request_id: of the request.
            client: who asked; written down only where the operator wants it.
        """
        if self.settings.metrics:
            self._requests.labels(route, method, str(status)).inc()
            self._seconds.labels(route).observe(seconds)
            self._faces.inc(faces or 0)
            if status in _REFUSALS:
                self._refused.labels(_REFUSALS[status]).inc()
        if not self.settings.log_requests:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "severity": "ERROR" if status >= 500 and status != 503 else "INFO",
            "route": route,
            "method": method,
            "status": status,
            "milliseconds": round(1000 * seconds, 1),
            "bytes_in": bytes_in,
            "bytes_out": bytes_out,
            "faces": faces,
            "request_id": request_id,
            "client": client if self.settings.log_clients else None,
        }
        line = {key: value for key, value in line.items() if value is not None}
        with suppress(OSError):  # Who read the log may be gone; visitors are served all the same.
            # In one call: lines of several threads must not mix.
            sys.stdout.write(f"{json.dumps(line)}\n")
            sys.stdout.flush()

    def exposition(self) -> bytes:
        """The counts in Prometheus' text format."""
        return generate_latest(self._registry)


def where_raised(error: BaseException) -> str:
    """An error's kind and where it arose, without its message, which may name a visitor's file.

    The places are the innermost functions, from the one that raised it outwards.
    """
    frames = traceback.extract_tb(error.__traceback__)[: -_PLACES - 1 : -1]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {places}"
