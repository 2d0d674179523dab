"""Turns the load test's figures into tables for the README, and checks them against limits."""

import numpy as np

from .measurement import Result
from .observer import Sample

# Milliseconds, for the 99th percentile. The few beyond it tell of the machine's other programs, the
# visitors themselves among them; a server that stands still for a third of a second breaks it even
# in a measurement of 20 s.
HEALTH_LIMIT = 100.0
MEMORY_LIMIT = 1500.0  # megabytes; app.yaml and service.yaml give 2,000
GROWTH_LIMIT = 0.05  # growth of the last minute over the second

HEADING = (
    "| clients | photographs/s | per core | p50, p95, p99 (s) | errors | refused"
    " | /healthz p50, p99, max (ms) | memory before, peak, after (MB) |\n" + "| --- " * 8 + "|"
)


def row(result: Result) -> str:
    """A line of the table under `HEADING`."""
    latency, health = result.latency, result.health
    times = (latency.p50, latency.p95, latency.p99) if latency else ()
    memory = (result.memory_before, result.memory_peak, result.memory_after)
    cells = (
        str(result.clients),
        f"{result.per_second:.1f}",
        f"{result.per_second_and_core:.1f}",
        ", ".join(f"{value / 1000:.2f}" for value in times) or "-",
        f"{result.error_rate:.1%}",
        f"{result.refused_rate:.0%}",
        f"{health.p50:.0f}, {health.p99:.0f}, {health.maximum:.0f}",
        ", ".join(f"{value:.0f}" for value in memory),
    )
    return f"| {' | '.join(cells)} |"


def memory_by_minute(samples: list[Sample]) -> list[float]:
    """The mean of the server's memory in each whole minute since the first sample, in megabytes."""
    times = np.array([each.time for each in samples])
    megabytes = np.array([each.megabytes for each in samples])
    minute = ((times - times[0]) // 60).astype(int)
    whole = round((times[-1] - times[0]) / 60)
    return [float(megabytes[minute == number].mean()) for number in range(whole)]


def growth(minutes: list[float]) -> float:
    """How much more memory the last minute takes than the second; the first is for warming up."""
    return minutes[-1] / minutes[1] - 1


def memory_table(minutes: list[float]) -> str:
    """The memory of every minute, and how much it grew."""
    heads = "".join(f" | {number}" for number in range(1, len(minutes) + 1))
    cells = "".join(f" | {value:.0f}" for value in minutes)
    return (
        f"| minute{heads} | growth from the second to the last |\n"
        f"{'| --- ' * (len(minutes) + 2)}|\n"
        f"| memory (MB){cells} | {growth(minutes):+.1%} |"
    )


def broken_limits(result: Result, minutes: list[float] | None = None) -> list[str]:
    """One sentence for each limit that a measurement breaks.

    Args:
        result: the measurement's results.
        minutes: the memory in each minute, from `memory_by_minute`.
    """
    who = f"With {result.clients} clients"
    broken = [f"{who}, {count} times: {error}" for error, count in result.errors.items()]
    if not result.photographs:
        broken.append(f"{who} no photograph was answered.")
    if result.health.p99 > HEALTH_LIMIT:
        broken.append(
            f"{who} /healthz took {result.health.p99:.0f} ms (99th percentile); at most"
            f" {HEALTH_LIMIT:.0f} are allowed."
        )
    if result.memory_peak > MEMORY_LIMIT:
        broken.append(
            f"{who} the server took {result.memory_peak:.0f} MB; at most {MEMORY_LIMIT:.0f} are "
            "allowed."
        )
    if minutes and growth(minutes) > GROWTH_LIMIT:
        broken.append(
            f"{who} the memory grew by {growth(minutes):.1%}; {GROWTH_LIMIT:.0%} is flat."
        )
    return broken
