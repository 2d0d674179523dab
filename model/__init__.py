"""The networks, their weights, and the way from a picture to every face's expression.

`model.load(name)` returns a classifier of aligned faces; `model.Recognizer()` reads whole pictures. Both
are imported on first use, because training runs on machines without LiteRT and dlib's landmarks.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.classifier import Classifier, InvalidWeights, load
    from model.recognizer import FaceExpression, Recognizer

__all__ = ["Classifier", "FaceExpression", "InvalidWeights", "Recognizer", "load"]

_HOMES = {
    "Classifier": "model.classifier",
    "FaceExpression": "model.recognizer",
    "InvalidWeights": "model.classifier",
    "Recognizer": "model.recognizer",
    "load": "model.classifier",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
