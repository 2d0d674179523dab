"""One measurement of a fresh server: its visitors' results and its health meanwhile."""

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demo.work import cores
from tests.browser.serving import serving

from .observer import Sample, observing, samples
from .pictures import BROKEN, Upload
from .visitors import Visit, visit

# Each visitor counts by itself, and nobody is refused for asking often. The request log would fill
# the pipe that nobody reads.
SETTINGS = {
    "DEMO_TRUSTED_PROXIES": "1",
    "DEMO_REQUESTS_PER_MINUTE": "0",
    "DEMO_LOG_REQUESTS": "false",
}

_SECONDS_AT_REST = 3


@dataclass(frozen=True)
class Quantiles:
    """The 50th, 95th and 99th percentile and the maximum, in milliseconds."""

    p50: float
    p95: float
    p99: float
    maximum: float


@dataclass(frozen=True)
class Result:
    """The results of a measurement. Memory is in megabytes of 1,000,000 bytes.

    Attributes:
        clients: the number of visitors that sent files at the same time.
        seconds: how long they sent files.
        photographs: the number of right answers in that time.
        per_second: right answers a second.
        per_second_and_core: the same, divided by the cores that server and visitors shared.
        latency: of a photograph that was answered, from sending it to having its answer; None
            without any.
        p50_by_form: the median latency of each file format.
        errors: how often each fault happened.
        error_rate: the share of files with a fault, 0 to 1.
        refused_rate: the share of files answered with 503 and Retry-After, 0 to 1.
        health: the latency of /healthz in that time.
        memory_before: the memory when the server was ready.
        memory_peak: the highest memory at any time.
        memory_after: the memory once the server was idle again.
    """

    clients: int
    seconds: float
    photographs: int
    per_second: float
    per_second_and_core: float
    latency: Quantiles | None
    p50_by_form: dict[str, float]
    errors: dict[str, int]
    error_rate: float
    refused_rate: float
    health: Quantiles
    memory_before: float
    memory_peak: float
    memory_after: float


def measure(clients: int, seconds: float, uploads: list[Upload]) -> tuple[Result, list[Sample]]:
    """Puts a new server under load, on this machine and a free port.

    Args:
        clients: the number of visitors that send files at the same time.
        seconds: how long they send files.
        uploads: the files that they send.

    Returns:
        The results, and the observations of the server meanwhile.
    """
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.jsonl"
        with serving(Path(folder), **SETTINGS) as server, observing(server, seen):
            time.sleep(_SECONDS_AT_REST)
            began = time.monotonic()
            visits = asyncio.run(visit(server.address, clients, seconds, uploads))
            time.sleep(_SECONDS_AT_REST)
        observed = samples(seen)
    under_load = [each for each in observed if began <= each.time < began + seconds]
    result = Result(
        clients=clients,
        seconds=seconds,
        **_answers(visits, began, seconds),
        health=_quantiles([each.milliseconds for each in under_load]),
        memory_before=observed[0].megabytes,
        memory_peak=max(each.megabytes for each in observed),
        memory_after=observed[-1].megabytes,
    )
    return result, under_load


def _answers(visits: list[Visit], began: float, seconds: float) -> dict[str, Any]:
    errors = Counter(each.wrong for each in visits if each.wrong is not None)
    by_form: dict[str, list[float]] = defaultdict(list)
    # Answers after the end, when fewer visitors are left, are judged but not timed.
    for each in visits:
        right = each.wrong is None and not each.refused
        if right and each.form != BROKEN and each.ended < began + seconds:
            by_form[each.form].append(each.milliseconds)
    milliseconds = [value for values in by_form.values() for value in values]
    return {
        "photographs": len(milliseconds),
        "per_second": len(milliseconds) / seconds,
        "per_second_and_core": len(milliseconds) / seconds / cores(),
        "latency": _quantiles(milliseconds) if milliseconds else None,
        "p50_by_form": {form: float(np.median(values)) for form, values in by_form.items()},
        "errors": dict(errors),
        "error_rate": errors.total() / len(visits),
        "refused_rate": sum(each.refused for each in visits) / len(visits),
    }


def _quantiles(milliseconds: list[float]) -> Quantiles:
    return Quantiles(*np.percentile(milliseconds, (50, 95, 99, 100)).tolist())
