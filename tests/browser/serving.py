"""Runs the real server in its own process, and the Chromium that visits it."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The same browser without its windows needs a third less of the processor.
CHROMIUM = Path(shutil.which("chromium-headless-shell") or "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]

_SECONDS_TO_START = 60


@dataclass(frozen=True)
class Server:
    """A running server: its address, without a slash at the end, and its process number."""

    address: str
    process: int


@contextmanager
def serving(files: Path, **environment: str) -> Iterator[Server]:
    """Starts a server, waits until it is ready, and stops it afterwards.

    Args:
        files: a folder for the page's files.
        environment: more settings for the server, such as `DEMO_MAX_WAITING="2"`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.app", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "GRADIO_TEMP_DIR": str(files), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    # Without this, waiting for the first line of a server that hangs would never end.
    killer = threading.Timer(_SECONDS_TO_START, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the server ended before it listened"
        _wait_until_ready(found.group())
        killer.cancel()
        yield Server(found.group(), process.pid)
    finally:
        killer.cancel()
        process.terminate()
        process.wait(20)


def _wait_until_ready(address: str) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=_SECONDS_TO_START).close()
            return
        except urllib.error.HTTPError:  # 503 while the network is being loaded
            time.sleep(0.1)
    raise TimeoutError(f"the server is not ready after {_SECONDS_TO_START} s")
