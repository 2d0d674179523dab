"""Combines the two heads, for FER-2013's labels and the FER+ votes, into one answer."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from model.labels import EMOTIONS


@dataclass(frozen=True, eq=False)
class Logits:
    """The network's output for n faces.

    Attributes:
        fer_head: `(n, 7)` float32, the logits of the head for FER-2013's labels.
        votes_head: `(n, 7)` float32, the logits of the head for the FER+ votes.
        fer_maps: `(n, side, side, 7)` float32; the mean of each map is its logit in `fer_head`.
        votes_maps: `(n, side, side, 7)` float32; the mean of each map is its logit in `votes_head`.
    """

    fer_head: np.ndarray
    votes_head: np.ndarray
    fer_maps: np.ndarray
    votes_maps: np.ndarray

    @classmethod
    def stack(cls, answers: Sequence[dict[str, Any]]) -> "Logits":
        """Stacks the outputs for single faces."""
        if not answers:
            head = np.zeros((0, len(EMOTIONS)), np.float32)
            return cls.of_heads(head, head)
        return cls(*(np.concatenate([a[f.name] for a in answers]) for f in fields(cls)))

    def mirrored(self) -> "Logits":
        """The same logits with mirrored maps: maps of mirrored faces then fit the original faces."""
        maps = self.fer_maps[:, :, ::-1], self.votes_maps[:, :, ::-1]
        return Logits(self.fer_head, self.votes_head, *maps)

    @classmethod
    def of_heads(cls, fer_head: np.ndarray, votes_head: np.ndarray) -> "Logits":
        """Logits with maps of a single point, which equals its own mean."""
        return cls(fer_head, votes_head, fer_head[:, None, None], votes_head[:, None, None])

    @classmethod
    def mean(cls, views: Sequence["Logits"]) -> "Logits":
        """The mean over several views of the same faces, with maps of the same size."""
        return cls(
            *(np.mean([getattr(view, f.name) for view in views], axis=0) for f in fields(cls))
        )


@dataclass(frozen=True)
class Mixture:
    """Computes the served probabilities from the two heads.

    Each head's logits are divided by the head's temperature (Guo et al., "On Calibration of Modern
    Neural Networks", ICML 2017), and a bias is added for each emotion (Alexandari et al., "Maximum
    Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020).
    Then the two distributions are mixed. The mixture is less sure than either head, so it gets its
    own temperature.

    Attributes:
        votes_share: the weight of the votes head in the mixture, 0 to 1.
        fer_temperature: the divisor of the FER head's logits.
        votes_temperature: the divisor of the votes head's logits.
        served_temperature: the divisor of the mixture's logarithm.
        fer_bias: seven numbers, added to the FER head's logits after the division.
        votes_bias: seven numbers, added to the votes head's logits after the division.

    Raises:
        ValueError: a bias does not have seven numbers.
    """

    votes_share: float = 0.5
    fer_temperature: float = 1.0
    votes_temperature: float = 1.0
    served_temperature: float = 1.0
    fer_bias: Sequence[float] = (0.0,) * len(EMOTIONS)
    votes_bias: Sequence[float] = (0.0,) * len(EMOTIONS)

    def __post_init__(self) -> None:
        for bias in (self.fer_bias, self.votes_bias):
            if np.shape(bias) != (len(EMOTIONS),):
                raise ValueError(f"A bias must be {len(EMOTIONS)} numbers. Received: {bias}")

    def probabilities(self, logits: Logits) -> dict[str, np.ndarray]:
        """The probabilities under `fer_head`, `votes_head` and `served`, each `(n, 7)` float32."""
        fer = softmax(logits.fer_head / self.fer_temperature + np.asarray(self.fer_bias))
        votes = softmax(logits.votes_head / self.votes_temperature + np.asarray(self.votes_bias))
        mixed = (1 - self.votes_share) * fer + self.votes_share * votes
        served = softmax(np.log(np.maximum(mixed, 1e-12)) / self.served_temperature)
        return {"fer_head": fer, "votes_head": votes, "served": served}

    def maps(self, logits: Logits) -> np.ndarray:
        """Both heads' maps, weighted as in the answer, `(n, side, side, 7)` float32.

        The maps show which parts of the face speak for an emotion, so they leave out the biases.
        """
        share = self.votes_share
        return (
            logits.fer_maps * (1 - share) / self.fer_temperature
            + logits.votes_maps * share / self.votes_temperature
        )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Converts logits to probabilities along the last axis, as float32."""
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    shares: np.ndarray = exponentials / exponentials.sum(-1, keepdims=True)
    return shares.astype(np.float32)
