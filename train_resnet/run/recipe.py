"""The recipe: all that a training run depends on but the data."""

import math
from dataclasses import dataclass

import keras

from model.labels import EMOTIONS
from train_resnet.run.architectures import build

# What a run is validated on: FER-2013's own part for it; a fifth of Training, that of each class alike,
# which is not learned from; and two that are no validation, to show what they would pretend. There the
# fifth is drawn after classes were balanced by repeating images, or PublicTest is learned from as well.
VALIDATIONS = ("PublicTest", "fifth", "fifth-after-balancing", "PublicTest-learned")

# Least and largest value of what people give.
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, math.inf),
    "batch_size": (1, math.inf),
    "label_smoothing": (0, 1),
    "dropout": (0, 1),
    "erasing": (0, 1),
    "mixup": (0, math.inf),
    "early_share": (0, 1),
    "teaching": (0, 1),
    "averaging": (0, 1),
    "mirrored": (0, 1),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": ("sgd", "adam", "rmsprop"),
    "schedule": ("cosine", "constant"),
    "validation": VALIDATIONS,
    "learn": ("labels", "votes"),
}


@dataclass(frozen=True)
class Recipe:
    """One training run, whole: the same recipe and seed on the same machine give the same network.

    `python -m train_resnet train --data fer2013.csv.gz --votes fer2013new.csv --output DIR` trains
    the defaults; with --teachers, as the model card's first command has it, they give version 3:
    70.8 % of PrivateTest on the FER head, 85.5 % of the FER+ winners on the votes head, within
    about 0.8 points from seed to seed, in 111 minutes on two cores with AVX-512 bfloat16. What is
    served is a network that goes on from that one for 34 epochs (102 minutes) and one that begins
    with a face recogniser (16 epochs, 93 minutes), side by side: 74.4 and 87.3 %.
    The commands are in the model card; why each value is what it is, in STUDY.md.

    Attributes:
        arch: a name of `train_resnet.run.architectures.ARCHITECTURES`.
        epochs: passes over Training; the learning rate falls to zero with the last step.
        batch_size: images a step.
        optimizer: "sgd", with momentum and weight decay, "adam" or "rmsprop", as Keras has them.
        schedule: "cosine": a warm-up, from there half a cosine; or "constant".
        plateau: epochs without a lower validation loss after which a constant rate becomes a tenth;
            0 leaves it.
        patience: epochs without a lower validation loss after which the run ends; 0 runs to the end.
        learning_rate: at the end of the warm-up, or the constant one.
        kernel_rate: of the convolutions' kernels, at the same time: how far an orthogonalised step
            goes (`muon.Muon`), as a share of the kernel's length; 0 steps them like all else.
        warmup_epochs: over these it rises from zero.
        momentum: Nesterov's.
        weight_decay: of the kernels alone, per unit of learning rate, not multiplied by the
            momentum's sum: 0.005 here is the 5e-4 of implementations that add it to the gradient.
        label_smoothing: of FER-2013's labels; the votes are soft already.
        dropout: before the heads.
        rotation: largest turn to either side, degrees.
        zoom: largest relative change of size, to either side.
        shift: largest move in either direction, as a share of the side.
        mirrored: share of the images that are mirrored.
        interpolation: of these moves, "cubic" or "linear"; the second blurs what is tested sharp.
        contrast: largest relative change, to either side.
        brightness: largest change, to either side, as a share of the range.
        degradation: probability that an image is darkened, blurred, compressed, made noisy or small.
        erasing: probability that a rectangle of the image is painted over.
        mixup: alpha of the Beta distribution that pairs of images are blended by; 0 blends none.
        early_share: share of the epochs, from the first, that see smaller images. The network pools
            over the whole face and takes any size, so they cost as much less as they are smaller.
            The last never is of them, for `best.keras` is one of the others.
        early_side: side in pixels of these images.
        sharpness: how far uphill a sharpness-aware step looks; 0 takes plain steps, at half the cost.
        pretrained: trained network to begin with instead of first weights drawn by the seed: name of
            weights, `.tflite` (of several networks side by side the first) or `.keras` file, or
            "dlib", whose face recognition begins a dlib-resnet, or `faceres.json` of the npm package
            @vladmandic/human, whose recogniser begins a mobilenet; "" draws them.
        frozen: name of a layer whose weights, with those of all layers before it, stay as they
            begin, their batch statistics too: what a recogniser sees first, and most of its cost.
        teachers: trained networks whose answers it learns besides: names of weights, `.tflite` or
            `.keras` files, or `.npz` files of their answers.
        teaching: share of their answers in the targets.
        averaging: weight of the past in the running mean of the weights, per step; 0 keeps no mean.
        drop: emotions whose images are neither learned from nor validated on.
        balanced: how many images of each emotion an epoch has, some repeated or left out; 0 takes
            them as they are.
        validation: one of `VALIDATIONS`.
        learn: what the FER head learns, "labels" or "votes".
        snapshots: steps after which the network is kept, each time; 0 keeps none.
        seed: of the first weights, the order and every random change.
        precision: Keras's dtype policy.

    Raises:
        ValueError: a value out of its range.
    """

    arch: str = "resnet18-w32-std"
    epochs: int = 60
    batch_size: int = 128
    optimizer: str = "sgd"
    schedule: str = "cosine"
    plateau: int = 0
    patience: int = 0
    learning_rate: float = 0.15
    kernel_rate: float = 0.0
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 5e-3
    label_smoothing: float = 0.0
    dropout: float = 0.0
    rotation: float = 15.0
    zoom: float = 0.15
    shift: float = 0.12
    mirrored: float = 0.5
    interpolation: str = "cubic"
    contrast: float = 0.3
    brightness: float = 0.15
    degradation: float = 0.2
    erasing: float = 0.15
    mixup: float = 0.0
    early_share: float = 0.75
    early_side: int = 32
    sharpness: float = 0.0
    pretrained: str = ""
    frozen: str = ""
    teachers: tuple[str, ...] = ()
    teaching: float = 0.5
    averaging: float = 0.998
    drop: tuple[str, ...] = ()
    balanced: int = 0
    validation: str = "PublicTest"
    learn: str = "labels"
    snapshots: int = 0
    seed: int = 0
    precision: str = "mixed_bfloat16"

    def __post_init__(self) -> None:
        for name, (least, largest) in _RANGES.items():
            if not least <= (value := getattr(self, name)) <= largest:
                option = "--" + name.replace("_", "-")
                reach = f"at least {least}" if largest == math.inf else f"from {least} to {largest}"
                raise ValueError(f"{option} is {value}; it is {reach}.")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"--{name} is one of {', '.join(choices)}. Received: {getattr(self, name)!r}"
                )
        unknown = set(self.drop) - set(EMOTIONS)
        if unknown or len(set(self.drop)) == len(EMOTIONS):
            raise ValueError(
                f"--drop takes some of {', '.join(EMOTIONS)}. Received: {', '.join(self.drop)}"
            )

    def side(self, epoch: int) -> int | None:
        """Side in pixels of the images of an epoch, counted from 0; None for images as they are."""
        early = min(int(self.early_share * self.epochs), self.epochs - 1)
        return self.early_side if epoch < early else None

    def build(self) -> keras.Model:
        """The network, untrained, in this recipe's precision."""
        keras.utils.set_random_seed(self.seed)
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            network = build(self.arch, self.dropout, side=None)
        finally:
            keras.config.set_dtype_policy(before)
        if self.frozen:
            names = [layer.name for layer in network.layers]
            if self.frozen not in names:
                raise ValueError(f"--frozen is {self.frozen}; {self.arch} has no such layer.")
            for layer in network.layers[: names.index(self.frozen) + 1]:
                layer.trainable = False
        return network
