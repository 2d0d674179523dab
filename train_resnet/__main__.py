"""`python -m train_resnet`: train, ensemble, evaluate, export, visualize, study, compare,
architectures."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

# TensorFlow greets with a page of its own build's properties; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from preprocessing import fer2013
from train_resnet import commands


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; 0 when it did what it was asked, 1 when not, 2 for wrong usage, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.run
    try:
        # Not above: Keras takes seconds, and wrong usage and --help need none of it.
        from train_resnet.training import TrainingStopped

        command(options)
    except KeyboardInterrupt:  # Before the first step or after the last: nothing is lost.
        print("python -m train_resnet: stopped.", file=sys.stderr)
        return 130
    except (ValueError, TrainingStopped) as error:
        print(f"python -m train_resnet: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train_resnet", description=__doc__)
    names = parser.add_subparsers(required=True, metavar="COMMAND")

    train = names.add_parser("train", help="train a network")
    _add_data(train)
    train.add_argument("--arch", help="a name of `architectures`")
    train.add_argument("--output", type=Path, required=True, help="folder of the run")
    train.add_argument("--epochs", type=int, help="passes over Training")
    train.add_argument("--batch-size", type=int, help="images a step")
    train.add_argument("--learning-rate", type=float, help="at the end of the warm-up")
    train.add_argument(
        "--kernel-rate", type=float, help="of the convolutions' orthogonalised steps; 0 takes none"
    )
    train.add_argument("--label-smoothing", type=float, help="of FER-2013's labels, 0 to 1")
    train.add_argument("--dropout", type=float, help="before the heads, 0 to 1")
    train.add_argument("--erasing", type=float, help="share of images partly painted over, 0 to 1")
    train.add_argument(
        "--mixup", type=float, help="alpha of the blends of two images; 0 makes none"
    )
    train.add_argument(
        "--early-share", type=float, help="share of the epochs that see smaller images, 0 to 1"
    )
    train.add_argument("--optimizer", choices=("sgd", "adam", "rmsprop"), help="default: sgd")
    train.add_argument(
        "--schedule",
        choices=("cosine", "constant"),
        help="of the learning rate; default: cosine, after a warm-up",
    )
    train.add_argument(
        "--plateau",
        type=int,
        metavar="EPOCHS",
        help="without a lower validation loss after which a constant rate becomes a tenth",
    )
    train.add_argument(
        "--patience",
        type=int,
        metavar="EPOCHS",
        help="without a lower validation loss after which the run ends",
    )
    train.add_argument(
        "--drop", nargs="+", metavar="EMOTION", help="leave out the images of these emotions"
    )
    train.add_argument(
        "--balanced",
        type=int,
        metavar="IMAGES",
        help="so many of each emotion, some repeated or left out",
    )
    train.add_argument(
        "--validation",
        choices=("PublicTest", "fifth", "fifth-after-balancing", "PublicTest-learned"),
        help="what the network is chosen by: a fifth of Training is 80/20; the last two are no"
        " validation, and there to show that",
    )
    train.add_argument(
        "--learn", choices=("labels", "votes"), help="by the FER head; default: labels"
    )
    train.add_argument(
        "--snapshots",
        type=int,
        metavar="STEPS",
        help="keep the network after every so many, for `evaluate --model A B ...`",
    )
    train.add_argument(
        "--averaging", type=float, help="of the running mean of the weights, per step; 0 keeps none"
    )
    train.add_argument("--seed", type=int, help="of the weights, the order and the augmentation")
    train.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in --output"
    )
    train.add_argument(
        "--pretrained",
        metavar="MODEL",
        help="name of weights, .tflite (of several networks the first) or .keras file to begin with;"
        " dlib: its face recognition, for a dlib-resnet; faceres.json: another's, for a mobilenet",
    )
    train.add_argument(
        "--frozen",
        metavar="LAYER",
        help="the last layer of those that stay as --pretrained has them",
    )
    train.add_argument(
        "--precision", choices=("mixed_bfloat16", "float32"), help="of what is computed"
    )
    train.add_argument(
        "--teachers",
        nargs="+",
        default=(),
        metavar="MODEL",
        help="names of weights, .tflite, .keras or .npz (answers) files, whose mean answer it also learns",
    )
    train.add_argument(
        "--teaching", type=float, help="share of the teachers' answers in the targets, 0 to 1"
    )
    train.set_defaults(run=commands.train)

    ensemble = names.add_parser(
        "ensemble",
        help="train several networks and the one they teach: for an accelerator",
        description="Trains several networks, measures them together on PublicTest, and trains the"
        " network that they teach. Stopped, the same command goes on where it was.",
    )
    _add_data(ensemble)
    ensemble.add_argument("--members", type=int, default=7, help="how many, one for each seed")
    ensemble.add_argument("--arch", default="resnet18-w64-std", help="of the members")
    ensemble.add_argument(
        "--pupil", default="resnet18-w32-std", metavar="ARCH", help="of the pupil"
    )
    ensemble.add_argument("--epochs", type=int, default=200, help="of each")
    ensemble.add_argument("--output", type=Path, required=True, help="folder of the runs")
    ensemble.set_defaults(run=commands.ensemble)

    evaluate = names.add_parser("evaluate", help="measure a network on a part of FER-2013")
    _add_data(evaluate)
    evaluate.add_argument(
        "--model",
        required=True,
        nargs="+",
        help="name of weights, .tflite or .keras file; the logits of several are averaged,"
        " and one named twice counts twice",
    )
    evaluate.add_argument("--split", choices=fer2013.SPLITS[1:], required=True)
    evaluate.add_argument("--output", type=Path, required=True, help="folder of figures and plots")
    evaluate.add_argument(
        "--robustness",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also measure degraded pictures, which takes several times as long as all else",
    )
    evaluate.add_argument(
        "--record",
        action="store_true",
        help="write the figures into the weights' JSON, README, model card and FIGURES.md",
    )
    evaluate.set_defaults(run=commands.evaluate)

    join = names.add_parser(
        "join",
        help="make one network of several",
        description="Writes a network that sees a face with all networks of the models side by side"
        " and averages what they say, with its calibration, as a run's folder for `export`.",
    )
    _add_data(join)
    join.add_argument(
        "--models",
        nargs="+",
        required=True,
        metavar="MODEL",
        help="names of weights, .tflite or .keras files; NAME:2 is the second network of NAME alone;"
        " a model named twice counts twice",
    )
    join.add_argument("--output", type=Path, required=True, help="folder to write")
    join.set_defaults(run=commands.join)

    export = names.add_parser(
        "export",
        help="make weights to serve of a trained network",
        description="Writes a network as LiteRT with kernels of eight bits, and calibrates what is"
        " served then on PublicTest.",
    )
    _add_data(export)
    export.add_argument(
        "--checkpoint", type=Path, required=True, help="best.keras of a run or of `join`"
    )
    export.add_argument("--name", required=True, help="of the weights, in model/weights")
    export.add_argument("--version", default="1", help="of the weights")
    export.set_defaults(run=commands.export)

    visualize = names.add_parser("visualize", help="draw what the layers make of a face")
    visualize.add_argument("--model", default="resnet", help="name of weights, or .tflite file")
    visualize.add_argument("--picture", type=Path, help="with a face; by default Grace Hopper")
    visualize.add_argument("--output", type=Path, required=True, help="the PNG to write")
    visualize.set_defaults(run=commands.visualize)

    study = names.add_parser("study", help="run the short trials behind the recipe")
    _add_data(study)
    study.add_argument("--output", type=Path, required=True, help="folder of the runs, resumable")
    study.add_argument(
        "--only", nargs="+", metavar="TRIAL", help="names of trials; else those not recorded yet"
    )
    study.add_argument(
        "--record", action="store_true", help="write the figures into study.json and STUDY.md"
    )
    study.set_defaults(run=commands.study)

    compare = names.add_parser(
        "compare",
        help="train and measure the reports' networks beside this project's",
        description="Trains and measures rows of model/BASELINES.md, one after the other. Stopped, the"
        " same command goes on where it was; rows that are finished are not run again.",
    )
    _add_data(compare)
    compare.add_argument("--output", type=Path, required=True, help="folder of the rows")
    compare.add_argument("--rows", nargs="+", metavar="ROW", help="names of rows; else all")
    compare.add_argument(
        "--folds", type=int, help="cross-validate the rows in so many parts of Training instead"
    )
    compare.add_argument(
        "--costs",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also export the networks and measure time and memory, which needs TensorFlow and LiteRT",
    )
    compare.add_argument(
        "--pack",
        type=Path,
        metavar="FILE.npz",
        help="write the aligned faces as a file that --data takes elsewhere, and do nothing else",
    )
    compare.add_argument(
        "--record", action="store_true", help="write table and plot into model/BASELINES.md"
    )
    compare.set_defaults(run=commands.compare)

    architectures = names.add_parser("architectures", help="list what --arch takes")
    architectures.set_defaults(run=commands.architectures)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="fer2013.csv[.gz], or its folder")
    parser.add_argument(
        "--votes", type=Path, help="fer2013new.csv (FER+); by default the one beside --data"
    )


if __name__ == "__main__":
    sys.exit(main())
