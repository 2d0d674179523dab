"""One step of training: plain, or sharpness-aware, on any of Keras's backends."""

from typing import Any, Protocol

import keras

from train_resnet.run.data import Batch


class Steps(Protocol):
    """What takes the steps of a compiled network.

    Attributes:
        ahead: how many steps may be under way before a loss is looked at, which waits for it.
    """

    ahead: int

    def train_on_batch(self, batch: Batch) -> Any:
        """One step; gives the loss before it, as what `float` makes a number of."""

    def sync(self) -> None:
        """Brings what was learned into the network, which may lag behind until then."""


def steps_of(network: keras.Model, sharpness: float) -> Steps:
    """What takes the steps of a compiled network on the backend at hand.

    Args:
        network: what is trained.
        sharpness: radius of `SharpnessAware`; 0 takes plain steps.
    """
    if sharpness:
        return SharpnessAware(network, sharpness)
    if keras.backend.backend() == "jax":
        from train_resnet.run.steps_jax import JaxSteps

        return JaxSteps(network)
    return PlainSteps(network)


class PlainSteps:
    """Plain steps, each waited for."""

    ahead = 1

    def __init__(self, network: keras.Model) -> None:
        self._network = network

    def train_on_batch(self, batch: Batch) -> float:
        """One step."""
        return train_on_batch(self._network, batch)

    def sync(self) -> None:
        """There is nothing to bring."""


def train_on_batch(network: keras.Model, batch: Batch) -> float:
    """One step of a compiled network.

    Returns:
        The loss before it.
    """
    # Networks of the reports have one head of the two.
    targets, weights = (
        {head: values[head] for head in network.output} for values in (batch.targets, batch.weights)
    )
    logs = network.train_on_batch(batch.faces, targets, sample_weight=weights, return_dict=True)
    # Keras reports the mean since the last reset; each step's own loss is wanted.
    network.reset_metrics()
    return float(logs["loss"])


class SharpnessAware:
    """Takes each step along the gradient from a little way uphill, at twice the cost of a step.

    Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization" (ICLR
    2021). The network must be compiled; batch statistics see each batch twice.

    Args:
        network: what is trained.
        radius: how far uphill, as the length of the move of all weights together.
    """

    ahead = 1

    def __init__(self, network: keras.Model, radius: float) -> None:
        self._network = network
        # Another model of the same layers, whose optimizer climbs where the network's descends.
        self._climber = keras.Model(network.input, network.output)
        self._climber.compile(_Climb(radius), loss=network.loss, jit_compile=network.jit_compile)

    def train_on_batch(self, batch: Batch) -> float:
        """One step.

        Returns:
            The loss uphill.
        """
        before = self._weights()
        train_on_batch(self._climber, batch)
        uphill = self._weights()
        loss = train_on_batch(self._network, batch)
        variables = self._network.trainable_variables
        for variable, low, high in zip(variables, before, uphill, strict=True):
            variable.assign_sub(high - low)
        return loss

    def sync(self) -> None:
        """There is nothing to bring."""

    def _weights(self) -> list[Any]:
        return [keras.ops.copy(variable) for variable in self._network.trainable_variables]


class _Climb(keras.optimizers.SGD):
    """One step of a given length against the direction of descent."""

    def __init__(self, radius: float) -> None:
        super().__init__(learning_rate=-radius, name="climb")

    def apply(self, grads: list[Any], trainable_variables: list[Any] | None = None) -> None:
        total = sum(keras.ops.sum(keras.ops.square(gradient)) for gradient in grads)
        length = keras.ops.maximum(keras.ops.sqrt(total), 1e-12)
        super().apply([gradient / length for gradient in grads], trainable_variables)
