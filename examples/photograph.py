"""Reads a photograph: `python -m examples.photograph party.jpg boxes.png`."""

import sys

from PIL import Image

from demo.answer.as_picture import annotate
from demo.answer.reading import read
from model import Recognizer
from preprocessing.images import InvalidImage


def main(photograph: str, boxes: str) -> None:
    """Prints each face and its expression, and draws the boxes into a new file."""
    try:
        answer = read(Recognizer(), photograph)
    except InvalidImage as error:
        sys.exit(str(error))
    print("faces:", len(answer.faces))
    for face in answer.faces:
        print(f"{face.box}: {face.summary} ({face.confidence:.0%}), seen by {face.detected_by}")
    Image.fromarray(annotate(answer)).save(boxes)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
