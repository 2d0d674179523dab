"""Training steps on JAX, for accelerators."""

from typing import Any

import jax
import keras

from train_resnet.run.data import Batch


class JaxSteps:
    """Keeps the state on the device, and starts a step before the last one has ended.

    `keras.Model.train_on_batch` copies all variables into the network after each step and waits for the
    loss. For a ResNet-34, that takes 25 ms a step, several times as long as the step itself.
    The network must be compiled.

    Args:
        network: the network to train.
    """

    ahead = 8

    def __init__(self, network: keras.Model) -> None:
        self._network = network
        network.optimizer.build(network.trainable_variables)
        self._state: tuple[list[Any], list[Any], list[Any]] | None = None
        self._step = jax.jit(self._one_step, donate_argnums=0)

    def train_on_batch(self, batch: Batch) -> Any:
        """One step."""
        if self._state is None:
            # Copies: a step takes its arguments' memory, which the network may share with others.
            self._state = tuple([v.value.copy() for v in group] for group in self._variables())  # type: ignore[assignment]
        heads = self._network.output
        targets, weights = (
            {head: values[head] for head in heads} for values in (batch.targets, batch.weights)
        )
        self._state, loss = self._step(self._state, batch.faces, targets, weights)
        return loss

    def sync(self) -> None:
        """Copies the trained values into the network. The next step begins with the network's values."""
        if self._state is not None:
            for group, values in zip(self._variables(), self._state, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable.assign(value)
        self._state = None

    def _variables(self) -> tuple[list[Any], list[Any], list[Any]]:
        network = self._network
        return (
            network.trainable_variables,
            network.non_trainable_variables,
            network.optimizer.variables,
        )

    def _one_step(self, state: Any, faces: Any, targets: Any, weights: Any) -> Any:
        trainable, fixed, optimizer = state

        def loss_of(trainable: Any) -> Any:
            answers, changed, penalties = self._network.stateless_call(
                trainable, fixed, faces, training=True, return_losses=True
            )
            losses = [
                loss(targets[head], answers[head], sample_weight=weights[head])
                for head, loss in self._network.loss.items()
            ]
            return sum(losses) + sum(penalties), changed

        (loss, fixed), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        trainable, optimizer = self._network.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return (trainable, fixed, optimizer), loss
