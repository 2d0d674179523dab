import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from demo.web.middleware import body_limit
from demo.web.middleware.body_limit import BodyLimit

Part = tuple[float, bytes]


async def ask(
    limit: BodyLimit,
    parts: list[Part],
    headers: dict[str, str] | None = None,
    path: str = "/api/v1/expressions",
) -> dict[str, Any]:
    """Sends a body in parts, each after some seconds; returns the answer's status and headers."""
    coming = iter(parts)
    left = len(parts)

    async def receive() -> dict[str, Any]:
        nonlocal left
        try:
            seconds, content = next(coming)
        except StopIteration:
            await asyncio.sleep(3600)
        await asyncio.sleep(seconds)
        left -= 1
        return {"type": "http.request", "body": content, "more_body": left > 0}

    answer: dict[str, Any] = {}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer.update((key.decode(), value.decode()) for key, value in message["headers"])

    raw = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
    await limit({"type": "http", "method": "POST", "path": path, "headers": raw}, receive, send)
    return answer


async def reader(_: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """An application that reads its body and answers 200."""
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.disconnect":
        raise RuntimeError("the body broke off")
    await asyncio.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "PATIENCE_SECONDS", 0.2)


def limit(largest: int = 100, at_once: int = 1000) -> BodyLimit:
    return BodyLimit(reader, largest, at_once, ("/api/v1/expressions", "/gradio_api/upload"))


@pytest.mark.parametrize(
    ("parts", "headers", "status"),
    [
        ([(0, 100 * b"x")], {}, 200),
        ([(0, 50 * b"x"), (0, 50 * b"x")], {}, 200),
        ([(0, 50 * b"x"), (0, 51 * b"x")], {}, 413),
        ([(0, b"")], {"Content-Length": "101"}, 413),
        ([(0, 101 * b"x")], {"Content-Length": "1"}, 413),
        ([(0, 101 * b"x")], {"Content-Length": "-1"}, 413),
    ],
)
def test_body_limit_refuses_more_bytes_than_allowed(
    parts: list[Part], headers: dict[str, str], status: int
) -> None:
    assert asyncio.run(ask(limit(), parts, headers))["status"] == status


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/expressions", 200), ("/gradio_api/upload", 200), ("/gradio_api/queue/join", 413)],
)
def test_body_limit_is_small_for_other_routes(path: str, status: int) -> None:
    limited = limit(5_000_000, 5_000_000)
    for headers in ({}, {"Content-Length": "1000001"}):
        answer = asyncio.run(ask(limited, [(0, 1_000_001 * b"x")], headers, path))
        assert answer["status"] == status


@pytest.mark.usefixtures("impatient")
def test_body_limit_answers_408_to_a_slow_body() -> None:
    drops = [(0.05, b"x") for _ in range(20)]
    answer = asyncio.run(ask(limit(), drops))
    assert answer["status"] == 408
    assert answer["connection"] == "close"
    silence = [(0.0, b"x"), (60.0, b"x")]
    assert asyncio.run(ask(limit(), silence))["status"] == 408


@pytest.mark.usefixtures("impatient")
def test_body_limit_waits_for_a_large_body_on_a_slow_line() -> None:
    steps = [(0.05, 3200 * b"x") for _ in range(10)]
    assert asyncio.run(ask(limit(100_000, 100_000), steps))["status"] == 200


def test_body_limit_bounds_all_bodies_together_and_forgets_them() -> None:
    limited = limit(largest=100, at_once=250)

    async def together() -> list[int]:
        answers = [ask(limited, [(0, 100 * b"x")]) for _ in range(4)]
        return sorted(answer["status"] for answer in await asyncio.gather(*answers))

    assert asyncio.run(together()) == [200, 200, 503, 503]
    assert limited.held == 0
    assert asyncio.run(together()) == [200, 200, 503, 503]


def test_body_limit_says_when_to_retry_if_there_is_no_room() -> None:
    answer = asyncio.run(ask(limit(largest=100, at_once=50), [(0, 60 * b"x")]))
    assert (answer["status"], answer["retry-after"]) == (503, "1")
