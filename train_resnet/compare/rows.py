"""The rows of the comparison: what each report describes, as a recipe of the one trainer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from train_resnet.run.recipe import Recipe

# Where a report says nothing of changes to the images, none are made in its small networks, which it
# trains for minutes, and these, the usual ones, in its deep ones.
_AS_THEY_ARE: dict[str, Any] = {
    "rotation": 0.0, "zoom": 0.0, "shift": 0.0, "mirrored": 0.0, "contrast": 0.0,
    "brightness": 0.0, "degradation": 0.0, "erasing": 0.0,
}  # fmt: skip
_MOVED: dict[str, Any] = {
    **_AS_THEY_ARE, "rotation": 10.0, "zoom": 0.1, "shift": 0.1, "mirrored": 0.5,
    "interpolation": "linear",
}  # fmt: skip
# Keras's defaults, where a report says no more than "Adam".
_ADAM: dict[str, Any] = {
    "optimizer": "adam", "schedule": "constant", "learning_rate": 1e-3, "early_share": 0.0,
    "averaging": 0.0,
}  # fmt: skip
_SHALLOW: dict[str, Any] = {
    "arch": "cnn-shallow",
    "epochs": 21,
    "batch_size": 64,
    "snapshots": 1000,
}
_4CONV: dict[str, Any] = {"arch": "cnn-4conv", "epochs": 25, "plateau": 2, "mirrored": 0.5}
_4CONV_LONG: dict[str, Any] = {**_4CONV, "epochs": 100}
# This project's own recipe with what a run on an accelerator needs besides, as `ensemble` has it,
# and without the mean of the weights, which is worth nothing at the end of a long run (STUDY.md).
_OWN: dict[str, Any] = {"label_smoothing": 0.1, "dropout": 0.2, "erasing": 0.3, "averaging": 0.0}
_MEMBERS = 7


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: of the row and of its folder.
        what: what is trained, in a few words.
        claimed: what the report says it reaches; "" where there is no report.
        recipe: how it is trained; None for an ensemble, which is made of rows trained before.
        begins_with: row whose network this one goes on from.
        snapshots_of: row whose snapshots are averaged.
        members: rows that are averaged.
        mirrored_view: whether each face is also seen mirrored, as this project serves its network.
        memory: whether the peak memory of training is measured, by batch.
    """

    name: str
    what: str
    claimed: str = ""
    recipe: Recipe | None = None
    begins_with: str = ""
    snapshots_of: str = ""
    members: tuple[str, ...] = field(default_factory=tuple)
    mirrored_view: bool = False
    memory: bool = False


def _adam(arch: str, changes: dict[str, Any] = _AS_THEY_ARE, **recipe: Any) -> Recipe:
    return Recipe(**{**changes, **_ADAM, "arch": arch, **recipe})


ROWS = (
    Row("cnn-shallow", "two 5x5 convolutions, six classes", "62 %",
        _adam(**_SHALLOW, drop=("disgust",))),
    Row("cnn-shallow-snapshots", "nine checkpoints of the run above", "63.7 %",
        snapshots_of="cnn-shallow"),
    Row("cnn-wide", "three 5x5 convolutions, dropout 0.3, six classes", "63.6 %",
        _adam(**{**_SHALLOW, "arch": "cnn-wide"}, drop=("disgust",), dropout=0.3)),
    Row("cnn-wide-snapshots", "nine checkpoints of the run above", "65.9 %",
        snapshots_of="cnn-wide"),
    Row("mini-xception", "mini-Xception", "65 %",
        _adam("mini-xception", _MOVED, epochs=85, batch_size=64, plateau=12)),
    Row("cnn-4conv", "four blocks, batch 128, dropout 0.25", "66 %",
        _adam(**_4CONV, dropout=0.25), memory=True),
    Row("cnn-4conv-batch-16", "four blocks, batch 16, dropout 0.4", "90 %",
        _adam(**_4CONV, batch_size=16, dropout=0.4)),
    Row("cnn-4conv-batch-16-validation-learned",
        "batch 16, PublicTest learned from as well", "90 %",
        _adam(**_4CONV, batch_size=16, dropout=0.4, validation="PublicTest-learned")),
    Row("cnn-4conv-validation-learned", "batch 128, PublicTest learned from as well", "90 %",
        _adam(**_4CONV, dropout=0.25, validation="PublicTest-learned")),
    Row("cnn-4conv-validation-learned-long", "the row above for 100 epochs", "90 %",
        _adam(**_4CONV_LONG, dropout=0.25, validation="PublicTest-learned")),
    Row("cnn-4conv-long", "batch 128 for 100 epochs, PublicTest not learned from", "",
        _adam(**_4CONV_LONG, dropout=0.25)),
    Row("cnn-4conv-fifth-after-balancing",
        "batch 128, images repeated to balance the classes, then a fifth held out", "90 %",
        _adam(**_4CONV, dropout=0.25, validation="fifth-after-balancing", balanced=7215)),
    Row("cnn-4conv-fifth", "batch 128, a fifth held out first, then the rest balanced", "",
        _adam(**_4CONV, dropout=0.25, validation="fifth", balanced=5772)),
    Row("deepface-emotion", "DeepFace's architecture, trained here", "",
        _adam("deepface-emotion", epochs=30, batch_size=256, dropout=0.2, patience=4)),
    Row("cnn-rmsprop", "plain CNN, RMSprop", "65 %",
        _adam("cnn-rmsprop", _MOVED, epochs=50, batch_size=785, optimizer="rmsprop", dropout=0.5)),
    Row("dexpression", "DeXpression", "63 %",
        _adam("dexpression", _MOVED, epochs=50, batch_size=785)),
    Row("dcnn", "six convolutions, L2", "70 %",
        _adam("dcnn", _MOVED, epochs=60, batch_size=128, dropout=0.5, patience=4)),
    Row("cnn-2x100", "two wide convolutions on 100x100 RGB", "a bit lower",
        _adam("cnn-2x100", epochs=30, batch_size=64, dropout=0.5, validation="fifth",
              balanced=3704, plateau=2, patience=5)),
    Row("resnet34", "ResNet-34 from scratch, six classes", "66 %",
        _adam("resnet34", _MOVED, epochs=50, plateau=4, drop=("disgust",))),
    Row("resnet34-votes", "ResNet-34 on the FER+ votes", "",
        _adam("resnet34", _MOVED, epochs=30, plateau=4, learn="votes")),
    Row("resnet34-tuned", "the row above fine-tuned on the labels, six classes", "66 %",
        _adam("resnet34", _MOVED, epochs=20, plateau=3, learning_rate=1e-4, drop=("disgust",)),
        begins_with="resnet34-votes"),
    Row("resnet50", "ResNet-50", "65.55 %",
        _adam("resnet50", _MOVED, epochs=50, batch_size=785)),
    Row("xception", "Xception", "68 %",
        _adam("xception", _MOVED, epochs=50, batch_size=785)),
    *(Row(f"own-{seed + 1}", f"this project's ResNet-18, both label sets, seed {seed}", "",
          Recipe(**_OWN, epochs=60, seed=seed), mirrored_view=True)
      for seed in range(_MEMBERS)),
    Row("own-x7", "these seven together", "", mirrored_view=True,
        members=tuple(f"own-{seed + 1}" for seed in range(_MEMBERS))),
)  # fmt: skip


def find(name: str) -> Row:
    """The row of this name."""
    return next(row for row in ROWS if row.name == name)


def named(names: Sequence[str]) -> list[Row]:
    """The rows of these names, in the order of the table; all rows where none is named.

    Raises:
        ValueError: there is no such row.
    """
    known = [row.name for row in ROWS]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"A row is one of {', '.join(known)}. Received: {', '.join(unknown)}")
    return [row for row in ROWS if not names or row.name in names]
