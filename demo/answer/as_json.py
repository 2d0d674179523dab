"""An answer as JSON: the HTTP routes and the command line give the same object."""

import base64
from typing import cast

import cv2
import numpy as np

from demo.answer import schema
from demo.answer.reading import Answer
from model import Classifier, FaceExpression
from model.labels import EMOTIONS


def to_json(answer: Answer, classifier: Classifier, explain: bool = False) -> schema.Expressions:
    """Returns an answer as plain Python values.

    Args:
        answer: a picture and its faces.
        classifier: the network that read the faces.
        explain: whether to add `attention` and `crop` to each face. The faces must have been read
            with `explain`.

    Returns:
        The object that `demo.answer.schema` describes. Probabilities are rounded to six digits, so
        they sum to 1 only up to rounding.
    """
    return schema.Expressions(
        image=schema.Image(width=answer.picture.width, height=answer.picture.height),
        turned=cast(schema.Turned, answer.turned),
        warnings=list(answer.picture.warnings),
        faces=[face_json(face, explain) for face in answer.faces],
        model=model_json(classifier),
    )


def model_json(classifier: Classifier) -> schema.Model:
    """Names the network and its weights, so that an answer can be traced to them."""
    return schema.Model(name=classifier.name, version=classifier.version, sha256=classifier.sha256)


def face_json(face: FaceExpression, explain: bool = False) -> schema.Face:
    """Returns one face, as in `faces` of `to_json`."""
    x, y, width, height = map(int, face.box)
    fields = schema.Face(
        box=schema.Box(x=x, y=y, width=width, height=height),
        detection_score=round(float(face.detection_score), 4),
        detected_by=face.detected_by,
        landmarks=_rounded(face.landmarks, 2),
        emotion=face.emotion,
        confidence=round(float(face.confidence), 6),
        uncertain=bool(face.uncertain),
        summary=face.summary,
        probabilities=by_emotion(face.probabilities),
    )
    if explain:
        if face.attention is None:
            raise ValueError("The faces were read without explain, so there is no attention map.")
        fields["attention"] = _rounded(face.attention, 3)
        fields["crop"] = base64.b64encode(cv2.imencode(".png", face.crop)[1].tobytes()).decode()
    return fields


def by_emotion(values: np.ndarray) -> schema.Probabilities:
    """Returns seven numbers by emotion, rounded to six digits."""
    return {name: round(value, 6) for name, value in zip(EMOTIONS, values.tolist(), strict=True)}


def _rounded(numbers: np.ndarray, digits: int) -> list[list[float]]:
    """Rounds in float64, because a rounded float32 would print as 0.30000001192092896."""
    rounded: list[list[float]] = np.round(numbers.astype(np.float64), digits).tolist()
    return rounded
