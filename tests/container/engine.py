"""Runs containers of the image with Podman, or with the compatible engine in CONTAINER_ENGINE."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

ENGINE = os.environ.get("CONTAINER_ENGINE", "podman")
IMAGE = os.environ.get("DEMO_IMAGE", "localhost/app:test")
BASE = os.environ.get("DEMO_BASE_IMAGE", "python:3.11-slim")

# The README's options, and the restrictions of a strict platform.
STRICT = (
    *("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges"),
    *("--memory=1g", "--pids-limit=256"),
)

_SECONDS_TO_START = 120


@dataclass(frozen=True)
class Container:
    """A running container: its name, its address without a slash at the end, and its time to start.

    `seconds` is the time from the start of the engine's `run` to the first 200 from `/readyz`.
    """

    name: str
    address: str
    seconds: float

    def python(self, code: str, given: bytes = b"") -> str:
        """Runs a Python program inside the container and returns its output.

        Args:
            code: the program.
            given: the program's standard input.

        Raises:
            subprocess.CalledProcessError: the program failed.
        """
        return engine("exec", "-i", self.name, "python", "-c", code, given=given)

    def memory(self) -> tuple[float, float]:
        """The server's resident memory and its peak, in MB."""
        status = self.python("print(open('/proc/1/status').read())")
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        now, highest = (float(lines[key].split()[0]) * 1.024e-3 for key in ("VmRSS", "VmHWM"))
        return now, highest

    def stop(self) -> tuple[float, int]:
        """Sends SIGTERM, as platforms do.

        Returns:
            The seconds until the server had ended, and its exit code.
        """
        start = datetime.now(UTC)
        engine("kill", "--signal=TERM", self.name)
        code = int(engine("wait", self.name))
        ended = json.loads(engine("inspect", "-f", "{{json .State.FinishedAt}}", self.name))
        # Python does not read all digits of nanoseconds.
        end = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", ended))
        return (end - start).total_seconds(), code


@contextmanager
def running(*options: str, network: str = "host") -> Iterator[Container]:
    """Runs the image until it is ready, and removes the container afterwards.

    Args:
        options: options for the engine's `run`.
        network: the engine's network; `none` gives the container none.
    """
    name = f"facial-expressions-{uuid4().hex[:8]}"
    port = _free_port()
    start = time.monotonic()
    engine(
        *("run", "-d", "--name", name, "--network", network, "-e", f"PORT={port}"),
        *("--pull=never", *options, IMAGE),
    )
    try:
        container = Container(name, f"http://127.0.0.1:{port}", 0.0)
        while not _ready(container, outside=network == "host"):
            state = engine("inspect", "-f", "{{.State.Running}}", name).strip()
            if state != "true" or time.monotonic() - start > _SECONDS_TO_START:
                raise RuntimeError(f"the container is not ready:\n{_log(name)}")
            time.sleep(0.05)
        yield Container(name, container.address, time.monotonic() - start)
    finally:
        _remove(name)


def engine(*arguments: str, given: bytes = b"") -> str:
    """Runs a command of the engine and returns its output.

    Raises:
        subprocess.CalledProcessError: the command failed; the notes hold its output.
    """
    try:
        result = subprocess.run([ENGINE, *arguments], input=given, capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr.decode(errors="replace"))
        raise
    return result.stdout.decode()


def _remove(name: str) -> None:
    """Removes a container; tries again if a busy machine is too slow for the engine's time limit."""
    for patience in (2, 10, 30):
        with suppress(subprocess.CalledProcessError):
            engine("rm", "-f", "-t", str(patience), name)
            return
    engine("rm", "-f", name)


def _log(name: str) -> str:
    result = subprocess.run([ENGINE, "logs", name], capture_output=True, check=False)
    return (result.stdout + result.stderr).decode(errors="replace")


def _ready(container: Container, outside: bool) -> bool:
    url = f"{container.address}/readyz"
    if outside:
        try:
            urllib.request.urlopen(url, timeout=3).close()
        except (urllib.error.URLError, OSError):
            return False
        return True
    code = f"import urllib.request as u; u.urlopen({url!r}, timeout=3)"
    command = [ENGINE, "exec", container.name, "python", "-c", code]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
