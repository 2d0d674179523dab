"""Helpers to spread work over every core."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """Returns how many cores this process may use; `os.cpu_count` also counts forbidden ones."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    tasks: Iterable[Task], submit: Callable[[Task], "Future[Result]"], ahead: int
) -> Generator[tuple[Task, "Future[Result]"], None, None]:
    """Runs tasks in a pool, a few ahead of the caller, and yields them in their order.

    Close the generator to stop early. Tasks that have not begun are then cancelled.

    Args:
        tasks: the tasks. They may be endless, because only the submitted ones are held.
        submit: submits a task to a pool of threads or processes.
        ahead: how many tasks to submit beyond the one that is yielded next.

    Yields:
        Each task and its future. `result` of the future waits and may raise.
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
