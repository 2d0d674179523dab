"""The recipe: everything that a training run depends on, except the data."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from model.labels import EMOTIONS
from train_resnet.options import Count, Model, Models, NotNegative, Share, check


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run. The same recipe and seed on the same machine give the same network.

    `python -m train_resnet train --data fer2013.csv.gz --votes fer2013new.csv --output DIR` trains
    with the defaults. With `--teachers`, as in the first command of docs/training.md, they give version
    3. On PrivateTest, its FER head is right on 70.8 % of the labels and its votes head on 85.5 % of the
    FER+ winners, give or take 0.8 points from seed to seed. The run takes 111 minutes on two cores with
    AVX-512 bfloat16. The served weights are two networks side by side, which reach 74.4 and 87.3 %. One
    continues version 3 for 34 epochs (102 minutes), the other begins with a face recogniser (16 epochs,
    93 minutes). That page has the commands; STUDY.md says why each value was chosen.

    Every field is an option of `train`. `--help` shows its text and range.

    Raises:
        ValueError: a value is outside its range, or not among its option's choices.
    """

    arch: str = "resnet18-w32-std"
    """The network's name, as `architectures` lists it."""

    epochs: Count = 60
    """Passes over Training. The cosine schedule ends with the last one."""

    batch_size: Count = 128
    """Images in a step."""

    optimizer: Literal["sgd", "adam", "rmsprop"] = "sgd"
    """sgd has momentum and weight decay; adam and rmsprop are Keras's own."""

    schedule: Literal["cosine", "constant"] = "cosine"
    """The schedule of the learning rate. cosine is a warm-up and then half a cosine down to zero."""

    plateau: Annotated[int, tyro.conf.arg(metavar="EPOCHS")] = 0
    """After this many epochs without a lower validation loss, a constant rate falls to a tenth. 0: never."""

    patience: Annotated[int, tyro.conf.arg(metavar="EPOCHS")] = 0
    """After this many epochs without a lower validation loss, the run ends. 0: it runs to the end."""

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
    """The weight decay of the kernels, per unit of learning rate. It is not multiplied by the momentum's
    sum: 0.005 here equals the 5e-4 of implementations that add the decay to the gradient."""

    label_smoothing: Share = 0.0
    """The smoothing of FER-2013's labels; the votes are soft already."""

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
    """The interpolation of moved images. linear blurs images that are sharp in the tests."""

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
    """Share of the epochs, counted from the first, that see smaller images, which cost less. The last
    epoch is always full size, because only full-size epochs save best.keras."""

    early_side: int = 32
    """Width and height of these smaller images, in pixels."""

    pretrained: Model = ""
    """The trained network to begin with: a name of weights, a .tflite file (of several networks side by
    side, the first is used), a .keras file, or, for a mobilenet, faceres.json of the npm package
    @vladmandic/human, a face recogniser. Empty: the seed draws the first weights."""

    frozen: Annotated[str, tyro.conf.arg(metavar="LAYER")] = ""
    """This layer and all before it keep the values of --pretrained, batch statistics included."""

    teachers: Models = ()
    """Trained networks whose mean answer is learned too: names of weights, or .tflite, .keras or .npz
    (answers) files."""

    teaching: Share = 0.5
    """Share of the teachers' answers in the targets."""

    averaging: Share = 0.998
    """The past's weight in the running mean of the network's weights, per step. 0: no mean is kept."""

    drop: Annotated[tuple[str, ...], tyro.conf.arg(metavar="EMOTION ...")] = ()
    """Emotions whose images are neither learned nor validated on."""

    balanced: Annotated[int, tyro.conf.arg(metavar="IMAGES")] = 0
    """Images per emotion in an epoch; some are repeated or left out. 0: as many as there are."""

    validation: Literal["PublicTest", "fifth", "fifth-after-balancing", "PublicTest-learned"] = (
        "PublicTest"
    )
    """The images that choose the network. fifth holds out a fifth of Training, the same share of each
    emotion. The last two are not valid: they show which accuracy they would pretend.
    fifth-after-balancing draws the fifth after images were repeated to balance the emotions.
    PublicTest-learned also learns PublicTest."""

    learn: Literal["labels", "votes"] = "labels"
    """The targets of the FER head."""

    snapshots: Annotated[int, tyro.conf.arg(metavar="STEPS")] = 0
    """Keeps a copy of the network each time this many steps are done, for `evaluate --model A B ...`. 0: never."""

    seed: int = 0
    """Seed of the first weights, the order of the images, and every random change."""

    precision: Literal["mixed_bfloat16", "float32"] = "mixed_bfloat16"
    """The numbers that the network computes with."""

    def __post_init__(self) -> None:
        check(self)
        unknown = set(self.drop) - set(EMOTIONS)
        if unknown or len(set(self.drop)) == len(EMOTIONS):
            raise ValueError(
                f"--drop takes some of {', '.join(EMOTIONS)}. Received: {', '.join(self.drop)}"
            )

    def side(self, epoch: int) -> int | None:
        """Returns the side of an epoch's images in pixels, or None for full size. Epochs count from 0."""
        early = min(int(self.early_share * self.epochs), self.epochs - 1)
        return self.early_side if epoch < early else None
