"""The library's entry point: reads a picture and returns every face's expression."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.classifier import Classifier, load
from model.labels import EMOTIONS, doubt
from preprocessing.alignment import SIZE, align
from preprocessing.faces import DEFAULT
from preprocessing.faces import detector as find_detector
from preprocessing.images import InvalidImage, Picture, Source, decode

# A limit, since every face costs milliseconds and a picture may be a mosaic of thousands of faces.
MOST_FACES = 300


@dataclass(frozen=True, eq=False)
class FaceExpression:
    """One face in a picture and the expression it shows, which need not be what the person feels.

    Coordinates are in pixels of the upright picture, x to the right, y down.

    Attributes:
        box: x, y, width and height, inside the picture.
        detection_score: the detector's score; compare it only with scores of the same `detected_by`.
        landmarks: `(5, 2)` float32, eye corners and base of the nose in dlib's order.
        probabilities: `(7,)` float32 that sum to 1, in the order of `model.labels.EMOTIONS`.
        emotion: the most likely emotion.
        confidence: the probability of `emotion`.
        uncertain: whether `confidence` is too low to rely on the answer.
        crop: `(48, 48)` uint8, the aligned face as the network saw it.
        detected_by: the detector that found the face. The default detector says "hog+blazeface", or
            "blazeface" if dlib's HOG does not confirm the face; the others say their name.
        turned: degrees clockwise by which the picture, or the face in it, was turned to find the
            face: 0, 90, 180 or 270.
        attention: `(48, 48)` float32, 0 to 1, how much each pixel of `crop` speaks for `emotion`;
            None unless asked for with `explain`.
    """

    box: tuple[int, int, int, int]
    detection_score: float
    landmarks: np.ndarray
    probabilities: np.ndarray
    emotion: str
    confidence: float
    uncertain: bool
    crop: np.ndarray
    detected_by: str
    turned: int = 0
    attention: np.ndarray | None = None

    @property
    def second(self) -> str:
        """The second most likely emotion."""
        return EMOTIONS[int(np.argsort(self.probabilities)[-2])]

    @property
    def summary(self) -> str:
        """The answer in words: "happy", or "uncertain: happy or surprise" if it is uncertain."""
        return doubt(self.emotion, self.second) if self.uncertain else self.emotion


class Recognizer:
    """Reads every face's expression in a picture.

    Threads may share one. It can be pickled for other processes: the pickle holds the network's
    weights, and each process builds its own detector.

    Args:
        weights: a name in `model/weights`, or the path of a `.tflite` file.
        detector: a name in `preprocessing.faces.DETECTORS`.
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280. Use 40 for photographs, and 80 for live video, which is faster.
        video: whether the pictures are frames of a camera or a film. Frames are read faster: the
            detector does not search again if it finds no face, and the network does not see each
            face mirrored as well, which doubles its time and adds 0.2 points on single pictures.

    Raises:
        model.InvalidWeights: the weights cannot be used, see `model.load`.
        preprocessing.faces.InvalidDetector: a file of the detector is missing or damaged.
        ValueError: the detector is unknown, or `min_face` is out of its range.

    Example:

    ```python
    for face in Recognizer().recognize("party.jpg"):
        print(face.box, face.emotion, f"{face.confidence:.0%}")
    ```
    """

    def __init__(
        self,
        weights: str | Path = "resnet",
        detector: str = DEFAULT,
        min_face: int = 40,
        video: bool = False,
    ) -> None:
        self._find(detector, min_face, video)
        self.classifier: Classifier = load(weights)

    def _find(self, detector: str, min_face: int, video: bool) -> None:
        self.detector_name = detector
        self.video = video
        self._min_face = min_face
        self.detector = find_detector(detector, min_face, second_look=not video)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "finding": (self.detector_name, self._min_face, self.video),
            "classifier": self.classifier,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._find(*state["finding"])
        self.classifier = state["classifier"]

    def finding(self, min_face: int, video: bool = False) -> "Recognizer":
        """A recognizer with the same network and detector but another `min_face`."""
        other = Recognizer.__new__(Recognizer)
        other._find(self.detector_name, min_face, video)
        other.classifier = self.classifier
        return other

    def recognize(self, picture: Source | Picture, explain: bool = False) -> list[FaceExpression]:
        """Reads the expression of every face in a picture.

        Args:
            picture: a path, the bytes of a file, a binary file, a PIL image or an array, as for
                `preprocessing.images.decode`; or a decoded picture.
            explain: whether to give each face its attention map.

        Returns:
            The faces from left to right; an empty list if there is none.

        Raises:
            preprocessing.images.InvalidImage: the picture cannot be read, or has more than 300
                faces.
        """
        if not isinstance(picture, Picture):
            picture = decode(picture)
        grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
        found = self.detector.detect(grey)
        if len(found) > MOST_FACES:
            raise InvalidImage(
                f"There are more than {MOST_FACES} faces in the picture. Cut it into parts and try"
                " again."
            )
        crops = np.array([align(grey, face.landmarks) for face in found], np.uint8)
        logits = self.classifier.logits(crops.reshape(-1, SIZE, SIZE), mirrored=not self.video)
        probabilities = self.classifier.mixture.probabilities(logits)["served"]
        maps = self.classifier.mixture.maps(logits)
        expressions = []
        for index, face in enumerate(found):
            best = int(probabilities[index].argmax())
            confidence = float(probabilities[index, best])
            expressions.append(
                FaceExpression(
                    box=_inside(face.box, picture),
                    detection_score=face.score,
                    landmarks=face.landmarks * np.float32(picture.scale),
                    probabilities=probabilities[index],
                    emotion=EMOTIONS[best],
                    confidence=confidence,
                    uncertain=confidence < self.classifier.uncertain_below,
                    crop=crops[index],
                    detected_by=face.detected_by,
                    turned=face.turned,
                    attention=_attention(maps[index, :, :, best]) if explain else None,
                )
            )
        return expressions


def _inside(box: tuple[float, float, float, float], picture: Picture) -> tuple[int, int, int, int]:
    """Converts a box from the working copy to pixels of the original, clipped at its edges."""
    x, y, width, height = (value * picture.scale for value in box)
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(picture.width, round(x + width)), min(picture.height, round(y + height))
    return left, top, max(1, right - left), max(1, bottom - top)


def _attention(evidence: np.ndarray) -> np.ndarray:
    """The positive part of one emotion's map, enlarged to the crop and scaled to a maximum of 1."""
    large = cv2.resize(evidence, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    positive = np.maximum(large, 0)
    return positive / max(float(positive.max()), 1e-6)
