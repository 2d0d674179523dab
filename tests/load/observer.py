"""Watches a server from a separate process: the latency of /healthz, and its memory.

`python -m tests.load.observer PORT PROCESS FILE` writes a line of JSON ten times a second.
"""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.browser.serving import ROOT, Server

_INTERVAL = 0.1
_SECONDS_TO_ANSWER = 30


@dataclass(frozen=True)
class Sample:
    """One observation of the server.

    Attributes:
        time: when the observation was due, in seconds of `time.monotonic`.
        milliseconds: how long /healthz took to answer, over a connection that stays open. Counted
            from when it was due if the answer before it came later than that.
        megabytes: the server's resident memory, in megabytes.
    """

    time: float
    milliseconds: float
    megabytes: float


@contextmanager
def observing(server: Server, file: Path) -> Iterator[None]:
    """Observes a server as long as the context lasts; `samples` reads the file afterwards.

    Raises:
        RuntimeError: the observation ended early, for example because /healthz did not answer.
    """
    port = urlsplit(server.address).port
    command = [sys.executable, "-m", __name__, str(port), str(server.process), str(file)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("The server could not be observed to the end.")
    finally:
        process.terminate()
        process.wait(10)


def samples(file: Path) -> list[Sample]:
    """The observations in order; a line cut off at the end is left out."""
    lines = file.read_text().splitlines(keepends=True)
    return [Sample(**json.loads(line)) for line in lines if line.endswith("\n")]


def main() -> None:
    """Observes until the process is stopped."""
    port, number, file = sys.argv[1:]
    process = psutil.Process(int(number))
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=_SECONDS_TO_ANSWER)
    connection.connect()
    due = time.monotonic()
    answered = due
    with Path(file).open("w", buffering=1) as lines:
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            # Otherwise an answer that takes a second would hide nine others that would have waited, too.
            began = due if answered > due else time.monotonic()
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            response.read()
            answered = time.monotonic()
            if response.status != 200:
                raise RuntimeError(f"/healthz answered {response.status}")
            sample = Sample(due, 1000 * (answered - began), process.memory_info().rss / 1e6)
            lines.write(json.dumps(asdict(sample)) + "\n")
            due += _INTERVAL


if __name__ == "__main__":
    main()
