"""What the machine has to compute with."""

import os

import keras


def cores() -> int:
    """How many cores there are."""
    return os.cpu_count() or 1


def device() -> str:
    """What a network is trained on: the accelerator's name, or "2 cores"."""
    if keras.backend.backend() == "jax":
        import jax

        if jax.devices()[0].platform != "cpu":
            return str(jax.devices()[0].device_kind)
    return f"{cores()} cores"
