"""Faces and samples like those of the recognizer and the tracker, for tests without a film."""

import numpy as np

from demo.people.tracking import Sample, Sighting, Track
from model import FaceExpression
from model.labels import EMOTIONS
from preprocessing.images import Picture

HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")


def face(x: float, y: float = 50, side: int = 90, emotion: int = HAPPY) -> FaceExpression:
    probabilities = np.full(7, 0.02, np.float32)
    probabilities[emotion] = 0.88
    return FaceExpression(
        box=(round(x), round(y), side, side),
        detection_score=0.3,
        landmarks=np.zeros((5, 2), np.float32),
        probabilities=probabilities,
        emotion=EMOTIONS[emotion],
        confidence=0.88,
        uncertain=False,
        crop=np.zeros((48, 48), np.uint8),
        detected_by="hog+blazeface",
    )


PICTURE = Picture(np.full((240, 400, 3), 128, np.uint8), 400, 240)


def sample(time: float, **emotions: int) -> Sample:
    """A picture with people, `p1=HAPPY` or `p2=SAD`; `alone=HAPPY` is a face without a person."""
    sightings = []
    for index, (name, emotion) in enumerate(emotions.items()):
        one = face(100 * index, emotion=emotion)
        person = None if name == "alone" else int(name[1:])
        sightings.append(Sighting(one, one, Track(person, time, one.probabilities)))
    return Sample(time, PICTURE, sightings, cut=False)
