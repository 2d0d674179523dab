import os
import sys
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.settings import Settings
from demo.web.monitor import Monitor


def metrics(monitor: Monitor) -> dict[str, float]:
    """The metrics as Prometheus reads them: each number by its name and labels."""
    families = text_string_to_metric_families(monitor.exposition().decode())
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_log_without_a_reader_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        Monitor(Settings(log_requests=True), lambda: 0).record("/", "GET", 200, 0.1)
        with suppress(BrokenPipeError):
            gone.close()


def test_metrics_count_requests_faces_refusals_and_waiting() -> None:
    monitor = Monitor(Settings(metrics=True), waiting=lambda: 3)
    for _ in range(3):
        monitor.record("/files/{name}", "POST", 200, 0.2, faces=2)
    monitor.record("none", "GET", 404, 0.2)
    for status in (429, 503, 413):
        monitor.record("page", "read", status, 0.2)
    counted = metrics(monitor)
    assert counted["demo_requests_total POST /files/{name} 200"] == 3
    assert counted["demo_requests_total GET none 404"] == 1
    assert counted["demo_faces_total"] == 6
    assert counted["demo_pictures_waiting"] == 3
    assert counted["demo_refused_total rate"] == 1
    assert counted["demo_refused_total busy"] == 1
    assert counted["demo_refused_total size"] == 1
    assert counted["demo_request_seconds_count /files/{name}"] == 3
    assert counted["demo_request_seconds_bucket 0.1 page"] == 0
    assert counted["demo_request_seconds_bucket 0.25 page"] == 3
    assert counted["process_resident_memory_bytes"] > 1e7


def test_metrics_count_nothing_unless_asked() -> None:
    monitor = Monitor(Settings(), lambda: 0)
    monitor.record("/files/{name}", "POST", 200, 0.2, faces=2)
    assert not any(name.startswith("demo_requests_total") for name in metrics(monitor))
