"""Spreads work over processes of this machine: in order, in bounded memory, even if processes die."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# Each process gets up to this many tasks ahead, so it never waits for the next one.
_QUEUED = 4

# At most this many tasks per process are under way or wait for an earlier result.
_AHEAD = 32

# A task that kills this many processes is given up. If this many die while they load, the work ends.
_ATTEMPTS = 2

_READY = -1


class CannotStart(Exception):
    """Processes die while they load; the message is a sentence for people."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    queue: deque[int] = field(default_factory=deque)
    ready: bool = False


class Processes(Generic[Task, Result]):
    """Hands tasks to processes and yields the results in the order of the tasks.

    If a process dies, its task goes to another process. If that one dies too, the task is given up,
    and the other tasks go on. Processes start when there is work for them. Then they wait for more
    work until `close` ends them.

    Args:
        make: makes the function that does the work. It is pickled and called in each process. An error
            that it raises ends the work.
        lost: returns the result of a task that was given up, given a text on how its process died.
        count: the largest number of processes.

    Example:

    ```python
    with closing(Processes(Maker(), failure, count=8)) as processes:
        for entry, result in processes.results(entries):
            ...
    ```
    """

    def __init__(
        self,
        make: Callable[[], Callable[[Task], Result]],
        lost: Callable[[Task, str], Result],
        count: int,
    ) -> None:
        self._make = make
        self._lost = lost
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        # All by a task's number: tasks under way, the processes that each has killed, results, and
        # tasks that no process has yet.
        self._tasks: dict[int, Task] = {}
        self._deaths: dict[int, int] = {}
        self._results: dict[int, Result] = {}
        self._waiting: deque[int] = deque()
        self._died_loading = 0

    def results(
        self, tasks: Iterable[Task], stopped: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[Task, Result], None, None]:
        """Does the tasks. Only one call may run at a time.

        If the caller stops before the last result, the processes end.

        Args:
            tasks: the tasks; they may be endless, because only a limited number is taken ahead.
            stopped: tells whether to stop; it is called several times per second.

        Yields:
            Each task and its result, in the order of the tasks.

        Raises:
            CannotStart: processes die while they load.
            Exception: `make` raised this error in a process.
        """
        coming = enumerate(tasks)
        given, exhausted, complete = 0, False, False
        self._deaths.clear()
        try:
            while not stopped():
                while given in self._results:
                    yield self._tasks.pop(given), self._results.pop(given)
                    given += 1
                while True:
                    room = len(self._tasks) < self._count * _AHEAD
                    if room and not self._waiting and not exhausted:
                        for number, task in islice(coming, 1):
                            self._tasks[number] = task
                            self._waiting.append(number)
                        exhausted = not self._waiting
                    worker = self._free() if self._waiting else None
                    if worker is None:
                        break
                    self._send(worker, self._waiting.popleft())
                if exhausted and not self._tasks:
                    complete = True
                    return
                if given not in self._results:
                    self._receive()
        finally:
            if not complete:
                self.close()

    def _free(self) -> _Worker | None:
        """Returns the process with the fewest tasks, or a new one; None if all have enough tasks."""
        least = min(self._workers, key=lambda each: len(each.queue), default=None)
        if least is not None and len(least.queue) < _QUEUED:
            return least
        if len(self._workers) == self._count:
            return None
        pipe, other = self._context.Pipe()
        process = self._context.Process(target=_work, args=(other, self._make), daemon=True)
        with _signals_held():
            process.start()
        other.close()
        worker = _Worker(process, pipe)
        self._workers.append(worker)
        return worker

    def _send(self, worker: _Worker, number: int) -> None:
        worker.queue.append(number)
        # `_receive` finds out whether the process has died.
        with suppress(OSError):
            worker.pipe.send((number, self._tasks[number]))

    def _receive(self) -> None:
        """Waits a moment for answers and stores them."""
        pipes = {each.pipe: each for each in self._workers}
        for pipe in wait(list(pipes), timeout=0.2):
            assert isinstance(pipe, Connection)
            worker = pipes[pipe]
            try:
                number, answer = pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if number != _READY:
                worker.queue.remove(number)
                self._results[number] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                worker.ready, self._died_loading = True, 0

    def _bury(self, worker: _Worker) -> None:
        """Puts a dead process's tasks back in line, and gives up a task that killed two processes."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        end = _ending(worker.process.exitcode)
        if not worker.ready:
            self._died_loading += 1
            if self._died_loading >= _ATTEMPTS:
                raise CannotStart(
                    f"The processes that read pictures die while they load ({end}). Is there enough"
                    " memory? Try again with fewer --workers."
                )
        elif worker.queue:
            # A process does its tasks in order, so it died at the first one.
            first = worker.queue[0]
            self._deaths[first] = self._deaths.get(first, 0) + 1
            if self._deaths[first] >= _ATTEMPTS:
                worker.queue.popleft()
                self._results[first] = self._lost(self._tasks[first], end)
        self._waiting.extendleft(reversed(worker.queue))

    def close(self) -> None:
        """Ends the processes and drops their tasks."""
        for worker in self._workers:
            # The processes hold nothing that must be saved.
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        for held in (self._workers, self._tasks, self._results, self._waiting):
            held.clear()


def _work(pipe: Connection, make: Callable[[], Callable[[Task], Result]]) -> None:
    """Does tasks in a process until its pipe is closed."""
    # Decoders and networks would print useless lines, once per process.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    try:
        work = make()
    except Exception as error:
        pipe.send((_READY, error))
        return
    pipe.send((_READY, None))
    while True:
        try:
            number, task = pipe.recv()
            pipe.send((number, work(task)))
        except (EOFError, OSError):  # The parent process is gone.
            return


@contextmanager
def _signals_held() -> Iterator[None]:
    """Keeps Ctrl-C and SIGTERM from processes that start in here; the parent answers for all."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by signal {-exitcode}"
    return f"exit status {exitcode}"
