"""The memory of one live camera: the people in its pictures and how their expressions changed."""

import numpy as np

from demo.answer.as_json import by_emotion, face_json
from demo.answer.reading import Answer
from demo.answer.schema_live import Group, PersonFace, Seen
from demo.people.moments import Moment, Moments
from demo.people.tracking import People, Sample
from model import Recognizer


class Camera:
    """Follows the people before a camera. No picture is kept.

    Args:
        recognizer: reads the pictures that `update` is given.

    Attributes:
        recognizer: the recognizer given.
        faces: the number of faces in all pictures so far.

    Example:

    ```python
    camera = Camera(Recognizer(min_face=80, video=True))
    for seconds, pixels in pictures:
        print(camera.update(read(camera.recognizer, pixels), seconds)["faces"])
    ```
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self.faces = 0
        self._people = People(recognizer.classifier.uncertain_below)
        self._moments = Moments(thumbnails=False)
        self._largest: list[Moment] = []
        self._began: float | None = None

    def update(self, answer: Answer, now: float) -> Seen:
        """Adds the next picture and its faces.

        Args:
            answer: the picture and its faces.
            now: the time of the picture, in seconds on any clock that never goes back.

        Returns:
            The faces with their people, as JSON.
        """
        self._began = now if self._began is None else self._began
        time = now - self._began
        self.faces += len(answer.faces)
        sightings = self._people.update(answer.faces, time)
        found = Seen(
            time=round(time, 3),
            faces=[
                PersonFace(person=sighting.person, **face_json(sighting.smoothed))
                for sighting in sightings
            ],
            group=Group(),
        )
        if sightings:
            shown = np.array([sighting.smoothed.probabilities for sighting in sightings])
            spread = shown.std(axis=0)
            found["group"] = Group(mean=by_emotion(shown.mean(axis=0)), spread=by_emotion(spread))
        self._moments.add(Sample(time, answer.picture, sightings, cut=False))
        largest = self._moments.largest()
        if largest != self._largest:
            self._largest = largest
            found["moments"] = [moment.to_json() for moment in largest]
        return found
