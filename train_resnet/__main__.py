"""`python -m train_resnet`: train, ensemble, evaluate, export, visualize, study, architectures."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

# TensorFlow greets with a page of its own build's properties; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from preprocessing import fer2013

ROOT = Path(__file__).parent.parent


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a network")
    _add_data(train)
    train.add_argument("--arch", default="resnet18-w24", help="a name of `architectures`")
    train.add_argument("--output", type=Path, required=True, help="folder of the run")
    train.add_argument("--epochs", type=int, help="passes over Training")
    train.add_argument("--batch-size", type=int, help="images a step")
    train.add_argument("--learning-rate", type=float, help="at the end of the warm-up")
    train.add_argument("--seed", type=int, help="of the weights, the order and the augmentation")
    train.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in --output"
    )
    train.add_argument(
        "--teachers", nargs="+", type=Path, help=".keras files whose mean answer it also learns"
    )
    train.set_defaults(run=_train)

    ensemble = commands.add_parser(
        "ensemble",
        help="train several networks and the one they teach: for an accelerator",
        description="Trains several networks, measures them together on PublicTest, and trains the"
        " network that they teach. Stopped, the same command goes on where it was.",
    )
    _add_data(ensemble)
    ensemble.add_argument("--members", type=int, default=7, help="how many, one for each seed")
    ensemble.add_argument("--arch", default="resnet18-w64", help="of the members")
    ensemble.add_argument("--pupil", default="resnet18-w32", metavar="ARCH", help="of the pupil")
    ensemble.add_argument("--epochs", type=int, default=200, help="of each")
    ensemble.add_argument("--output", type=Path, required=True, help="folder of the runs")
    ensemble.set_defaults(run=_ensemble)

    evaluate = commands.add_parser("evaluate", help="measure a network on a part of FER-2013")
    _add_data(evaluate)
    evaluate.add_argument(
        "--model",
        required=True,
        nargs="+",
        help="name of weights, .tflite or .keras file; several .keras files are averaged",
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
        help="write the figures into the weights' JSON, README and model card",
    )
    evaluate.set_defaults(run=_evaluate)

    export = commands.add_parser("export", help="make weights to serve of a trained network")
    export.add_argument("--checkpoint", type=Path, required=True, help="best.keras of a run")
    export.add_argument("--name", required=True, help="of the weights, in model/weights")
    export.add_argument("--version", default="1", help="of the weights")
    export.set_defaults(run=_export)

    visualize = commands.add_parser("visualize", help="draw what the layers make of a face")
    visualize.add_argument("--model", default="resnet", help="name of weights, or .tflite file")
    visualize.add_argument("--picture", type=Path, help="with a face; by default Grace Hopper")
    visualize.add_argument("--output", type=Path, required=True, help="the PNG to write")
    visualize.set_defaults(run=_visualize)

    study = commands.add_parser("study", help="run the short trials behind the recipe")
    _add_data(study)
    study.add_argument("--output", type=Path, required=True, help="folder of the runs, resumable")
    study.add_argument("--only", nargs="+", metavar="TRIAL", help="names of trials; else all")
    study.add_argument(
        "--record", action="store_true", help="write the table of all that were run into STUDY.md"
    )
    study.set_defaults(run=_study)

    architectures = commands.add_parser("architectures", help="list what --arch takes")
    architectures.set_defaults(run=_architectures)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="fer2013.csv[.gz], or its folder")
    parser.add_argument(
        "--votes", type=Path, help="fer2013new.csv (FER+); by default the one beside --data"
    )


def _load(options: argparse.Namespace) -> fer2013.Fer2013:
    votes = options.votes
    beside = options.data.parent / "fer2013new.csv"
    if votes is None and options.data.is_file() and beside.exists():
        votes = beside
    print(f"data {options.data}, votes {votes or 'none'}", flush=True)
    return fer2013.load(options.data, votes)


def _train(options: argparse.Namespace) -> None:
    from train_resnet.calibration import calibrate
    from train_resnet.config import Recipe
    from train_resnet.dataset import examples
    from train_resnet.export import keras_logits, load_network
    from train_resnet.report import plot_training
    from train_resnet.teachers import ensemble
    from train_resnet.training import train

    changed = {
        name: getattr(options, name)
        for name in ("arch", "epochs", "batch_size", "learning_rate", "seed")
        if getattr(options, name) is not None
    }
    recipe = Recipe(**changed)
    data = _load(options)
    public = data.split("PublicTest")
    validation = examples(public)
    best = train(
        recipe,
        examples(data.split("Training")),
        validation,
        options.output,
        options.resume,
        ensemble(options.teachers) if options.teachers else None,
    )
    winners = None if public.votes is None else fer2013.vote_majority(public.votes)
    logits = keras_logits(load_network(best), validation.crops, mirrored_view=True)
    calibration = calibrate(logits, public.labels, winners)
    _write_json(options.output / "calibration.json", asdict(calibration))
    history = json.loads((options.output / "training.json").read_text())["history"]
    plot_training(history, options.output / "training_curves.png")
    print(f"{best}\nTo serve it: python -m train_resnet export --checkpoint {best} --name NAME")


def _ensemble(options: argparse.Namespace) -> None:
    data = [
        "--data",
        str(options.data),
        *(["--votes", str(options.votes)] if options.votes else []),
    ]

    def run(*arguments: str) -> None:
        command = _parser().parse_args([*arguments, *data])
        command.run(command)

    def train(name: str, *arguments: str) -> str:
        folder = options.output / name
        begun = ["--resume"] if (folder / "training.json").exists() else []
        run("train", "--epochs", str(options.epochs), "--output", str(folder), *begun, *arguments)
        return str(folder / "best.keras")

    members = [
        train(f"member-{seed}", "--arch", options.arch, "--seed", str(seed))
        for seed in range(options.members)
    ]
    together = str(options.output / "together")
    run(
        *("evaluate", "--split", "PublicTest", "--no-robustness", "--output", together),
        *("--model", *members),
    )
    train("pupil", "--arch", options.pupil, "--teachers", *members)


def _export(options: argparse.Namespace) -> None:
    from model import classifier
    from model.mixture import Mixture
    from train_resnet.architectures import multiply_adds
    from train_resnet.export import golden_logits, load_network, to_litert, write_weights

    folder = options.checkpoint.parent
    for name in ("calibration.json", "training.json"):
        if not (folder / name).exists():
            raise ValueError(f"{folder / name} is missing: `train` writes it at its end.")
    calibration = json.loads((folder / "calibration.json").read_text())
    training = json.loads((folder / "training.json").read_text())
    network = load_network(options.checkpoint)
    path = write_weights(
        options.name,
        options.version,
        to_litert(network),
        Mixture(**calibration["mixture"]),
        calibration["uncertain_below"],
        mirrored_view=True,
        training={
            "recipe": training["recipe"],
            "parameters": network.count_params(),
            "multiply_adds": multiply_adds(network),
            "minutes": round(training["seconds"] / 60, 1),
            "cores": training["cores"],
            "backend": training["backend"],
            "votes_shares_tried": calibration["shares"],
            "history": training["history"],
        },
        golden=golden_logits(network),
        folder=classifier.WEIGHTS,
    )
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB) and its .json")


def _evaluate(options: argparse.Namespace) -> None:
    from train_resnet import report
    from train_resnet.candidates import candidate
    from train_resnet.evaluation import accuracies, evaluate
    from train_resnet.robustness import measure_robustness

    data = _load(options)
    network = candidate(options.model, data)
    part, output = data.split(options.split), options.output
    found = evaluate(
        network.predict, network.mixture, part, data.split("Training"), network.uncertain_below
    )
    figures: dict[str, Any] = {
        "results": found.records,
        "accuracy_without_the_mirrored_view": accuracies(network.one_view, network.mixture, part),
        "robustness": [],
    }
    if options.robustness:
        figures["robustness"] = measure_robustness(network.predict, network.mixture, part)
    output.mkdir(parents=True, exist_ok=True)
    _write_json(
        output / "metrics.json", {"model": options.model, "split": options.split, **figures}
    )
    report.plot_confusion(found.records, output / "confusion_matrix.png")
    report.plot_reliability(found.records, output / "reliability.png")
    report.plot_risk_coverage(found.records, output / "risk_coverage.png")
    for labels, truth in found.truths.items():
        path = output / f"mistakes_{labels}.png"
        report.contact_sheet(found.crops, found.answers["served"], truth, path)
    if network.history:
        report.plot_training(network.history, output / "training_curves.png")
    print(f"{options.split}\n{report.figures_table(figures)}")
    if options.robustness:
        report.plot_robustness(figures["robustness"], output / "robustness.png")
        print(f"\n{report.robustness_table(figures['robustness'])}")
    if options.record:
        _record(options.model[0], options.split, figures)


def _record(name: str, split: str, figures: dict[str, Any]) -> None:
    from model import classifier
    from train_resnet import report

    path = classifier.WEIGHTS / f"{name}.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    figures = {**figures, "results": [_kept(record) for record in figures["results"]]}
    info["figures"] = {**info["figures"], split: figures}
    _write_json(path, info)
    card = ROOT / "model" / "MODEL_CARD.md"
    tables = {
        "figures": report.figures_table(figures),
        "emotions": report.emotions_table(figures["results"]),
    }
    if figures["robustness"]:
        tables["robustness"] = report.robustness_table(figures["robustness"])
    for name, table in tables.items():
        if f"<!-- {name} {split} -->" in card.read_text(encoding="utf-8"):
            report.write_between(card, f"{name} {split}", table)
    if split == "PrivateTest":
        report.write_between(ROOT / "README.md", f"figures {split}", tables["figures"])


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record travels with the weights: `metrics.json` has it all."""
    left_out = {"confusion", "reliability", "risk_coverage"}
    if (record["subset"], record["input"]) != ("all", "aligned"):
        left_out.add("per_class")
    return {name: value for name, value in record.items() if name not in left_out}


def _visualize(options: argparse.Namespace) -> None:
    from matplotlib.cbook import get_sample_data

    from model.classifier import load
    from train_resnet.visualize import largest_face, plot_layers

    picture = options.picture or Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    classifier, crop = load(options.model), largest_face(picture)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    plot_layers(classifier, crop, options.output)
    print(options.output)


def _study(options: argparse.Namespace) -> None:
    from train_resnet import report
    from train_resnet.study import TRIALS, run, table

    unknown = set(options.only or ()) - {trial.name for trial in TRIALS}
    if unknown:
        known = ", ".join(trial.name for trial in TRIALS)
        raise ValueError(f"A trial is one of {known}. Received: {', '.join(sorted(unknown))}")
    data = _load(options)
    if data.votes is None:
        raise ValueError("The study needs the FER+ votes: --votes fer2013new.csv.")
    figures = {}
    for trial in TRIALS:
        finished = (options.output / trial.name / "figures.json").exists()
        if finished or not options.only or trial.name in options.only:
            print(f"{trial.name}: {trial.question}, {trial.change}", flush=True)
            figures[trial.name] = run(trial, data, options.output)
    if "base" not in figures:
        raise ValueError("The table compares with the trial `base`; add it to --only.")
    print(table(figures))
    if options.record:
        report.write_between(ROOT / "train_resnet" / "STUDY.md", "study", table(figures))


def _architectures(_: argparse.Namespace) -> None:
    from train_resnet.architectures import ARCHITECTURES, build, multiply_adds

    print(f"{'--arch':16}{'parameters':>12}{'multiply-adds':>16}")
    for name in ARCHITECTURES:
        network = build(name, dropout=0.0)
        print(f"{name:16}{network.count_params():>12,}{multiply_adds(network):>16,}")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
