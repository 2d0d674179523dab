"""An answer as JSON: the one object that the HTTP routes and the command line give."""

import base64
from typing import cast

import cv2
import numpy as np

from demo.answer import schema
from demo.answer.reading import Answer
from model import Classifier, FaceExpression
from model.labels import EMOTIONS


def to_json(answer: Answer, classifier: Classifier, explain: bool = False) -> schema.Expressions:
    """Gives an answer as plain Python values.

    Args:
        answer: a picture and its faces.
        classifier: the network that read them.
        explain: whether each face also has `attention` and `crop`. The faces must have been read
            with `explain`.

    Returns:
        What `demo.answer.schema` describes. Probabilities sum to 1 but for their rounding to six
        digits.
    """
    return schema.Expressions(
        image=schema.Image(width=answer.picture.width, height=answer.picture.height),
        turned=cast(schema.Turned, answer.turned),
        warnings=list(answer.picture.warnings),
        faces=[face_json(face, explain) for face in answer.faces],
        model=model_json(classifier),
    )


def model_json(classifier: Classifier) -> schema.Model:
    """Names the network and its weights, so that an answer can be traced to what gave it."""
    return schema.Model(name=classifier.name, version=classifier.version, sha256=classifier.sha256)


def face_json(face: FaceExpression, explain: bool = False) -> schema.Face:
    """One of the faces of `to_json`."""
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
    """Seven numbers under the emotions' names, to six digits."""
    return {name: round(value, 6) for name, value in zip(EMOTIONS, values.tolist(), strict=True)}


def _rounded(numbers: np.ndarray, digits: int) -> list[list[float]]:
    """Rounds as decimal numbers: rounding float32 first would print 0.30000001192092896."""
    return np.round(numbers.astype(np.float64), digits).tolist()
