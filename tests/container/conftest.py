"""One container for all checks that do not change it, and the figures that they measure."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..browser.conftest import camera, chromium, pictures
from .engine import STRICT, Container, running

__all__ = ["camera", "chromium", "pictures"]

_FIGURES: list[str] = []


@pytest.fixture
def figures() -> list[str]:
    """Lines to print when all checks are done."""
    return _FIGURES


@pytest.fixture(scope="package")
def container() -> Iterator[Container]:
    """A container with only the rights that it needs.

    All checks come from one address, so they would share one visitor's limit.
    """
    with running(*STRICT, "-e", "DEMO_REQUESTS_PER_MINUTE=0") as started:
        _FIGURES.append(f"ready after {started.seconds:.1f} s, the engine's own start included")
        yield started


@pytest.fixture(scope="package")
def photograph(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smiling woman, as a JPEG."""
    path = tmp_path_factory.mktemp("photograph") / "astronaut.jpg"
    Image.fromarray(astronaut).save(path, quality=95)
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures."""
    terminalreporter.section("figures")
    for line in _FIGURES:
        terminalreporter.line(line)
