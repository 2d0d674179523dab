"""Networks of the comparison behind a face detector: faces found, answers right, time a picture."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.classifier import Classifier
from preprocessing import fer2013
from preprocessing.alignment import SIZE, align
from preprocessing.compare.figures import matches, one_opencv_thread
from preprocessing.compare.pictures import Shot, of_fer2013
from preprocessing.faces import DEFAULT, Detector, Face, detector, haar
from train_resnet.compare.rows import Row

# What the table of model/BASELINES.md was made of.
RECORD = Path(__file__).with_name("end_to_end.json")
# The rows that are measured unless others are named.
CHEAP = ("cnn-shallow", "cnn-wide", "mini-xception", "cnn-4conv")

# Each face is in one picture of each kind. With so many, a share has a standard error of at most
# 2.3 points.
FACES = 500
# The milliseconds are those of the pictures that are as large as a camera's, 640x480.
_TIMED = "pasted into views"

# Gives logits or probabilities, `(n, 7)`, for faces, `(n, 48, 48)` uint8.
Network = Callable[[np.ndarray], np.ndarray]


def boxed(grey: np.ndarray, face: Face) -> np.ndarray:
    """A face as the reports cut it: the detector's box, scaled to 48x48 and not aligned.

    Args:
        grey: `(height, width)` uint8.
        face: found in it.

    Returns:
        `(48, 48)` uint8.
    """
    x, y, width, height = (round(value) for value in face.box)
    inside = grey[max(0, y) : max(0, y) + height, max(0, x) : max(0, x) + width]
    return cv2.resize(inside, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def aligned(grey: np.ndarray, face: Face) -> np.ndarray:
    """A face as this project cuts it: aligned by its landmarks, `(48, 48)` uint8."""
    return align(grey, face.landmarks)


# A detector, what the network sees of a face, and the function that cuts it out.
WAYS: tuple[tuple[str, str, Callable[[np.ndarray, Face], np.ndarray]], ...] = (
    (haar.NAME, "box", boxed),
    (haar.NAME, "aligned", aligned),
    (DEFAULT, "aligned", aligned),
)
_NO_DETECTOR = ("none", "FER-2013's image, aligned")


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network sees of a picture.

    Attributes:
        kind: the kind of picture, as `preprocessing.compare` calls it.
        label: the right answer, a position in `model.labels.EMOTIONS`.
        crops: `(n, 48, 48)` uint8, all faces that were found, false alarms among them.
        found: the position of the right face among them, or None.
        milliseconds: the CPU time of the thread for finding and cutting.
    """

    kind: str
    label: int
    crops: np.ndarray
    found: int | None
    milliseconds: float


def measure(networks: dict[str, Network], data: fer2013.Fer2013) -> list[dict[str, Any]]:
    """Runs networks behind each of `WAYS` on pictures made of PublicTest's faces.

    Images that also occur in Training are left out.

    Args:
        networks: by the name of their row.
        data: FER-2013.

    Returns:
        A record for each network and way, as `table` takes them.
    """
    part = data.split("PublicTest")
    fresh = ~fer2013.occurs_in(part.images, data.split("Training").images)
    images, labels = part.images[fresh], part.labels[fresh]
    count = min(FACES, len(images))
    shots = list(of_fer2013(images, count, pasted=count))
    # The whole part, as training aligned it and kept it.
    crops = fer2013.aligned(part.images)[0][fresh]
    ways = {
        _NO_DETECTOR: [
            Seen("", int(labels[shot.source]), crops[shot.source][None], 0, 0.0)
            for shot in shots[:count]
        ]
    }
    for finder, how, cut in WAYS:
        ways[finder, how] = see(detector(finder), cut, shots, labels)
        print(f"{finder}, {how}: {len(shots)} pictures of {count} faces searched", flush=True)
    return [
        {"row": name, "detector": finder, "face": how, **answered(network, seen)}
        for name, network in networks.items()
        for (finder, how), seen in ways.items()
    ]


def see(
    finder: Detector,
    cut: Callable[[np.ndarray, Face], np.ndarray],
    shots: Sequence[Shot],
    labels: np.ndarray,
) -> list[Seen]:
    """Finds and cuts out the faces of pictures, on all cores.

    Args:
        finder: the detector.
        cut: gives what a network sees of a face.
        shots: made of FER-2013's faces, one face each.
        labels: the labels of FER-2013's images; `Shot.source` is the position.
    """

    def one(shot: Shot) -> Seen:
        began = time.thread_time()
        faces = finder.detect(shot.grey)
        crops = np.array([cut(shot.grey, face) for face in faces], np.uint8)
        milliseconds = 1000 * (time.thread_time() - began)
        right = [index for index, face in enumerate(faces) if matches(face, shot.faces[0])]
        found = max(right, key=lambda index: faces[index].score, default=None)
        crops = crops.reshape(-1, SIZE, SIZE)
        return Seen(shot.degree, int(labels[shot.source]), crops, found, milliseconds)

    with one_opencv_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, shots))


def answered(network: Network, pictures: Sequence[Seen]) -> dict[str, Any]:
    """A network's figures on pictures: `n`, shares `found` and `right`, `kinds`, `milliseconds`."""
    found, right, milliseconds = [], [], []
    for seen in pictures:
        began = time.thread_time()
        answers = network(seen.crops) if len(seen.crops) else None
        milliseconds.append(seen.milliseconds + 1000 * (time.thread_time() - began))
        found.append(seen.found is not None)
        right.append(
            answers is not None
            and seen.found is not None
            and int(answers[seen.found].argmax()) == seen.label
        )
    kinds = np.array([seen.kind for seen in pictures])
    timed = kinds == _TIMED if _TIMED in kinds else kinds == kinds
    return {
        "n": len(pictures),
        "found": float(np.mean(found)),
        "right": float(np.mean(right)),
        "kinds": {
            kind: {
                "found": float(np.mean(np.array(found)[kinds == kind])),
                "right": float(np.mean(np.array(right)[kinds == kind])),
            }
            for kind in dict.fromkeys(kinds.tolist())
        },
        "milliseconds": round(float(np.median(np.array(milliseconds)[timed])), 2),
    }


def network_of(row: Row, output: Path) -> Network:
    """A row's network on LiteRT, with kernels of eight bits.

    Args:
        row: with a network of its own.
        output: folder of all rows.

    Raises:
        ValueError: the row is an ensemble, or has not been run.
    """
    from ai_edge_litert.interpreter import Interpreter

    from train_resnet.measure.networks import load_network
    from train_resnet.serve.export import to_litert

    if row.recipe is None:
        raise ValueError(f"{row.name} has no network of its own, which --end-to-end needs.")
    best = output / row.name / "best.keras"
    if not best.exists():
        raise ValueError(f"{row.name} has not been run in {output}: {best} is missing.")
    interpreter = Interpreter(model_content=to_litert(load_network(best)), num_threads=1)
    run = interpreter.get_signature_runner()
    [face] = run.get_input_details()

    def logits(crops: np.ndarray) -> np.ndarray:
        views = [crops, crops[:, :, ::-1]] if row.mirrored_view else [crops]
        faces = np.stack(views, 1)[..., None].astype(np.float32)
        return np.array(
            [
                np.mean([run(**{face: view[None]})["fer_head"][0] for view in each], 0)
                for each in faces
            ]
        )

    return logits


def served(classifier: Classifier) -> Network:
    """Served weights, by the head that learned FER-2013's labels."""
    return lambda crops: classifier.mixture.probabilities(classifier.logits(crops))["fer_head"]


def table(records: Sequence[dict[str, Any]]) -> str:
    """The figures of `measure` as a Markdown table."""
    kinds = list(dict.fromkeys(kind for record in records for kind in record["kinds"] if kind))
    columns = ["row", "detector", "the network sees", "found", "right"]
    columns += [f"right, {kind}" for kind in kinds] + ["right of those found", "milliseconds"]
    lines = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    for record in records:
        shares = [record["found"], record["right"]]
        shares += [record["kinds"].get(kind, {}).get("right") for kind in kinds]
        shares += [record["right"] / record["found"] if record["found"] else None]
        cells = ["" if share is None else f"{100 * share:.1f} %" for share in shares]
        lines.append(
            f"| `{record['row']}` | {record['detector']} | {record['face']} | {' | '.join(cells)}"
            f" | {record['milliseconds']:.1f} |"
        )
    return "\n".join(lines)
