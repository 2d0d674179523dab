"""The commands run without tracing: their tiny networks take few steps, and tracing takes longer.

The tests of `run/` and `compare/` trace, as users' runs do.
"""

from collections.abc import Iterator

import pytest
import tensorflow as tf


@pytest.fixture(scope="package", autouse=True)
def untraced() -> Iterator[None]:
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
