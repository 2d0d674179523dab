"""Work on every core."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """How many cores this process may use; `os.cpu_count` would count those it may not."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    tasks: Iterable[Task], submit: Callable[[Task], "Future[Result]"], ahead: int
) -> Generator[tuple[Task, "Future[Result]"], None, None]:
    """Hands out tasks a few ahead of those whose results are asked for, and gives them in order.

    Whoever has seen enough closes the generator. Tasks that have not begun are then taken back.

    Args:
        tasks: may be endless: only so many are held as are handed out.
        submit: hands a task to a pool of threads or processes.
        ahead: how many tasks are handed out besides the one whose result is asked for.

    Yields:
        Each task with its future, whose `result` waits and may raise.
    """
    waiting: deque[tuple[Task, Future[Result]]] = deque()
    try:
        for task in tasks:
            waiting.append((task, submit(task)))
            if len(waiting) > ahead:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for _, future in waiting:
            future.cancel()
