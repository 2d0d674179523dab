"""Follows the people before a camera: `python -m examples.camera`, or with a film to stand for it."""

import sys
import time

import cv2

from demo.answer.reading import read
from demo.people.camera import Camera
from model import Recognizer


def main(source: int | str = 0) -> None:
    """Prints who is in each picture, until the camera or the film ends, or Ctrl-C."""
    pictures = cv2.VideoCapture(source)
    camera = Camera(Recognizer(min_face=80, video=True))
    while True:
        there, picture = pictures.read()
        if not there:
            break
        answer = read(camera.recognizer, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        seen = camera.update(answer, time.monotonic())
        people = [f"{face['person']}: {face['summary']}" for face in seen["faces"]]
        print(f"{seen['time']:6.1f} s  {', '.join(people) or 'nobody'}")
    pictures.release()


if __name__ == "__main__":
    main(*sys.argv[1:2])
