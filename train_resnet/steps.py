"""One step of training: plain, or sharpness-aware, on any of Keras's backends."""

from typing import Any

import keras

from train_resnet.dataset import Batch


def train_on_batch(network: keras.Model, batch: Batch) -> float:
    """One step of a compiled network.

    Returns:
        The loss before it.
    """
    logs = network.train_on_batch(
        batch.faces, batch.targets, sample_weight=batch.weights, return_dict=True
    )
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
