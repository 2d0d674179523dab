"""BlazeFace's two networks on LiteRT, and the parts of a picture that each of them is shown."""

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from preprocessing.faces.face import Box, Face, at_detection_size, checked
from preprocessing.faces.landmarks import landmarks_of

NAME = "blazeface"
WEIGHTS = Path(__file__).parent / "weights"

# A head that fills the picture is found best with so much more around it, as shares of the picture.
BORDER = 0.3

# The full range needs a face to be 15 of its 192 pixels wide: a view is at most so many faces across.
_FACES_ACROSS = 13

# Neighbouring tiles share so much that a face of `min_face` lies whole in one of them.
_SHARED = 0.12

# Anchors of one view whose boxes overlap by so much are one face (MediaPipe's value).
_SAME_FACE = 0.3

# Of a view no more anchors are looked at, the surest first: a pattern may light up all of them.
_MOST_ANCHORS = 1000


# At 0.5 the short range takes a colour wheel, coins and a cat's eye for faces.
SCORE_THRESHOLD = 0.6

# Grey levels of 0 to 255 as the networks take them.
_LEVELS = (np.arange(256) / 127.5 - 1).astype(np.float32)


class InvalidDetector(ValueError):
    """A detector's file that cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Sight:
    """What a network takes for a face.

    Attributes:
        box: x, y, width and height in pixels of the picture, from the brows to the chin. Of 361
            faces of FER-2013 dlib's boxes are 0.98 times as wide and 0.02 higher in the middle: as
            good as the same.
        score: 0 to 1.
        eyes: x and y of the eye on the face's left in the picture, and of the other.
    """

    box: Box
    score: float
    eyes: np.ndarray

    @property
    def roll(self) -> float:
        """How far the face leans, in degrees clockwise; 0 where it is upright."""
        across, down = self.eyes[1] - self.eyes[0]
        return float(np.degrees(np.arctan2(down, across)))


@dataclass(frozen=True)
class View:
    """A square of a picture, in its pixels; what reaches past the picture's edge repeats the edge."""

    left: float
    top: float
    side: float


def whole(shape: tuple[int, int], border: float = 0.0) -> View:
    """The view of all of a picture, with a border around it as a share of its longer side."""
    height, width = shape
    side = max(shape) * (1 + 2 * border)
    return View((width - side) / 2, (height - side) / 2, side)


def quarters(view: View) -> list[View]:
    """Four parts of a view; neighbours share a third of their sides."""
    side = 0.6 * view.side
    ends = (0.0, view.side - side)
    return [View(view.left + x, view.top + y, side) for y in ends for x in ends]


def tiles(shape: tuple[int, int], min_face: int) -> list[View]:
    """Views in which a face of `min_face` pixels is large enough for the full range."""
    side = min(float(_FACES_ACROSS * min_face), float(max(shape)))

    def starts(length: int) -> list[float]:
        if length <= side:
            return [(length - side) / 2]
        count = 1 + int(np.ceil((length - side) / (side * (1 - _SHARED))))
        return [float(start) for start in np.linspace(0, length - side, count)]

    return [View(left, top, side) for top in starts(shape[0]) for left in starts(shape[1])]


class Network:
    """One of BlazeFace's networks. Safe to share between threads: each has an interpreter.

    V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019).

    Args:
        name: of the weights beside this file.

    Raises:
        InvalidDetector: a file is missing, or is not what its JSON says.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._content, info = _checked_weights(WEIGHTS / f"{name}.tflite")
        self.side = int(info["input"]["side"])
        self._anchors = _anchors(self.side, info["anchors"])
        self._of_thread = threading.local()

    def look(self, grey: np.ndarray, view: View, threshold: float) -> list[Sight]:
        """The faces in a view of a picture, each once, the surest first.

        Args:
            grey: `(height, width)` uint8.
            view: the part that the network is shown.
            threshold: what scores less is left out, 0 to 1.
        """
        regressions, logits = self._run(shown(grey, view, self.side))
        chosen = np.flatnonzero(logits > np.log(threshold / (1 - threshold)))
        if not len(chosen):
            return []
        chosen = chosen[np.argsort(-logits[chosen])][:_MOST_ANCHORS]
        scores = 1 / (1 + np.exp(-logits[chosen]))
        # Pairs of x and y: the middle and the size of the box, then eyes, nose, mouth and ears.
        points = regressions[chosen].reshape(-1, 8, 2) / self.side
        points[:, [0, *range(2, 8)]] += self._anchors[chosen, None]
        points *= view.side
        points[:, [0, *range(2, 8)]] += (view.left, view.top)
        return _blended(points, scores)

    def _run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not hasattr(self._of_thread, "interpreter"):
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
            [self._of_thread.input] = (each["index"] for each in interpreter.get_input_details())
            # Sixteen numbers an anchor, and one.
            outputs = sorted(interpreter.get_output_details(), key=lambda each: -each["shape"][-1])
            self._of_thread.outputs = [each["index"] for each in outputs]
            self._of_thread.interpreter = interpreter
        interpreter = self._of_thread.interpreter
        # Grey levels to -1 ... 1, three times the same for red, green and blue.
        interpreter.tensor(self._of_thread.input)()[0] = _LEVELS[pixels][..., None]
        interpreter.invoke()
        regressions, logits = (
            interpreter.get_tensor(index)[0] for index in self._of_thread.outputs
        )
        return regressions, logits[:, 0]


def shown(grey: np.ndarray, view: View, side: int) -> np.ndarray:
    """A view of a picture in the size that a network takes, `(side, side)` uint8."""
    height, width = grey.shape
    scale = side / view.side
    left, top = max(0, round(view.left)), max(0, round(view.top))
    right = min(width, round(view.left + view.side))
    bottom = min(height, round(view.top + view.side))
    across = min(side, max(1, round((right - left) * scale)))
    down = min(side, max(1, round((bottom - top) * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.resize(grey[top:bottom, left:right], (across, down), interpolation=how)
    before = min(side - across, max(0, round((left - view.left) * scale)))
    above = min(side - down, max(0, round((top - view.top) * scale)))
    rest = (side - down - above, before, side - across - before)
    return cv2.copyMakeBorder(part, above, *rest, cv2.BORDER_REPLICATE)


def _blended(points: np.ndarray, scores: np.ndarray) -> list[Sight]:
    """Each group of anchors that see the same face as one, its places weighted by their scores.

    The paper's "tie resolution" in place of choosing the surest, which makes places jump less.

    Args:
        points: `(n, 8, 2)` float32, see `Network.look`.
        scores: `(n,)` float32, the largest first.
    """
    low, high = points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2
    area = points[:, 1].prod(1)
    left = np.arange(len(points))
    sights = []
    while len(left):
        first = left[0]
        common = np.minimum(high[left], high[first]) - np.maximum(low[left], low[first])
        shared = common.clip(0).prod(1)
        # The first is in its own group, even where its box has no area.
        same = shared >= _SAME_FACE * np.maximum(area[left] + area[first] - shared, 1e-9)
        same[0] = True
        group = left[same]
        shares = scores[group] / scores[group].sum()
        middle, size, one, other = (shares[:, None, None] * points[group, :4]).sum(0)
        box = (*(middle - size / 2).tolist(), *size.tolist())
        sights.append(Sight(box, float(scores[first]), np.stack([one, other])))
        left = left[~same]
    return sights


def _anchors(side: int, layers: list[dict[str, int]]) -> np.ndarray:
    """The middles of the anchors, `(n, 2)` float32, x and y from 0 to 1."""
    middles = []
    for layer in layers:
        places = side // layer["stride"]
        y, x = np.divmod(np.arange(places * places), places)
        grid = (np.stack([x, y], 1) + 0.5) / places
        middles.append(grid.repeat(layer["at_a_place"], axis=0))
    return np.concatenate(middles).astype(np.float32)


def same_place(one: Box, other: Box) -> bool:
    """Whether two boxes are of one face: the smaller lies in the other by more than half."""
    common = 1.0
    for place in (0, 1):
        ends = min(one[place] + one[place + 2], other[place] + other[place + 2])
        common *= max(0.0, ends - max(one[place], other[place]))
    return common > 0.5 * min(one[2] * one[3], other[2] * other[3])


class BlazeFaceDetector:
    """BlazeFace's short and full range, with dlib's landmarks. Safe to share between threads.

    The short range sees the picture with its border repeated, for heads that fill it; the full range
    the picture, or tiles of it where `min_face` is small beside it.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
        threshold: faces scoring less are left out; scores are 0 to 1.

    Raises:
        InvalidDetector: a file is missing or damaged.
    """

    def __init__(self, min_face: int = 40, threshold: float = SCORE_THRESHOLD) -> None:
        self.min_face = checked(min_face)
        self.threshold = threshold
        self._short, self._full = Network("blazeface-short"), Network("blazeface-full")

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        sights = self._short.look(small, whole(small.shape, BORDER), self.threshold)
        for view in tiles(small.shape, self.min_face):
            sights += self._full.look(small, view, self.threshold)
        faces: list[Face] = []
        for sight in sorted(sights, key=lambda sight: -sight.score):
            x, y, width, height = (value / scale for value in sight.box)
            box = (x, y, width, height)
            if not any(same_place(box, face.box) for face in faces):
                points = landmarks_of(grey, box, sight.roll)
                faces.append(Face(box, sight.score, points, NAME))
        return sorted(faces, key=lambda face: face.box[0])


@cache
def _checked_weights(path: Path) -> tuple[bytes, dict[str, Any]]:
    """A network's file and what its JSON says of it."""
    information = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        info = json.loads(information.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidDetector(
            f"{path} or the .json beside it cannot be read ({error}). Check the clone out again, or"
            " choose another detector: hog needs neither."
        ) from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != info["sha256"]:
        raise InvalidDetector(
            f"{path} has the SHA-256 {actual[:12]}..., and {information.name} says"
            f" {info['sha256'][:12]}...: the file is damaged or of another version. Check it out"
            " again, or choose another detector: hog does not need it."
        )
    return content, info
