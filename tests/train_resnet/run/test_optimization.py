from dataclasses import replace

import pytest

from train_resnet.run.optimization import rate_after, stops_early
from train_resnet.run.recipe import Recipe


def test_rate_after_a_plateau_falls_and_a_run_stops_early() -> None:
    recipe = Recipe(schedule="constant", learning_rate=1e-3, plateau=2, patience=3)
    losses = [1.0, 0.9, 0.95, 0.92]
    history = [{"validation_loss": loss} for loss in losses]
    rates = [rate_after(recipe, history[:count]) for count in range(5)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, 1e-4])
    assert not stops_early(recipe, history)
    assert stops_early(recipe, [*history, {"validation_loss": 0.91}])
    assert not stops_early(replace(recipe, patience=0), [*history, *history])
