"""Processes do their tasks in order, even if some of them die."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from demo.archive.processes import CannotStart, Processes

Work = Callable[[int], str]


def with_a_deadly_task() -> Work:
    def work(task: int) -> str:
        if task == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{task} done"

    return work


def slow_at_first() -> Work:
    def work(task: int) -> str:
        time.sleep(0.5 if task == 0 else 0)
        return str(os.getpid())

    return work


def that_names_its_process() -> Work:
    def work(task: int) -> str:
        time.sleep(0.01)
        return f"{task} {os.getpid()}"

    return work


def that_dies_while_it_loads() -> Work:
    os._exit(3)


def that_raises_while_it_loads() -> Work:
    raise LookupError("no weights")


def lost(task: int, end: str) -> str:
    return f"{task} lost: {end}"


def test_results_come_in_order_and_a_deadly_task_is_given_up() -> None:
    processes = Processes(with_a_deadly_task, lost, count=2)
    results = list(processes.results(range(20)))
    expected = [(task, f"{task} done") for task in range(20)]
    expected[7] = (7, "7 lost: killed by signal 9")
    assert results == expected


def test_results_are_complete_when_a_process_is_killed_from_outside() -> None:
    with closing(Processes(that_names_its_process, lost, count=2).results(range(60))) as results:
        found = [next(results)]
        os.kill(int(found[0][1].split()[1]), signal.SIGKILL)
        found += results
    assert [task for task, _ in found] == list(range(60))
    assert [int(text.split()[0]) for _, text in found] == list(range(60))


def test_results_take_only_a_limited_number_of_tasks_ahead() -> None:
    taken = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    with closing(Processes(slow_at_first, lost, count=2).results(endless())) as results:
        next(results)
        assert len(taken) <= 64


def test_results_end_on_request_and_end_the_processes() -> None:
    seen: list[str] = []
    results = Processes(that_names_its_process, lost, count=1).results(
        iter(range(10**9)), stopped=lambda: len(seen) > 3
    )
    seen.extend(text for _, text in results)
    assert 4 <= len(seen) < 80
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen[0].split()[1]), 0)


def test_results_raise_when_processes_cannot_load() -> None:
    with pytest.raises(CannotStart, match="exit status 3"):
        list(Processes(that_dies_while_it_loads, lost, count=1).results([1]))
    with pytest.raises(LookupError, match="no weights"):
        list(Processes(that_raises_while_it_loads, lost, count=1).results([1]))
