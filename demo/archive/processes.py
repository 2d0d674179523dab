"""Work on many processes of this machine: in order, with bounded memory, whatever dies."""

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

# What is sent ahead to each process, so that none waits for the next task.
_QUEUED = 4

# How many results may be ready before the one whose turn it is, for each process.
_AHEAD = 32

# So often a task is handed out whose process dies, and a process is started that dies while it loads.
_ATTEMPTS = 2

_READY = -1


class CannotStart(Exception):
    """Processes die before they are ready; the message is a sentence for people."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    queue: deque[int] = field(default_factory=deque)
    ready: bool = False


class Processes(Generic[Task, Result]):
    """Hands tasks to processes and gives the results in the order of the tasks.

    A task whose process dies is handed out a second time. When that one dies too, the task is given
    up, and all others go on. Processes are started when there is something to do for them, and wait
    for more until `close` ends them.

    Args:
        make: makes the function that does the work, in each process; it is pickled. What it raises
            ends the work.
        lost: gives the result of a task that was given up, from a sentence on how its process died.
        count: how many processes.

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
        # By number: tasks under way, how often each has cost a process, results, tasks to hand out.
        self._tasks: dict[int, Task] = {}
        self._deaths: dict[int, int] = {}
        self._results: dict[int, Result] = {}
        self._waiting: deque[int] = deque()
        self._died_loading = 0

    def results(
        self, tasks: Iterable[Task], stopped: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[Task, Result], None, None]:
        """Does the tasks. Only one call at a time; one that is given up ends the processes.

        Args:
            tasks: may be endless: only so many are taken as are under way.
            stopped: asked several times a second whether to end.

        Raises:
            CannotStart: processes die while they load.
            Exception: whatever `make` raises.
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
        """The process with the least to do; a new one where all have enough; None where all can be."""
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
        # That a process has died is found out when it is asked for its answer.
        with suppress(OSError):
            worker.pipe.send((number, self._tasks[number]))

    def _receive(self) -> None:
        """Waits a moment for answers and takes them."""
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
        """Hands out what a dead process had not done, and gives up what killed a second one."""
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
            # Tasks are done one after another: the first of them was under way.
            first = worker.queue[0]
            self._deaths[first] = self._deaths.get(first, 0) + 1
            if self._deaths[first] >= _ATTEMPTS:
                worker.queue.popleft()
                self._results[first] = self._lost(self._tasks[first], end)
        self._waiting.extendleft(reversed(worker.queue))

    def close(self) -> None:
        """Ends the processes, and gives up what they were doing."""
        for worker in self._workers:
            # They hold nothing that must be written.
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        for held in (self._workers, self._tasks, self._results, self._waiting):
            held.clear()


def _work(pipe: Connection, make: Callable[[], Callable[[Task], Result]]) -> None:
    """What a process does until its pipe is closed."""
    # Decoders and networks print what helps nobody, as often as there are processes.
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
        except (EOFError, OSError):  # Whoever asked is gone.
            return


@contextmanager
def _signals_held() -> Iterator[None]:
    """What a process starts in here never gets Ctrl-C or SIGTERM, which one process answers for all."""
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
