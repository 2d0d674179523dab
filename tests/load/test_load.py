"""A crowd of visitors, and how the load test judges. `make load` puts a server under load."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.settings import Settings
from demo.work import cores
from tests.browser.serving import serving

from .expectation import fault, refused
from .measurement import SETTINGS, Quantiles, Result
from .observer import Sample
from .pictures import BROKEN, Upload, uploads
from .report import HEADING, broken_limits, memory_by_minute, row
from .visitors import Visit, client, send, visit

pytestmark = pytest.mark.slow

CROWD = 200

PROBLEM = {"content-type": "application/problem+json"}


@pytest.fixture(scope="module")
def mix() -> list[Upload]:
    return uploads()


@pytest.fixture(scope="module")
def photograph(mix: list[Upload]) -> Upload:
    """The smallest photograph, of 100 kB."""
    return min((each for each in mix if each.status == 200), key=lambda each: len(each.content))


@pytest.fixture(scope="module")
def text(mix: list[Upload]) -> Upload:
    """A file that is no picture and is answered at once."""
    return next(each for each in mix if each.content.startswith(b"This is no picture."))


def test_mix_is_as_stated(mix: list[Upload]) -> None:
    shares = dict.fromkeys((each.form for each in mix), 0)
    for each in mix:
        shares[each.form] += each.share
        if each.form != BROKEN:
            assert 100_000 <= len(each.content) <= 5_000_000
    assert shares == {"JPEG": 60, "HEIC": 15, "WebP": 8, "PNG": 7, BROKEN: 10}
    mean = sum(each.share * len(each.content) for each in mix) / 100
    assert mean == pytest.approx(1.2e6, rel=0.05)


def test_server_answers_each_of_200_visitors_at_once(tmp_path: Path, photograph: Upload) -> None:
    async def one(address: str, number: int) -> Visit:
        async with client(address, number) as connection:
            return (await send(connection, photograph))[0]

    async def crowd(address: str) -> list[Visit]:
        return await asyncio.gather(*(one(address, number) for number in range(CROWD)))

    with serving(tmp_path, **SETTINGS) as server:
        visits = asyncio.run(crowd(server.address))
        assert [each.wrong for each in visits if each.wrong] == []
        # More are served if the first are done before the last arrive.
        assert sum(not each.refused for each in visits) >= cores() + Settings().max_waiting
        [afterwards, *_] = asyncio.run(visit(server.address, 1, 0.1, [photograph]))
        assert (afterwards.refused, afterwards.wrong) == (False, None)


def test_visitors_refuse_other_machines(photograph: Upload) -> None:
    for address in ("http://192.0.2.1:7860", "http://faces.example", "https://127.0.0.1.example"):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
            asyncio.run(visit(address, 1, 1, [photograph]))


def answer(upload: Upload, **changes: Any) -> bytes:
    faces = [
        {"box": dict(zip(("x", "y", "width", "height"), face, strict=True))}
        for face in upload.faces
    ]
    width, height = upload.size
    document = {"image": {"width": width, "height": height}, "faces": faces}
    return json.dumps({**document, **changes}).encode()


def test_expectation_tells_wrong_answers_from_right_ones(photograph: Upload, text: Upload) -> None:
    assert fault(photograph, 200, {}, answer(photograph)) is None
    elsewhere = {"x": 0, "y": 0, "width": 100, "height": 100}
    for status, body in (
        (500, answer(photograph)),
        (503, answer(photograph)),
        (200, b"<html>"),
        (200, answer(photograph, faces=[])),
        (200, answer(photograph, faces=[{"box": elsewhere}])),
        (200, answer(photograph, image={"width": 1, "height": 1})),
    ):
        assert fault(photograph, status, {}, body)

    assert fault(text, 422, PROBLEM, b'{"status": 422, "detail": "It is text."}') is None
    assert fault(text, 422, PROBLEM, b'{"status": 422}')
    assert fault(text, 422, {"content-type": "application/json"}, b'{"status": 422, "detail": "x"}')
    assert fault(text, 413, PROBLEM, b'{"status": 413, "detail": "It is text."}')
    assert fault(text, 200, {}, b"{}")

    assert refused(503, {"retry-after": "1"})
    assert not refused(503, {})
    assert not refused(429, {"retry-after": "1"})


GOOD = Result(
    clients=16,
    seconds=60.0,
    photographs=180,
    per_second=3.0,
    per_second_and_core=1.5,
    latency=Quantiles(4000, 7000, 8000, 9000),
    p50_by_form={"JPEG": 4000.0},
    errors={},
    error_rate=0.0,
    refused_rate=0.1,
    health=Quantiles(2, 20, 40, 60),
    memory_before=230.0,
    memory_peak=700.0,
    memory_after=500.0,
)


def test_report_names_a_broken_limit() -> None:
    assert broken_limits(GOOD) == []
    for changed in (
        replace(GOOD, errors={"JPEG: 500 instead of 200": 1}),
        replace(GOOD, photographs=0, latency=None),
        replace(GOOD, health=Quantiles(2, 20, 400, 5000)),
        replace(GOOD, memory_peak=5000.0),
    ):
        assert len(broken_limits(changed)) == 1
        assert row(changed).count("|") == HEADING.splitlines()[0].count("|")


def test_report_tells_flat_memory_from_growing_memory() -> None:
    def minutes(last: float) -> list[float]:
        megabytes = [300.0] * 600 + [500.0] * 600 + [400.0] * 600 + [last] * 600
        return memory_by_minute([Sample(5 + n / 10, 1.0, each) for n, each in enumerate(megabytes)])

    assert minutes(520) == [300, 500, 400, 520]
    assert broken_limits(GOOD, minutes(520)) == []
    assert len(broken_limits(GOOD, minutes(530))) == 1
