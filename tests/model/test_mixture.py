import numpy as np
import pytest

from model.mixture import Logits, Mixture, softmax


@pytest.fixture
def logits() -> Logits:
    rng = np.random.default_rng(0)
    heads = rng.normal(size=(2, 5, 7)).astype(np.float32)
    maps = rng.normal(size=(2, 5, 6, 6, 7)).astype(np.float32)
    return Logits(*heads, *maps)


def test_softmax_is_stable() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(("share", "head"), [(0.0, "fer_head"), (1.0, "votes_head")])
def test_probabilities_at_the_ends_of_the_share_are_the_heads(
    logits: Logits, share: float, head: str
) -> None:
    answers = Mixture(share, fer_temperature=0.7, votes_temperature=1.4).probabilities(logits)
    np.testing.assert_allclose(answers["served"], answers[head], atol=1e-6)


def test_probabilities_at_half_are_the_mean_of_both_heads(logits: Logits) -> None:
    answers = Mixture(0.5).probabilities(logits)
    mean = (answers["fer_head"] + answers["votes_head"]) / 2
    np.testing.assert_allclose(answers["served"], mean, atol=1e-6)


def test_temperature_changes_confidence_but_no_answer(logits: Logits) -> None:
    warm = Mixture(0.5, served_temperature=2.0).probabilities(logits)["served"]
    cold = Mixture(0.5, served_temperature=0.5).probabilities(logits)["served"]
    np.testing.assert_array_equal(warm.argmax(1), cold.argmax(1))
    assert (warm.max(1) < cold.max(1)).all()


def test_bias_moves_its_heads_answers_but_no_map(logits: Logits) -> None:
    towards_fear = (0.0, 0.0, 50.0, 0.0, 0.0, 0.0, 0.0)
    plain, biased = Mixture(0.0), Mixture(0.0, fer_temperature=2.0, fer_bias=towards_fear)
    answers = biased.probabilities(logits)
    assert (answers["fer_head"].argmax(1) == 2).all()
    np.testing.assert_array_equal(answers["votes_head"], plain.probabilities(logits)["votes_head"])
    np.testing.assert_allclose(biased.maps(logits), plain.maps(logits) / 2)


def test_mixture_refuses_a_bias_of_another_length() -> None:
    with pytest.raises(ValueError, match="A bias must be 7 numbers"):
        Mixture(votes_bias=(0.0, 1.0))


def test_mirrored_twice_changes_nothing(logits: Logits) -> None:
    again = logits.mirrored().mirrored()
    np.testing.assert_array_equal(again.fer_maps, logits.fer_maps)
    assert not np.array_equal(logits.mirrored().fer_maps, logits.fer_maps)
