"""One measurement: a fresh server, its visitors, and what was seen of it meanwhile."""

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
    """What visitors saw. Memory is in megabytes of 1,000,000 bytes.

    Attributes:
        clients: how many visitors sent files at the same time.
        seconds: how long they did.
        photographs: how many were answered rightly in that time.
        per_second: photographs a second.
        per_second_and_core: the same, over the cores that server and visitors shared.
        latency: of a photograph that was answered, from sending it to having its answer; None
            without any.
        p50_by_form: the median of the same by file format.
        errors: how often what went wrong.
        error_rate: of all files sent, from 0 to 1.
        refused_rate: files answered with 503 and Retry-After, of all files sent.
        health: of /healthz in that time.
        memory_before: when the server was ready.
        memory_peak: the most at any time.
        memory_after: when it had nothing to do any more.
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
    """Puts a server of its own under load, on this machine and a free port.

    Args:
        clients: how many visitors send files at the same time.
        seconds: how long they do.
        uploads: what they send.

    Returns:
        What they saw, and what was observed while they came.
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
    # Those that were answered after the end, when fewer and fewer are left, are only judged.
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
