"""One step of training, on any of Keras's backends."""

from typing import Any, Protocol

import keras

from train_resnet.run.data import Batch


class Steps(Protocol):
    """Takes the training steps of a compiled network.

    Attributes:
        ahead: how many steps may be under way before a loss is read; reading a loss waits for its step.
    """

    ahead: int

    def train_on_batch(self, batch: Batch) -> Any:
        """Takes one step; returns the loss before it, which `float` turns into a number."""

    def sync(self) -> None:
        """Copies the trained values into the network, which may lag behind until then."""


def steps_of(network: keras.Model) -> Steps:
    """Returns the object that trains a compiled network on the current backend.

    Args:
        network: the network to train.
    """
    if keras.backend.backend() == "jax":
        from train_resnet.run.steps_jax import JaxSteps

        return JaxSteps(network)
    return PlainSteps(network)


class PlainSteps:
    """Takes one step at a time, and waits for it."""

    ahead = 1

    def __init__(self, network: keras.Model) -> None:
        self._network = network

    def train_on_batch(self, batch: Batch) -> float:
        """One step."""
        return train_on_batch(self._network, batch)

    def sync(self) -> None:
        """Does nothing, because the network is always up to date."""


def train_on_batch(network: keras.Model, batch: Batch) -> float:
    """Takes one step of a compiled network.

    Returns:
        The loss before it.
    """
    # The reports' networks have only one of the two heads.
    targets, weights = (
        {head: values[head] for head in network.output} for values in (batch.targets, batch.weights)
    )
    logs = network.train_on_batch(batch.faces, targets, sample_weight=weights, return_dict=True)
    # Keras reports the mean since the last reset, but the loss of this step is wanted.
    network.reset_metrics()
    return float(logs["loss"])
