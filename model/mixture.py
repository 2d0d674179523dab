"""One answer from two heads: FER-2013's labels and the FER+ votes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from model.labels import EMOTIONS


@dataclass(frozen=True, eq=False)
class Logits:
    """What the network says of n faces.

    Attributes:
        fer_head: `(n, 7)` float32.
        votes_head: `(n, 7)` float32.
        fer_maps: `(n, side, side, 7)` float32, whose means are `fer_head`.
        votes_maps: `(n, side, side, 7)` float32, whose means are `votes_head`.
    """

    fer_head: np.ndarray
    votes_head: np.ndarray
    fer_maps: np.ndarray
    votes_maps: np.ndarray

    @classmethod
    def stack(cls, answers: Sequence[dict[str, Any]]) -> "Logits":
        """Puts the answers for single faces together."""
        if not answers:
            head = np.zeros((0, len(EMOTIONS)), np.float32)
            return cls.of_heads(head, head)
        return cls(*(np.concatenate([a[f.name] for a in answers]) for f in fields(cls)))

    def mirrored(self) -> "Logits":
        """The same with its maps mirrored, which brings those of mirrored faces back."""
        maps = self.fer_maps[:, :, ::-1], self.votes_maps[:, :, ::-1]
        return Logits(self.fer_head, self.votes_head, *maps)

    @classmethod
    def of_heads(cls, fer_head: np.ndarray, votes_head: np.ndarray) -> "Logits":
        """Logits whose maps are single points, and so their own means."""
        return cls(fer_head, votes_head, fer_head[:, None, None], votes_head[:, None, None])

    @classmethod
    def mean(cls, views: Sequence["Logits"]) -> "Logits":
        """The mean of several views of the same faces, whose maps are of one size."""
        return cls(
            *(np.mean([getattr(view, f.name) for view in views], axis=0) for f in fields(cls))
        )


@dataclass(frozen=True)
class Mixture:
    """How the served probabilities come from the two heads.

    Each head's logits are divided by its temperature (Guo et al., "On Calibration of Modern Neural
    Networks", ICML 2017) and each emotion's bias is added (Alexandari et al., "Maximum Likelihood
    with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020), the two
    distributions are mixed, and the mixture, which is less sure than either, gets a temperature of
    its own.

    Attributes:
        votes_share: of the votes head in the mixture, 0 to 1.
        fer_temperature: divides the FER head's logits.
        votes_temperature: divides the votes head's logits.
        served_temperature: divides the logarithm of the mixture.
        fer_bias: of each emotion, added to the FER head's logits after the division.
        votes_bias: of each emotion, added to the votes head's.

    Raises:
        ValueError: a bias is not of the seven emotions.
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
                raise ValueError(f"A bias is {len(EMOTIONS)} numbers. Received: {bias}")

    def probabilities(self, logits: Logits) -> dict[str, np.ndarray]:
        """The distributions of `fer_head`, `votes_head` and `served`, each `(n, 7)` float32."""
        fer = softmax(logits.fer_head / self.fer_temperature + np.asarray(self.fer_bias))
        votes = softmax(logits.votes_head / self.votes_temperature + np.asarray(self.votes_bias))
        mixed = (1 - self.votes_share) * fer + self.votes_share * votes
        served = softmax(np.log(np.maximum(mixed, 1e-12)) / self.served_temperature)
        return {"fer_head": fer, "votes_head": votes, "served": served}

    def maps(self, logits: Logits) -> np.ndarray:
        """Both heads' maps in the proportion of the answer, `(n, side, side, 7)` float32.

        They show what in the face spoke for an emotion, so the biases are not in them.
        """
        share = self.votes_share
        return (
            logits.fer_maps * (1 - share) / self.fer_temperature
            + logits.votes_maps * share / self.votes_temperature
        )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits along the last axis, as float32."""
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    shares: np.ndarray = exponentials / exponentials.sum(-1, keepdims=True)
    return shares.astype(np.float32)
