"""The operator's view: a log line per request, and counts for Prometheus, without pictures or names."""

import json
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from demo.settings import Settings

# Limits of the histogram in seconds; most requests on two cores take 0.02 to 1.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# The reason for a refusal, by the status of the answer.
_REFUSALS = {401: "login", 403: "origin", 408: "slow", 413: "size", 429: "rate", 503: "busy"}

# An error's log names this many innermost functions. Most others belong to the web framework.
_PLACES = 10


class Monitor:
    """Logs and counts answers.

    Args:
        settings: the settings; `log_requests`, `log_clients` and `metrics` switch the parts on.
        waiting: returns how many pictures are being read or are waiting.
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
            "Pictures being read or waiting.",
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
        """Records one answer. A value of None is left out of the log line.

        Args:
            route: the route's template, never the path itself, which may hold a file's name.
            method: the request's method.
            status: the answer's status.
            seconds: the time from the request's head to the answer's end.
            bytes_in: the size of the request's body.
            bytes_out: the size of the answer's body.
            faces: the number of faces in the picture.
            request_id: the request's name.
            client: the client's address; logged only with `log_clients`.
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
        with suppress(OSError):  # If nobody reads the log any more, visitors are still served.
            # One call per line, so that lines of several threads do not mix.
            sys.stdout.write(f"{json.dumps(line)}\n")
            sys.stdout.flush()

    def exposition(self) -> bytes:
        """Returns the counts in Prometheus' text format."""
        return generate_latest(self._registry)


def where_raised(error: BaseException) -> str:
    """Returns an error's type and place, without its message, which may name a visitor's file.

    The place lists the innermost functions, beginning with the one that raised the error.
    """
    frames = traceback.extract_tb(error.__traceback__)[: -_PLACES - 1 : -1]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {places}"
