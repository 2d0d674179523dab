"""The networks, their weights, and the path from a picture to every face's expression."""

from model.classifier import Classifier, InvalidWeights, load
from model.recognizer import FaceExpression, Recognizer

__all__ = ["Classifier", "FaceExpression", "InvalidWeights", "Recognizer", "load"]
