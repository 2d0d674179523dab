"""Sends mutated requests to a real server and checks its answers against the documentation."""

import http.client
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import hypothesis
import numpy as np
from hypothesis import Phase, given
from pydantic import TypeAdapter, ValidationError

from demo.answer import schema
from tests.browser.serving import Server, serving
from tests.fuzz.campaign import drawn
from tests.fuzz.http_requests import ROUTE, Request, requests
from tests.fuzz.pictures import pictures

DOCUMENTED = (200, 400, 413, 415, 422, 429, 503)
_MAX_WAIT = 30.0
# By then, all threads of the server and their face detectors' buffers exist.
_WARM_AFTER = 500
MAX_GROWTH_BYTES = 60_000_000
_BATCH = 250
_SOUND_HEADERS = {"Content-Type": "image/jpeg", "Accept": "application/json"}
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_EXPRESSIONS = TypeAdapter(schema.Expressions)
_PROBLEM = TypeAdapter(schema.Problem)


class Broken(AssertionError):
    """An answer is not as documented; the message names the request."""


@dataclass
class Answers:
    """The results of many requests.

    Attributes:
        statuses: how often each status was answered, and with which media type.
        slowest: the slowest answer's seconds, and its request.
        held: pairs of a number of requests and the server's memory after them, in bytes.
        broken: the answers that are not as documented.
    """

    statuses: Counter[tuple[int, str]] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    held: dict[int, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.statuses.total()

    @property
    def growth(self) -> int:
        """The warm server's growth in bytes; 0 if there were too few requests."""
        warm = [held for count, held in sorted(self.held.items()) if count >= _WARM_AFTER]
        return warm[-1] - warm[0] if len(warm) > 1 else 0


def ask_often(
    count: int, seed: int, folder: Path, tell: Callable[[int], object] = lambda _: None
) -> Answers:
    """Starts a server and sends it mutated requests; the same seed and count give the same ones.

    Args:
        count: how many.
        seed: the seed of the requests.
        folder: the folder for the page's files.
        tell: called with the number of answers since the last call.
    """
    answers = Answers()
    with serving(folder / "page") as server:
        while answers.count < count:
            before = answers.count
            _ask_batch(answers, server, seed * 1_000_003 + before, min(_BATCH, count - before))
            answers.held[answers.count] = _memory(server)
            tell(answers.count - before)
        # The server goes on.
        sound = Request("a sound picture", ROUTE, _SOUND_HEADERS, pictures()["jpeg-baseline"])
        status, _, body = ask(server, sound)
        if status != 200 or len(json.loads(body)["faces"]) != 1:
            answers.broken.append(f"status {status} for a sound picture afterwards")
    return answers


def _ask_batch(answers: Answers, server: Server, seed: int, count: int) -> None:
    @hypothesis.seed(seed)
    @drawn(count, Phase.generate)
    @given(requests())
    def each(request: Request) -> None:
        started = time.monotonic()
        try:
            status, kind, body = ask(server, request)
            check(status, kind, body)
        except Broken as error:
            answers.broken.append(f"{error}: {request}")
        except (OSError, http.client.HTTPException) as error:
            status, kind = 0, "no answer"
            answers.broken.append(f"{type(error).__name__} {error}: {request}")
        answers.statuses[status, kind] += 1
        answers.slowest = max(answers.slowest, (time.monotonic() - started, request.how))

    each()


def ask(server: Server, request: Request) -> tuple[int, str, bytes]:
    """Sends a request over its own connection.

    Returns:
        The answer's status, Content-Type and body.
    """
    connection = _connect(server)
    try:
        headers = {name: text for name, text in request.headers.items() if text}
        wire = {name: text.encode("latin-1") for name, text in headers.items()}
        connection.request("POST", request.target, request.body, wire)
        response = connection.getresponse()
        return response.status, response.headers.get("Content-Type", ""), response.read()
    finally:
        connection.close()


def check(status: int, kind: str, body: bytes) -> None:
    """Checks that the routes document an answer.

    Raises:
        Broken: they do not.
    """
    if status not in DOCUMENTED:
        raise Broken(f"status {status}, {body[:200]!r}")
    try:
        if status == 200 and kind == "image/png":
            if cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) is None:
                raise Broken("an annotated picture that cannot be read")
        elif status == 200 and kind == "application/json":
            _EXPRESSIONS.validate_json(body)
        elif status != 200 and kind == "application/problem+json":
            if _PROBLEM.validate_json(body)["status"] != status:
                raise Broken(f"status {status} with the problem {json.loads(body)}")
        else:
            raise Broken(f"status {status} as {kind!r}, {body[:200]!r}")
    except ValidationError as error:
        raise Broken(f"status {status} with a body of another form: {error}") from error


def _connect(server: Server) -> http.client.HTTPConnection:
    address = urlsplit(server.address)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=_MAX_WAIT)


def _memory(server: Server) -> int:
    return int(Path(f"/proc/{server.process}/statm").read_text().split()[1]) * _PAGE_BYTES
