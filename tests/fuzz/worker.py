"""Decodes pictures in a separate process, which is started again after a crash."""

import ctypes
import faulthandler
import gc
import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzz.verdict import Judge, Verdict, judged

# The limit of processor time finds endless computing; this limit finds endless waiting.
_MAX_WAIT = 30.0

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class _Task:
    data: bytes
    recognize: bool


class Worker:
    """Judges files in a child process.

    Args:
        log: a file for the decoders' output and for the traceback of a crash.
        judge: the function that the process runs on a file.

    Attributes:
        starts: how often the process was started.
    """

    def __init__(self, log: Path, judge: Judge = judged) -> None:
        self.starts = 0
        self._log = log
        self._judge = judge
        self._start()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def judge(self, data: bytes, recognize: bool = False) -> Verdict:
        """Decodes a file and, if asked to, reads its faces."""
        self._connection.send(_Task(data, recognize))
        try:
            if self._connection.poll(_MAX_WAIT):
                verdict: Verdict = self._connection.recv()
                return verdict
            why = f"no answer in {_MAX_WAIT:g} s"
        except (EOFError, ConnectionError):
            self._process.join()
            why = f"the process ended with {_named(self._process.exitcode)}"
        self._restart()
        return Verdict("find", why)

    def held(self) -> int:
        """The memory that the process holds and cannot give back, in bytes."""
        self._connection.send(None)
        return int(self._connection.recv())

    def _start(self) -> None:
        self.starts += 1
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, self._log, self._judge), daemon=True
        )
        self._process.start()
        other.close()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _restart(self) -> None:
        self._stop()
        self._start()


def _named(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _serve(connection: Connection, log: Path, judge: Judge) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    faulthandler.enable()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        if task is None:
            connection.send(_held())
        else:
            connection.send(judge(task.data, task.recognize))


def _held() -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # memory that the allocator only keeps ready is not growth
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
