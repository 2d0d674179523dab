"""Tasks that start ahead and return in order."""

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest

from demo.work import in_order


def test_in_order_keeps_the_order_and_holds_few_tasks_of_an_endless_series() -> None:
    handed: list[int] = []
    with ThreadPoolExecutor(2) as pool:

        def submit(task: int) -> "Future[int]":
            handed.append(task)
            return pool.submit(lambda: task * task)

        with closing(in_order(itertools.count(), submit, ahead=3)) as results:
            for _ in range(10):
                task, future = next(results)
                assert future.result() == task * task
    assert task == 9
    assert handed == list(range(13))


def test_in_order_keeps_a_tasks_failure_to_that_task() -> None:
    with ThreadPoolExecutor(1) as pool:
        results = in_order([1, 0, 2], lambda task: pool.submit(lambda: 2 / task), ahead=1)
        assert next(results)[1].result() == 2
        with pytest.raises(ZeroDivisionError):
            next(results)[1].result()
        assert next(results)[1].result() == 1


def test_in_order_cancels_tasks_that_have_not_begun() -> None:
    done, hold = [], threading.Event()

    def work(task: int) -> None:
        hold.wait(10)
        done.append(task)

    with ThreadPoolExecutor(1) as pool:
        results = in_order(range(9), lambda task: pool.submit(work, task), ahead=4)
        next(results)
        results.close()
        hold.set()
    assert done == [0]
