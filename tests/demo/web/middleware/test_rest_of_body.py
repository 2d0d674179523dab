import asyncio
from typing import Any

import pytest

from demo.web.middleware import rest_of_body
from demo.web.middleware.rest_of_body import RestOfBody

Message = dict[str, Any]

PARTS = [{"type": "http.request", "body": 10 * b"x", "more_body": left > 0} for left in (2, 1, 0)]


def ask(
    headers: dict[str, str],
    coming: list[Message],
    read: int = 0,
    answered_with: dict[str, str] | None = None,
) -> list[str]:
    """Asks an application that answers after it has read some messages; returns what happened.

    After the messages, the client is silent.
    """
    happened: list[str] = []
    messages = iter(coming)

    async def refusing(_: Any, receive: Any, send: Any) -> None:
        for _ in range(read):
            await receive()
        raw = [
            (key.lower().encode(), value.encode()) for key, value in (answered_with or {}).items()
        ]
        await send({"type": "http.response.start", "status": 403, "headers": raw})
        await send({"type": "http.response.body", "body": b"no"})

    async def receive() -> Message:
        message = next(messages, None)
        if message is None:
            await asyncio.sleep(3600)
            raise AssertionError
        happened.append(f"received {message['type']}")
        return message

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            end = "" if message.get("more_body", False) else ", the end"
            happened.append(f"sent {message['body'].decode()!r}{end}")

    raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": raw}
    asyncio.run(RestOfBody(refusing)(scope, receive, send))
    return happened


RECEIVED = "received http.request"


@pytest.mark.parametrize("headers", [{"Content-Length": "30"}, {"Transfer-Encoding": "chunked"}])
def test_rest_of_body_ends_an_early_answer_after_the_body(headers: dict[str, str]) -> None:
    assert ask(headers, PARTS) == ["sent 'no'", RECEIVED, RECEIVED, RECEIVED, "sent '', the end"]
    half_read = ask(headers, PARTS, read=1)
    assert half_read == [RECEIVED, "sent 'no'", RECEIVED, RECEIVED, "sent '', the end"]
    assert ask(headers, PARTS, read=3)[3:] == ["sent 'no', the end"]


@pytest.mark.parametrize(
    ("headers", "answered_with"),
    [
        ({}, {}),
        ({"Content-Length": "0"}, {}),
        ({"Content-Length": "30", "Expect": "100-continue"}, {}),
        ({"Content-Length": "30"}, {"Connection": "close"}),
    ],
)
def test_rest_of_body_ends_an_answer_at_once_if_nothing_will_come(
    headers: dict[str, str], answered_with: dict[str, str]
) -> None:
    assert ask(headers, PARTS, answered_with=answered_with) == ["sent 'no', the end"]


def test_rest_of_body_goes_on_with_a_client_that_was_told_to_continue() -> None:
    expecting = {"Content-Length": "30", "Expect": "100-continue"}
    assert ask(expecting, PARTS, read=1)[-2:] == [RECEIVED, "sent '', the end"]


def test_rest_of_body_stops_with_the_connection_or_at_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = {"Content-Length": "30"}
    gone = ask(headers, [PARTS[0], {"type": "http.disconnect"}, *PARTS])
    assert gone == ["sent 'no'", RECEIVED, "received http.disconnect", "sent '', the end"]
    monkeypatch.setattr(rest_of_body, "_SECONDS", 0.05)
    assert ask(headers, PARTS[:1]) == ["sent 'no'", RECEIVED, "sent '', the end"]
    monkeypatch.setattr(rest_of_body, "_MOST_BYTES", 15)
    assert ask(headers, 5 * PARTS[:1]) == ["sent 'no'", RECEIVED, RECEIVED, "sent '', the end"]
