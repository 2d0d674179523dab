import keras
import numpy as np
import pytest
from keras import layers

from train_resnet.run.muon import Muon


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.Conv2D(8, 3, use_bias=False, name="first_conv"),
            layers.BatchNormalization(),
            layers.Conv2D(7, 1, name="maps"),
        ]
    )


def stepped(network: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """The weights after two steps along gradients that differ in size by a thousand."""
    rng = np.random.default_rng(0)
    variables = network.trainable_variables
    for size in (1.0, 1e-3):
        gradients = [size * rng.normal(size=each.shape).astype(np.float32) for each in variables]
        optimizer.apply(gradients, variables)
    return [each.numpy() for each in variables]


def test_muon_moves_a_kernel_by_its_rate_in_every_direction(network: keras.Model) -> None:
    kernel = network.get_layer("first_conv").kernel
    length = np.sqrt(8)
    before = kernel.numpy().reshape(-1, 8)
    before *= length / np.linalg.norm(before)
    optimizer = Muon(0.1, kernel_rate=0.3, momentum=0.9)
    gradient = np.random.default_rng(0).normal(size=(36, 8)).astype(np.float32)
    gradient[:, 0] *= 1e-2  # What hardly any image tells of.
    optimizer.apply([gradient.reshape(kernel.shape)], [kernel])
    step = before - kernel.numpy().reshape(-1, 8)
    assert np.linalg.norm(step) == pytest.approx(0.1 * 0.3 * length, rel=1e-4)
    sizes = np.linalg.svd(step, compute_uv=False)
    assert sizes.max() / sizes.min() < 2
    assert np.linalg.svd(gradient, compute_uv=False)[-1] < 0.02 * np.linalg.norm(gradient, 2)
    # It goes against the gradient.
    assert (step * gradient).sum() > 0


def test_muon_keeps_the_length_of_a_kernel(network: keras.Model) -> None:
    kernel = stepped(network, Muon(0.1, kernel_rate=1.0, momentum=0.9, nesterov=True))[0]
    assert np.linalg.norm(kernel) < 1.2 * np.sqrt(8)


def test_muon_steps_all_other_variables_as_sgd_does(network: keras.Model) -> None:
    options = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
    other = keras.models.clone_model(network)
    other.set_weights(network.get_weights())
    by_muon = stepped(network, Muon(0.1, kernel_rate=0.3, **options))
    by_sgd = stepped(other, keras.optimizers.SGD(0.1, **options))
    for ours, plain in zip(by_muon[1:], by_sgd[1:], strict=True):
        np.testing.assert_array_equal(ours, plain)
    assert np.abs(by_muon[0] - by_sgd[0]).max() > 0.1


def test_muon_is_made_again_by_its_configuration() -> None:
    optimizer = Muon(0.1, kernel_rate=0.3, momentum=0.9)
    again = Muon.from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()


def test_muon_needs_a_momentum() -> None:
    with pytest.raises(ValueError, match="momentum above 0"):
        Muon(0.1, kernel_rate=0.3)
