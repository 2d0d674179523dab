import keras
import numpy as np
import pytest

from train_resnet.run.data import Batch
from train_resnet.run.optimization import compile_network
from train_resnet.run.recipe import Recipe
from train_resnet.run.steps import SharpnessAware, train_on_batch

RECIPE = Recipe(arch="tiny", dropout=0.0, precision="float32", learning_rate=0.01, epochs=1)


@pytest.fixture(scope="module")
def batch() -> Batch:
    rng = np.random.default_rng(0)
    heads = ("fer_head", "votes_head")
    return Batch(
        rng.integers(0, 256, (16, 48, 48, 1)).astype(np.float32),
        {head: np.eye(7, dtype=np.float32)[rng.integers(0, 7, 16)] for head in heads},
        {head: np.ones(16, np.float32) for head in heads},
    )


def network() -> keras.Model:
    built = RECIPE.build()
    compile_network(built, RECIPE, steps=7)
    return built


def kernels(trained: keras.Model) -> np.ndarray:
    return np.concatenate([variable.numpy().ravel() for variable in trained.trainable_variables])


def test_a_sharpness_aware_step_of_no_length_is_a_plain_one(batch: Batch) -> None:
    plain, aware = network(), network()
    steps = SharpnessAware(aware, radius=1e-9)
    for _ in range(4):
        assert steps.train_on_batch(batch) == pytest.approx(train_on_batch(plain, batch), abs=1e-4)
    np.testing.assert_allclose(kernels(aware), kernels(plain), atol=1e-5)


def test_a_sharpness_aware_step_learns_from_uphill(batch: Batch) -> None:
    plain, aware = network(), network()
    loss, start = train_on_batch(plain, batch), kernels(aware)
    uphill = SharpnessAware(aware, radius=0.5).train_on_batch(batch)
    assert loss + 0.1 < uphill < loss + 5
    # And steps from where it began: with the warm-up's first rate of zero, not at all.
    np.testing.assert_allclose(kernels(aware), start, atol=1e-6)
