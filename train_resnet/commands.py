"""What the commands of `python -m train_resnet` do with their options.

Keras and TensorFlow take seconds to import, so each command imports what it needs.
"""

import argparse
import json
import shutil
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from preprocessing import fer2013

ROOT = Path(__file__).parent.parent

# Of runs on an accelerator: long enough to learn Training by heart, which the recipe's are not.
_REGULARISATION = {"label_smoothing": 0.1, "dropout": 0.2, "erasing": 0.3}


def _load(options: argparse.Namespace) -> fer2013.Fer2013:
    votes = options.votes
    beside = options.data.parent / "fer2013new.csv"
    if votes is None and options.data.is_file() and beside.exists():
        votes = beside
    print(f"data {options.data}, votes {votes or 'none'}", flush=True)
    return fer2013.load(options.data, votes)


def train(options: argparse.Namespace) -> None:
    from train_resnet import plots, teachers, training
    from train_resnet.config import Recipe
    from train_resnet.dataset import examples
    from train_resnet.selection import select

    several = ("teachers", "drop")
    given = {**vars(options), **{n: tuple(vars(options).get(n) or ()) for n in several}}
    names = [field.name for field in fields(Recipe)]
    recipe = Recipe(**{name: given[name] for name in names if given.get(name) is not None})
    data = _load(options)
    faces, validation = select(
        examples(data.split("Training")), examples(data.split("PublicTest")), recipe
    )
    if recipe.teachers:
        answers = options.output / "answers.npz"
        if not (answers.exists() and (options.output / "training.json").exists()):
            options.output.mkdir(parents=True, exist_ok=True)
            asked = teachers.ask(recipe.teachers, faces)
            training.replace_with(answers, lambda path: teachers.write_answers(path, asked, faces))
        # Read even if just written, so that a run that is resumed learns the very same.
        faces = teachers.taught(faces, teachers.read_answers(answers, faces), recipe.teaching)
    best = training.train(recipe, faces, validation, options.output, options.resume)
    history = json.loads((options.output / "training.json").read_text())["history"]
    plots.plot_training(history, options.output / "training_curves.png")
    _finish(best, data, options.data)


def _finish(best: Path, data: fer2013.Fer2013, source: Path) -> None:
    """Calibrates a trained network and says how it goes on."""
    from train_resnet.candidates import calibrated, network_logits

    fitted = calibrated(network_logits(str(best)), data)
    _write_json(best.with_name("calibration.json"), asdict(fitted))
    export = f"python -m train_resnet export --data {source} --checkpoint {best} --name NAME"
    print(f"{best}\nTo serve it: {export}")


def join(options: argparse.Namespace) -> None:
    from train_resnet import members, training

    if (options.output / "training.json").exists():
        raise ValueError(f"{options.output} holds a run already: name another folder.")
    data = _load(options)
    crops, _ = fer2013.aligned(data.split("PublicTest").images)
    network, trained = members.join(options.models, crops)
    options.output.mkdir(parents=True, exist_ok=True)
    best = options.output / "best.keras"
    training.replace_with(best, network.save)
    _write_json(options.output / "training.json", {"members": trained})
    _finish(best, data, options.data)


def ensemble(options: argparse.Namespace) -> None:
    def run(name: str, arch: str, seed: int, teachers: tuple[str, ...] = ()) -> Path:
        output = options.output / name
        train(
            argparse.Namespace(
                data=options.data,
                votes=options.votes,
                arch=arch,
                epochs=options.epochs,
                seed=seed,
                teachers=teachers,
                output=output,
                resume=(output / "training.json").exists(),
                **_REGULARISATION,
            )
        )
        return output / "best.keras"

    members = [run(f"member-{seed}", options.arch, seed) for seed in range(options.members)]
    together = {"split": "PublicTest", "robustness": False, "record": False}
    evaluate(
        argparse.Namespace(
            data=options.data,
            votes=options.votes,
            model=[str(member) for member in members],
            output=options.output / "together",
            **together,
        )
    )
    run("pupil", options.pupil, 0, tuple(map(str, members)))


def export(options: argparse.Namespace) -> None:
    from model import classifier
    from model.mixture import Mixture
    from train_resnet.architectures import multiply_adds
    from train_resnet.candidates import calibrated, on_every_core
    from train_resnet.export import (
        golden_logits,
        load_network,
        normalisation,
        to_litert,
        write_weights,
    )
    from train_resnet.members import members_of

    trained = members_of(str(options.checkpoint))
    network = load_network(options.checkpoint)
    data = _load(options)
    content = to_litert(network)
    # Of what is served: with kernels of eight bits the network is not quite the same.
    served = classifier.Classifier("", "", "", content, Mixture(0.0), 1.0, True, {})
    calibration = calibrated(on_every_core(served), data)
    path = write_weights(
        options.name,
        options.version,
        content,
        normalisation(network),
        calibration.mixture,
        calibration.uncertain_below,
        mirrored_view=True,
        training={
            "parameters": network.count_params(),
            "multiply_adds": multiply_adds(network),
            "votes_shares_tried": calibration.shares,
            "members": trained,
        },
        golden=golden_logits(network),
        folder=classifier.WEIGHTS,
    )
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB) and its .json")


def evaluate(options: argparse.Namespace) -> None:
    from train_resnet import evaluation, plots, tables
    from train_resnet.candidates import candidate
    from train_resnet.robustness import measure_robustness

    data = _load(options)
    network = candidate(options.model, data)
    part, output = data.split(options.split), options.output
    found = evaluation.evaluate(
        network.predict, network.mixture, part, data.split("Training"), network.uncertain_below
    )
    figures: dict[str, Any] = {
        "results": found.records,
        "accuracy_without_the_mirrored_view": evaluation.accuracies(
            network.one_view, network.mixture, part
        ),
        "agreement": evaluation.by_agreement(found, part),
        "robustness": [],
    }
    if options.robustness:
        figures["robustness"] = measure_robustness(network.predict, network.mixture, part)
    output.mkdir(parents=True, exist_ok=True)
    _write_json(
        output / "metrics.json", {"model": options.model, "split": options.split, **figures}
    )
    plots.plot_confusion(found.records, output / "confusion_matrix.png")
    plots.plot_reliability(found.records, output / "reliability.png")
    plots.plot_risk_coverage(found.records, output / "risk_coverage.png")
    for labels, truth in found.truths.items():
        path = output / f"mistakes_{labels}.png"
        plots.contact_sheet(found.crops, found.answers["served"], truth, path)
    for number, history in enumerate(network.histories, start=1):
        suffix = f"_{number}" if len(network.histories) > 1 else ""
        plots.plot_training(history, output / f"training_curves{suffix}.png")
    print(f"{options.split}\n{tables.figures_table(figures)}")
    if figures["agreement"]:
        print(f"\n{tables.agreement_table(figures['agreement'])}")
    if options.robustness:
        plots.plot_robustness(figures["robustness"], output / "robustness.png")
        print(f"\n{tables.robustness_table(figures['robustness'])}")
    if options.record:
        _record(options.model[0], options.split, figures, output)


def _record(name: str, split: str, figures: dict[str, Any], output: Path) -> None:
    from model import classifier
    from train_resnet import tables

    path = classifier.WEIGHTS / f"{name}.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    figures = {**figures, "results": [_kept(record) for record in figures["results"]]}
    info["figures"] = {**info["figures"], split: figures}
    _write_json(path, info)
    page = ROOT / "model" / "FIGURES.md"
    texts = {
        "figures": tables.figures_table(figures),
        "emotions": tables.emotions_table(figures["results"]),
    }
    if figures["agreement"]:
        texts["agreement"] = tables.agreement_table(figures["agreement"])
    if figures["robustness"]:
        texts["robustness"] = tables.robustness_table(figures["robustness"])
    for name, text in texts.items():
        if f"<!-- {name} {split} -->" in page.read_text(encoding="utf-8"):
            tables.write_between(page, f"{name} {split}", text)
    if split == "PrivateTest":
        for plot in ("reliability", "risk_coverage", "robustness"):
            if (output / f"{plot}.png").exists():
                shutil.copy(output / f"{plot}.png", ROOT / "model" / "figures")
        for document in ("README.md", "model/MODEL_CARD.md"):
            headline = tables.headline_table(figures)
            tables.write_between(ROOT / document, f"headline {split}", headline)


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record travels with the weights: `metrics.json` has it all."""
    left_out = {"confusion", "reliability", "risk_coverage"}
    if (record["subset"], record["input"]) != ("all", "aligned"):
        left_out.add("per_class")
    return {name: value for name, value in record.items() if name not in left_out}


def visualize(options: argparse.Namespace) -> None:
    from matplotlib.cbook import get_sample_data

    from model.classifier import load
    from train_resnet.visualize import largest_face, plot_layers

    picture = options.picture or Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    classifier, crop = load(options.model), largest_face(picture)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    plot_layers(classifier, crop, options.output)
    print(options.output)


def study(options: argparse.Namespace) -> None:
    from train_resnet import study, tables

    names = [trial.name for trial in study.TRIALS]
    unknown = set(options.only or ()) - set(names)
    if unknown:
        raise ValueError(
            f"A trial is one of {', '.join(names)}. Received: {', '.join(sorted(unknown))}"
        )
    data = _load(options)
    if data.votes is None:
        raise ValueError("The study needs the FER+ votes: --votes fer2013new.csv.")
    figures = json.loads(study.RECORD.read_text(encoding="utf-8"))
    wanted = options.only or set(names) - set(figures)
    for trial in study.TRIALS:
        if trial.name in wanted:
            print(f"{trial.name}: {trial.question}, {trial.change}", flush=True)
            figures[trial.name] = study.run(trial, data, options.output)
    if "base" not in figures:
        raise ValueError("The table compares with the trial `base`; add it to --only.")
    print(study.table(figures))
    if options.record:
        _write_json(study.RECORD, {name: figures[name] for name in names if name in figures})
        tables.write_between(ROOT / "train_resnet" / "STUDY.md", "study", study.table(figures))


def compare(options: argparse.Namespace) -> None:
    from train_resnet import tables
    from train_resnet.compare import faces as bench
    from train_resnet.compare import report, running
    from train_resnet.compare.costs import costs
    from train_resnet.compare.rows import ROWS

    names = [row.name for row in ROWS]
    unknown = set(options.rows or ()) - set(names)
    if unknown:
        raise ValueError(
            f"A row is one of {', '.join(names)}. Received: {', '.join(sorted(unknown))}"
        )
    packed = options.data.suffix == ".npz"
    faces = bench.unpack(options.data) if packed else bench.of_dataset(_load(options))
    options.output.mkdir(parents=True, exist_ok=True)
    if options.pack:
        bench.pack(faces, options.pack)
        print(f"{options.pack} ({options.pack.stat().st_size / 1e6:.1f} MB)")
        return
    for row in ROWS:
        if options.rows and row.name not in options.rows:
            continue
        if options.folds:
            running.cross_validate(row, options.folds, faces, options.output)
        else:
            found = running.run(row, faces, options.output)
            print(report.progress(row, found), flush=True)
    if options.folds:
        return
    figures = report.finished(options.output)
    if options.costs:
        by_name = {row.name: row for row in ROWS}
        figures = {
            name: {**f, **costs(by_name[name], options.output)} for name, f in figures.items()
        }
    report.write(figures, options.output)
    print(report.table(figures))
    if options.record:
        _write_json(report.RECORD, figures)
        page = ROOT / "model" / "BASELINES.md"
        tables.write_between(page, "table", report.table(figures))
        tables.write_between(page, "memory", report.memory_table(figures))
        report.plot(figures, ROOT / "model" / "figures" / "baselines.png")


def architectures(_: argparse.Namespace) -> None:
    from train_resnet.architectures import ARCHITECTURES, build, multiply_adds

    print(f"{'--arch':16}{'parameters':>12}{'multiply-adds':>16}")
    for name in ARCHITECTURES:
        network = build(name, dropout=0.0)
        print(f"{name:16}{network.count_params():>12,}{multiply_adds(network):>16,}")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
