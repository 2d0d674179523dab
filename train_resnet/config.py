"""What a training run is made of: the architectures by name, and the recipe."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras

from model.baselines import mini_xception, plain_cnn
from model.resnet import resnet

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "resnet18-w16": partial(resnet, width=16),
    "resnet18-w24": partial(resnet, width=24),
    "resnet18-w32": partial(resnet, width=32),
    "resnet34-w32": partial(resnet, width=32, blocks=(3, 4, 6, 3)),
    "plain-cnn-w32": partial(plain_cnn, width=32),
    "mini-xception": mini_xception,
}


@dataclass(frozen=True)
class Recipe:
    """One training run, whole: the same recipe and seed on the same machine give the same network.

    Expected of the defaults: about 70 % of PrivateTest on the FER head and 84 % of the FER+ winners
    on the votes head, in about 50 minutes on two idle cores with AVX-512 bfloat16
    (`model/MODEL_CARD.md` has what the committed weights reached).

    Attributes:
        arch: a name of `ARCHITECTURES`.
        epochs: passes over Training; the learning rate falls to zero with the last step.
        batch_size: images a step.
        learning_rate: at the end of the warm-up; from there half a cosine.
        warmup_epochs: over these it rises from zero.
        momentum: Nesterov's.
        weight_decay: of the kernels alone, per unit of learning rate, not multiplied by the
            momentum's sum: 0.005 here is the 5e-4 of implementations that add it to the gradient.
        label_smoothing: of FER-2013's labels; the votes are soft already.
        dropout: before the heads.
        rotation: largest turn to either side, degrees.
        zoom: largest relative change of size, to either side.
        shift: largest move in either direction, as a share of the side.
        contrast: largest relative change, to either side.
        brightness: largest change, to either side, as a share of the range.
        erasing: probability that a rectangle of the image is painted over.
        averaging: weight of the past in the running mean of the weights, per step.
        seed: of the first weights, the order and every random change.
        precision: Keras's dtype policy.
    """

    arch: str = "resnet18-w24"
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 0.1
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 5e-3
    label_smoothing: float = 0.1
    dropout: float = 0.2
    rotation: float = 15.0
    zoom: float = 0.15
    shift: float = 0.12
    contrast: float = 0.3
    brightness: float = 0.15
    erasing: float = 0.3
    averaging: float = 0.998
    seed: int = 0
    precision: str = "mixed_bfloat16"

    def build(self) -> keras.Model:
        """The network, untrained, in this recipe's precision."""
        if self.arch not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise ValueError(f"An architecture is one of {known}. Received: {self.arch!r}")
        keras.utils.set_random_seed(self.seed)
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            return ARCHITECTURES[self.arch](dropout=self.dropout)
        finally:
            keras.config.set_dtype_policy(before)
