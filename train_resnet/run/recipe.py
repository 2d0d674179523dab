"""The recipe: all that a training run depends on but the data."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from model.labels import EMOTIONS
from train_resnet.options import Count, Model, Models, NotNegative, Share, check


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run, whole: the same recipe and seed on the same machine give the same network.

    `python -m train_resnet train --data fer2013.csv.gz --votes fer2013new.csv --output DIR` trains
    the defaults. With `--teachers`, as in the first command of docs/training.md, they give version 3:
    70.8 % of PrivateTest on the FER head and 85.5 % of the FER+ winners on the votes head, give or
    take 0.8 points from seed to seed, in 111 minutes on two cores with AVX-512 bfloat16. The served
    weights are two networks side by side, at 74.4 and 87.3 %: one goes on from version 3 for 34
    epochs (102 minutes), the other begins with a face recogniser (16 epochs, 93 minutes). That page
    has the commands; STUDY.md says why each value is what it is.

    Every field is an option of `train`, and its text and range are what `--help` shows.

    Raises:
        ValueError: a value is outside its range, or is no choice of its option.
    """

    arch: str = "resnet18-w32-std"
    """Name of the network, one that `architectures` lists."""

    epochs: Count = 60
    """Passes over Training. The cosine schedule ends with the last."""

    batch_size: Count = 128
    """Images in a step."""

    optimizer: Literal["sgd", "adam", "rmsprop"] = "sgd"
    """sgd has momentum and weight decay; adam and rmsprop are Keras's own."""

    schedule: Literal["cosine", "constant"] = "cosine"
    """Of the learning rate. cosine is a warm-up and then half a cosine down to zero."""

    plateau: Annotated[int, tyro.conf.arg(metavar="EPOCHS")] = 0
    """After so many epochs without a lower validation loss, a constant rate falls to a tenth. 0: never."""

    patience: Annotated[int, tyro.conf.arg(metavar="EPOCHS")] = 0
    """After so many epochs without a lower validation loss, the run ends. 0: it runs to the end."""

    learning_rate: float = 0.15
    """The constant rate, or the rate at the end of the warm-up."""

    kernel_rate: float = 0.0
    """How far an orthogonalised step (Muon) moves a convolution's kernel, as a share of the kernel's
    length, when the learning rate is at its highest. 0: the kernels take plain steps."""

    warmup_epochs: float = 1.0
    """Epochs over which the rate rises from zero."""

    momentum: float = 0.9
    """Nesterov's momentum."""

    weight_decay: float = 5e-3
    """Of the kernels alone, per unit of learning rate. It is not multiplied by the momentum's sum:
    0.005 here is the 5e-4 of implementations that add the decay to the gradient."""

    label_smoothing: Share = 0.0
    """Of FER-2013's labels; the votes are soft already."""

    dropout: Share = 0.0
    """Share of the features dropped before the heads."""

    rotation: float = 15.0
    """Largest turn to either side, in degrees."""

    zoom: float = 0.15
    """Largest relative change of size, up or down."""

    shift: float = 0.12
    """Largest move in any direction, as a share of the side."""

    mirrored: Share = 0.5
    """Share of the images that are mirrored."""

    interpolation: Literal["cubic", "linear"] = "cubic"
    """Of the moved images. linear blurs in training what the tests show sharp."""

    contrast: float = 0.3
    """Largest relative change of contrast, up or down."""

    brightness: float = 0.15
    """Largest change of brightness, up or down, as a share of the range."""

    degradation: Share = 0.2
    """Share of the images that are darkened, blurred, compressed, made noisy or made small."""

    erasing: Share = 0.15
    """Share of the images that have a rectangle painted over."""

    mixup: NotNegative = 0.0
    """Alpha of the Beta distribution that decides how pairs of images are blended. 0: no blends."""

    early_share: Share = 0.75
    """Share of the epochs, from the first, that see smaller images, which cost less. The last epoch
    never does: best.keras is chosen among epochs of full size."""

    early_side: int = 32
    """Width and height of these smaller images, in pixels."""

    pretrained: Model = ""
    """Trained network to begin with: a name of weights, a .tflite file (the first of several networks
    side by side), a .keras file, or faceres.json of the npm package @vladmandic/human, whose face
    recogniser begins a mobilenet. Empty: the seed draws the first weights."""

    frozen: Annotated[str, tyro.conf.arg(metavar="LAYER")] = ""
    """Last of the layers that stay as --pretrained has them, batch statistics included."""

    teachers: Models = ()
    """Trained networks whose mean answer is learned too: names of weights, .tflite, .keras or .npz
    (answers) files."""

    teaching: Share = 0.5
    """Share of the teachers' answers in the targets."""

    averaging: Share = 0.998
    """Weight of the past in the running mean of the weights, per step. 0: no mean is kept."""

    drop: Annotated[tuple[str, ...], tyro.conf.arg(metavar="EMOTION ...")] = ()
    """Emotions whose images are neither learned nor validated on."""

    balanced: Annotated[int, tyro.conf.arg(metavar="IMAGES")] = 0
    """Images of each emotion in an epoch: some are repeated or left out. 0: as many as there are."""

    validation: Literal["PublicTest", "fifth", "fifth-after-balancing", "PublicTest-learned"] = (
        "PublicTest"
    )
    """What the network is chosen by. fifth holds out a fifth of Training, of each emotion alike. The
    last two are no validation, and there to show what they would pretend: the fifth is drawn after
    images were repeated to balance the emotions, or PublicTest is learned as well."""

    learn: Literal["labels", "votes"] = "labels"
    """What the FER head learns."""

    snapshots: Annotated[int, tyro.conf.arg(metavar="STEPS")] = 0
    """Keeps the network after every so many steps, for `evaluate --model A B ...`. 0: never."""

    seed: int = 0
    """Of the first weights, the order of the images, and every random change."""

    precision: Literal["mixed_bfloat16", "float32"] = "mixed_bfloat16"
    """What the network computes in."""

    def __post_init__(self) -> None:
        check(self)
        unknown = set(self.drop) - set(EMOTIONS)
        if unknown or len(set(self.drop)) == len(EMOTIONS):
            raise ValueError(
                f"--drop takes some of {', '.join(EMOTIONS)}. Received: {', '.join(self.drop)}"
            )

    def side(self, epoch: int) -> int | None:
        """Side in pixels of the images of an epoch, counted from 0; None for images as they are."""
        early = min(int(self.early_share * self.epochs), self.epochs - 1)
        return self.early_side if epoch < early else None
