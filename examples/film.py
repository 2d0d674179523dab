"""Reads a film: `python -m examples.film party.mp4`."""

import sys
from concurrent.futures import ThreadPoolExecutor

from demo.film.reading import Film
from demo.film.samples import read_film
from model import Recognizer


def main(path: str) -> None:
    """Prints a line whenever a person's expression, smoothed over time, becomes another."""
    recognizer = Recognizer(min_face=80, video=True)
    shown: dict[int, str] = {}
    with ThreadPoolExecutor() as pool, Film(path) as film:
        samples = read_film(
            film,
            lambda picture: pool.submit(recognizer.recognize, picture),
            recognizer.classifier.uncertain_below,
        )
        for sample in samples:
            for person, each in sample.people().items():
                emotion = each.smoothed.emotion
                if shown.get(person) != emotion:
                    print(f"{sample.time:6.1f} s  person {person}: {emotion}")
                    shown[person] = emotion


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
