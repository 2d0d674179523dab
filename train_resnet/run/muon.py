"""An optimizer whose steps move the kernels of convolutions equally far in every direction."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

# As in the method's own implementation. This is enough to make all directions about equally long.
_ITERATIONS = 5


class Muon(keras.optimizers.SGD):
    """Stochastic gradient descent with orthogonalised steps for the kernels of convolutions.

    Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). A kernel's momentum
    is a matrix with one column per filter. The nearest orthogonal matrix replaces it, so a step is
    equally long in every direction. The network then learns rare features as fast as common ones.
    `keras.optimizers.Muon` does this only for dense layers, and uses Adam for the rest.

    A normalisation follows each of these kernels and cancels its length. So before each step, the
    length is set to the square root of the number of filters, and the step is a share of it. Weight
    decay would have no effect on them. `keras.optimizers.SGD` steps all other variables.

    Args:
        learning_rate: the rate of all other variables. The kernels follow its schedule.
        kernel_rate: the kernels' rate, relative to `learning_rate`. The product of both is the length
            of a step as a share of the kernel's length.
        options: more options of `keras.optimizers.SGD`.

    Raises:
        ValueError: there is no momentum to orthogonalise.
    """

    def __init__(self, learning_rate: Any, kernel_rate: float, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        if not self.momentum:
            raise ValueError(f"Muon needs a momentum above 0. Received: {self.momentum}")
        self._kernel_rate = kernel_rate
        self._kernels: set[int] = set()
        self._orthogonalised = keras.optimizers.Muon().zeropower_via_newtonschulz5

    def get_config(self) -> dict[str, Any]:
        """Returns what builds the same optimizer again."""
        return {**super().get_config(), "kernel_rate": self._kernel_rate}

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the momenta, and finds the variables that are kernels of convolutions."""
        super().build(variables)
        self._kernels = {
            index for index, each in enumerate(variables) if each.path.endswith("_conv/kernel")
        }

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Steps one variable."""
        index = self._get_variable_index(variable)
        if index not in self._kernels:
            super().update_step(gradient, variable, learning_rate)
            return
        past = self.momentums[index]
        momentum = ops.cast(self.momentum, variable.dtype)
        summed = momentum * past + gradient
        self.assign(past, summed)
        ahead = momentum * summed + gradient if self.nesterov else summed
        filters = variable.shape[-1]
        # bfloat16, as in that implementation: the result need not be exact.
        ahead = ops.cast(ops.reshape(ahead, (-1, filters)), "bfloat16")
        step = ops.cast(self._orthogonalised(ahead, _ITERATIONS), variable.dtype)
        kernel = ops.reshape(variable, (-1, filters))
        length = filters**0.5
        rate = ops.cast(learning_rate, variable.dtype) * self._kernel_rate
        moved = _of_length(kernel, length) - rate * _of_length(step, length)
        self.assign(variable, ops.reshape(moved, variable.shape))


def _of_length(matrix: Any, length: float) -> Any:
    return matrix * (length / (ops.norm(matrix) + 1e-7))
