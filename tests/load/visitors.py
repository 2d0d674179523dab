"""The visitors of the load test, each with its own connection and address.

Each sends its next file as soon as the last is answered (a closed loop). A refused visitor waits as
long as the server asks for, and up to twice that, so that not all come back at once.
"""

import asyncio
import time
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import httpx

from .expectation import fault, refused
from .pictures import Upload

ROUTE = "/api/v1/expressions"

_SECONDS_TO_ANSWER = 120
_BOUNDARY = "a-boundary-that-no-picture-contains"


@dataclass(frozen=True)
class Visit:
    """One file that a visitor sent.

    Attributes:
        form: the file's format.
        ended: when the answer was complete, in seconds of `time.monotonic`.
        milliseconds: the time from sending the file to its complete answer.
        refused: the server was full and said when to ask again.
        wrong: the fault of the answer; None if there is none.
    """

    form: str
    ended: float
    milliseconds: float
    refused: bool
    wrong: str | None


async def visit(address: str, clients: int, seconds: float, uploads: list[Upload]) -> list[Visit]:
    """Lets visitors send files, each until the time is over and its last file is answered.

    Args:
        address: the server's address.
        clients: the number of visitors.
        seconds: how long they send files.
        uploads: what they send.

    Raises:
        ValueError: the server is not on this machine; no other may be put under load.
    """
    if urlsplit(address).hostname != "127.0.0.1":
        raise ValueError(f"Visitors visit 127.0.0.1 only. Received: {address}")
    end = time.monotonic() + seconds
    loops = (_visitor(address, number, end, uploads) for number in range(clients))
    return [visit for visits in await asyncio.gather(*loops) for visit in visits]


async def _visitor(address: str, number: int, end: float, uploads: list[Upload]) -> list[Visit]:
    random = Random(number)
    visits: list[Visit] = []
    async with client(address, number) as connection:
        while time.monotonic() < end:
            [upload] = random.choices(uploads, [each.share for each in uploads])
            done, wait = await send(connection, upload, form=random.random() < 0.5)
            visits.append(done)
            await asyncio.sleep(wait * random.uniform(1, 2))
    return visits


def client(address: str, number: int) -> httpx.AsyncClient:
    """The connection of a visitor, numbered from 0, through one trusted proxy."""
    return httpx.AsyncClient(
        base_url=address,
        headers={"X-Forwarded-For": f"10.0.{number // 250}.{1 + number % 250}"},
        timeout=_SECONDS_TO_ANSWER,
        # Neither is used, and loading certificates for each visitor takes seconds.
        verify=False,
        trust_env=False,
    )


async def send(
    connection: httpx.AsyncClient, upload: Upload, form: bool = False
) -> tuple[Visit, float]:
    """Sends a file once, as the body or in a form.

    Returns:
        The visit, and how many seconds the server asks to wait before the next.
    """
    body, media_type = _in_a_form(upload) if form else (upload.content, upload.media_type)
    began = time.monotonic()
    wait = 0
    full = False
    try:
        answer = await connection.post(ROUTE, content=body, headers={"Content-Type": media_type})
    except httpx.HTTPError as error:
        wrong: str | None = f"{upload.form}: no answer, {error!r}"
    else:
        full = refused(answer.status_code, answer.headers)
        if full:
            wait, wrong = int(answer.headers["retry-after"]), None
        else:
            wrong = fault(upload, answer.status_code, answer.headers, answer.content)
    ended = time.monotonic()
    return Visit(upload.form, ended, 1000 * (ended - began), full, wrong), wait


def _in_a_form(upload: Upload) -> tuple[bytes, str]:
    """A file as the only field of a form: the body and its media type."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="picture"\r\n'
        f"Content-Type: {upload.media_type}\r\n\r\n"
    )
    body = b"".join((head.encode(), upload.content, f"\r\n--{_BOUNDARY}--\r\n".encode()))
    return body, f"multipart/form-data; boundary={_BOUNDARY}"
