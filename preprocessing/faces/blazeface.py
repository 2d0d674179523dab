"""BlazeFace's two networks on LiteRT, and the views of a picture that each network sees."""

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

from preprocessing.faces.face import Box, Face, at_detection_size, checked_min_face
from preprocessing.faces.landmarks import landmarks_at_roll
from preprocessing.reducing import averaged

NAME = "blazeface"
WEIGHTS = Path(__file__).parent / "weights"

# The border added around the picture, as a share of its longer side: a head that fills the picture
# is found best with it.
BORDER = 0.3

# The width of a view in faces, at most: the full range needs a face to be 15 of its 192 pixels wide.
_FACES_ACROSS = 13

# The share of a tile that its neighbour overlaps, so that one tile holds a face of `min_face` whole.
_OVERLAP = 0.12

# Boxes of one view with at least this intersection over union are one face (MediaPipe's value).
_NMS_IOU = 0.3

# The most anchors of a view that are used, the surest first: a pattern may light up all of them.
_MOST_ANCHORS = 1000

# At 0.5 the short range takes a colour wheel, coins and a cat's eye for faces.
SCORE_THRESHOLD = 0.6

# Maps grey levels of 0 to 255 to the networks' input range, -1 to 1.
_LEVELS = (np.arange(256) / 127.5 - 1).astype(np.float32)


class InvalidDetector(ValueError):
    """A detector's file cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Detection:
    """A face that a network reports.

    Attributes:
        box: x, y, width and height in pixels of the picture, from the brows to the chin. On 361
            faces of FER-2013, dlib's boxes are 0.98 times as wide and their middles 0.02 higher, so
            the two are practically the same.
        score: how sure the network is, 0 to 1.
        eyes: `(2, 2)`, x and y of the eye on the left of the picture, then of the other eye.
    """

    box: Box
    score: float
    eyes: np.ndarray

    @property
    def roll(self) -> float:
        """How far the face leans, in degrees clockwise; 0 is upright."""
        across, down = self.eyes[1] - self.eyes[0]
        return float(np.degrees(np.arctan2(down, across)))


@dataclass(frozen=True)
class View:
    """A square of a picture, in its pixels; beyond the picture's edge, the edge is repeated."""

    left: float
    top: float
    side: float

    def shows(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether a part of the picture lies in the view."""
        return (
            self.left <= left
            and self.top <= top
            and right <= self.left + self.side
            and bottom <= self.top + self.side
        )


def whole_view(shape: tuple[int, int], border: float = 0.0) -> View:
    """The view that shows a whole picture, with a border given as a share of its longer side."""
    height, width = shape
    side = max(shape) * (1 + 2 * border)
    return View((width - side) / 2, (height - side) / 2, side)


def view_around(shape: tuple[int, int], box: Box, side: float) -> View:
    """The view of this side with a box in its middle, moved into the picture."""
    x, y, width, height = box

    def start(middle: float, length: int) -> float:
        end = length - side
        return min(max(0.0, middle - side / 2), end) if end > 0 else end / 2

    return View(start(x + width / 2, shape[1]), start(y + height / 2, shape[0]), side)


def tiles(shape: tuple[int, int], min_face: int) -> list[View]:
    """Views in which a face of `min_face` pixels is large enough for the full range.

    There are as few as possible, and then they are as small as possible, because that shows faces larger.
    """
    most = min(float(_FACES_ACROSS * min_face), float(max(shape)))

    def count(length: int) -> int:
        further = (length - most) / (most * (1 - _OVERLAP))
        return 1 + max(0, int(np.ceil(further)))

    counts = [count(length) for length in shape]
    side = max(
        length / (1 + (number - 1) * (1 - _OVERLAP))
        for length, number in zip(shape, counts, strict=True)
    )
    starts = [
        np.linspace(0, length - side, number) if number > 1 else [(length - side) / 2]
        for length, number in zip(shape, counts, strict=True)
    ]
    return [View(float(left), float(top), side) for top in starts[0] for left in starts[1]]


class Network:
    """One of BlazeFace's networks. Threads may share it: each thread gets its own interpreter.

    V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019).

    Args:
        name: the name of the weights file, without its ending.

    Raises:
        InvalidDetector: a file is missing, or does not match its JSON.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._content, info = _checked_weights(WEIGHTS / f"{name}.tflite")
        self.side = int(info["input"]["side"])
        self._anchors = _anchors(self.side, info["anchors"])
        self._local = threading.local()

    def detect(self, grey: np.ndarray, view: View, threshold: float) -> list[Detection]:
        """Finds the faces in a view of a picture, each once, the surest first.

        Args:
            grey: `(height, width)` uint8.
            view: the part of the picture that the network sees.
            threshold: the lowest score to report, 0 to 1.
        """
        regressions, logits = self._run(crop_view(grey, view, self.side))
        chosen = np.flatnonzero(logits > np.log(threshold / (1 - threshold)))
        if not len(chosen):
            return []
        chosen = chosen[np.argsort(-logits[chosen])][:_MOST_ANCHORS]
        scores = 1 / (1 + np.exp(-logits[chosen]))
        # Eight pairs of x and y: the box's middle, its size, then six keypoints: eyes, nose, mouth, ears.
        points = regressions[chosen].reshape(-1, 8, 2) / self.side
        points[:, [0, *range(2, 8)]] += self._anchors[chosen, None]
        points *= view.side
        points[:, [0, *range(2, 8)]] += (view.left, view.top)
        return _weighted_nms(points, scores)

    def _run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not hasattr(self._local, "interpreter"):
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
            [self._local.input] = (each["index"] for each in interpreter.get_input_details())
            # The regressions have 16 numbers an anchor, the logits one.
            outputs = sorted(interpreter.get_output_details(), key=lambda each: -each["shape"][-1])
            self._local.outputs = [each["index"] for each in outputs]
            self._local.interpreter = interpreter
        interpreter = self._local.interpreter
        # The grey level fills red, green and blue alike.
        interpreter.tensor(self._local.input)()[0] = _LEVELS[pixels][..., None]
        interpreter.invoke()
        regressions, logits = (interpreter.get_tensor(index)[0] for index in self._local.outputs)
        return regressions, logits[:, 0]


def crop_view(grey: np.ndarray, view: View, side: int) -> np.ndarray:
    """Cuts a view out of a picture and scales it to a network's input, `(side, side)` uint8."""
    height, width = grey.shape
    scale = side / view.side
    left, top = max(0, round(view.left)), max(0, round(view.top))
    right = min(width, round(view.left + view.side))
    bottom = min(height, round(view.top + view.side))
    across = min(side, max(1, round((right - left) * scale)))
    down = min(side, max(1, round((bottom - top) * scale)))
    part = grey[top:bottom, left:right]
    if scale < 1:
        part = averaged(part, across, down)
    else:
        part = cv2.resize(part, (across, down), interpolation=cv2.INTER_LINEAR)
    before = min(side - across, max(0, round((left - view.left) * scale)))
    above = min(side - down, max(0, round((top - view.top) * scale)))
    rest = (side - down - above, before, side - across - before)
    return cv2.copyMakeBorder(part, above, *rest, cv2.BORDER_REPLICATE)


def _weighted_nms(points: np.ndarray, scores: np.ndarray) -> list[Detection]:
    """Non-maximum suppression that averages overlapping boxes and eyes, weighted by their scores.

    This is the paper's "tie resolution": boxes jitter less than when only the surest is kept.

    Args:
        points: `(n, 8, 2)` float32, box and keypoints as in `Network.detect`.
        scores: `(n,)` float32, the largest first.
    """
    low, high = points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2
    area = points[:, 1].prod(1)
    left = np.arange(len(points))
    detections = []
    while len(left):
        first = left[0]
        sides = np.minimum(high[left], high[first]) - np.maximum(low[left], low[first])
        intersection = sides.clip(0).prod(1)
        union = area[left] + area[first] - intersection
        same = intersection >= _NMS_IOU * np.maximum(union, 1e-9)
        # The first belongs to its own group even if its box has no area.
        same[0] = True
        group = left[same]
        weights = scores[group] / scores[group].sum()
        middle, size, one, other = (weights[:, None, None] * points[group, :4]).sum(0)
        box = (*(middle - size / 2).tolist(), *size.tolist())
        detections.append(Detection(box, float(scores[first]), np.stack([one, other])))
        left = left[~same]
    return detections


def _anchors(side: int, layers: list[dict[str, int]]) -> np.ndarray:
    """The anchors' middles, `(n, 2)` float32, x and y from 0 to 1."""
    middles = []
    for layer in layers:
        cells = side // layer["stride"]
        y, x = np.divmod(np.arange(cells * cells), cells)
        grid = (np.stack([x, y], 1) + 0.5) / cells
        middles.append(grid.repeat(layer["at_a_place"], axis=0))
    return np.concatenate(middles).astype(np.float32)


def same_face(one: Box, other: Box) -> bool:
    """Whether two boxes frame one face: more than half of the smaller lies in the other."""
    intersection = 1.0
    for axis in (0, 1):
        end = min(one[axis] + one[axis + 2], other[axis] + other[axis + 2])
        intersection *= max(0.0, end - max(one[axis], other[axis]))
    return intersection > 0.5 * min(one[2] * one[3], other[2] * other[3])


class BlazeFaceDetector:
    """BlazeFace's short and full range, with dlib's landmarks. Threads may share one.

    The short range sees the whole picture with a border around it, and finds heads that fill the
    picture. The full range sees the picture, or tiles of it where `min_face` is small.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
        threshold: the lowest score to report, 0 to 1.

    Raises:
        InvalidDetector: a file is missing or damaged.
    """

    def __init__(self, min_face: int = 40, threshold: float = SCORE_THRESHOLD) -> None:
        self.min_face = checked_min_face(min_face)
        self.threshold = threshold
        self._short, self._full = Network("blazeface-short"), Network("blazeface-full")

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        detections = self._short.detect(small, whole_view(small.shape, BORDER), self.threshold)
        for view in tiles(small.shape, self.min_face):
            detections += self._full.detect(small, view, self.threshold)
        faces: list[Face] = []
        for detection in sorted(detections, key=lambda detection: -detection.score):
            x, y, width, height = (value / scale for value in detection.box)
            box = (x, y, width, height)
            if not any(same_face(box, face.box) for face in faces):
                points = landmarks_at_roll(grey, box, detection.roll)
                faces.append(Face(box, detection.score, points, NAME))
        return sorted(faces, key=lambda face: face.box[0])


@cache
def _checked_weights(path: Path) -> tuple[bytes, dict[str, Any]]:
    """A network's weights and the contents of its JSON, after checking the SHA-256."""
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
