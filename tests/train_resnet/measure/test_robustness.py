import numpy as np
import pytest

from model.mixture import Logits, Mixture
from preprocessing.fer2013 import Fer2013
from train_resnet.measure.robustness import CONDITIONS, Condition, measure_robustness
from train_resnet.report.plots import plot_robustness
from train_resnet.report.tables import robustness_table
from train_resnet.run import degradation


@pytest.fixture
def image() -> np.ndarray:
    """A smooth light spot on grey, (48, 48) uint8."""
    y, x = np.mgrid[:48, :48]
    return (80 + 120 * np.exp(-((x - 20) ** 2 + (y - 28) ** 2) / 60)).astype(np.uint8)


def test_degradation_of_light_is_what_the_names_say(image: np.ndarray) -> None:
    assert degradation.darken(image, 0.25).max() == image.max() // 4
    flat = degradation.flatten(image, 0.5)
    assert np.ptp(flat) == pytest.approx(np.ptp(image) / 2, abs=1)
    assert flat.mean() == pytest.approx(image.mean(), abs=1)
    assert (
        degradation.gamma(image, 2.5).mean() < image.mean() < degradation.gamma(image, 0.4).mean()
    )
    np.testing.assert_array_equal(degradation.gamma(image, 1), image)


def test_degradation_of_detail_is_what_the_names_say() -> None:
    board = (np.indices((48, 48)).sum(0) % 2 * 255).astype(np.uint8)
    assert degradation.blur(board, 1).std() < board.std() / 5
    assert degradation.shrink(board, 24).std() < 1
    smooth = np.tile(np.linspace(50, 200, 48), (48, 1)).astype(np.uint8)
    rough = [np.abs(degradation.compress(smooth, q).astype(int) - smooth).mean() for q in (90, 10)]
    assert rough[0] < rough[1] < 10
    grey = np.full((48, 48), 128, np.uint8)
    noisy = degradation.add_noise(grey, 20, np.random.default_rng(0))
    assert noisy.std() == pytest.approx(20, rel=0.1)


def test_turn_is_counter_clockwise_about_the_middle() -> None:
    image = np.zeros((48, 48), np.uint8)
    image[22:26, 40:44] = 255
    y, x = np.argwhere(degradation.turn(image, 30) > 128).mean(0)
    assert x == pytest.approx(23.5 + 18 * np.cos(np.pi / 6), abs=1)
    assert y == pytest.approx(23.5 - 18 * np.sin(np.pi / 6), abs=1)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: f"{c.kind} {c.degree}")
def test_conditions_change_an_image_and_keep_its_form(
    condition: Condition, image: np.ndarray
) -> None:
    changed = condition.change(image)
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert np.abs(changed.astype(int) - image).mean() > 0.2
    np.testing.assert_array_equal(changed, condition.change(image))


def test_conditions_cover_eyes_and_mouth() -> None:
    light = np.full((48, 48), 255, np.uint8)
    covers = {c.degree: c.change(light) < 255 for c in CONDITIONS if c.kind == "covered"}
    # The template's eyes lie in row 18, its nose ends in row 32, and the mouth is below that.
    assert covers["eyes"][18, 11:36].all()
    assert not covers["eyes"][32:].any()
    assert covers["mouth"][33:45, 15:33].all()
    assert not covers["mouth"][:24].any()


def by_brightness(crops: np.ndarray) -> Logits:
    """Right on the made-up faces: which rows are bright in their middle."""
    heights = np.stack([crops[:, 6 * c : 6 * c + 8, 10:38].mean((1, 2)) for c in range(7)], axis=1)
    maps = np.zeros((len(crops), 1, 1, 7), np.float32)
    return Logits(heights.astype(np.float32), heights.astype(np.float32), maps, maps)


@pytest.mark.slow
def test_measure_robustness_of_a_network_that_looks_at_the_mouth(
    toy: Fer2013, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = measure_robustness(by_brightness, Mixture(), toy.split("PublicTest"))
    accuracy = {
        (r["kind"], r["degree"]): r["accuracy"] for r in records if r["output"] == "votes_head"
    }
    assert len(accuracy) == len(CONDITIONS) + 1
    assert len(records) == 4 * len(accuracy)
    assert accuracy["clean", ""] == 1
    assert accuracy["noise", "10 levels"] == 1
    assert accuracy["covered", "mouth"] < 0.9
    assert {r["faces_found"] for r in records} == {0.0}
    text = robustness_table(records)
    assert "| clean |  | 0 % | 100.0 % |" in text
    assert f"| covered | mouth | 0 % | {100 * accuracy['covered', 'mouth']:.1f} % (-" in text
    path = tmp_path_factory.mktemp("plot") / "robustness.png"
    plot_robustness(records, path)
    assert path.read_bytes().startswith(b"\x89PNG")
