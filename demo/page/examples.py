"""Examples to try: three pictures of Rear Admiral Grace Hopper, and the answer to the first.

Her photograph is in the public domain and comes with Matplotlib. The other two are made from it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.requests import Request
from starlette.routing import Route

from demo.answer.as_json import to_json
from demo.answer.reading import read
from demo.answer.schema import Expressions
from demo.web.service import Service
from model import Recognizer

_ROUTE = "/page/examples"

# Examples are the same for everyone until the server restarts.
_HEADERS = {"Cache-Control": "max-age=3600"}


@dataclass(frozen=True)
class Example:
    """A picture to try.

    Attributes:
        name: the name on the page.
        address: the picture's address, relative to the page.
        width: the width in pixels.
        height: the height in pixels.
        content: returns the JPEG file.
    """

    name: str
    address: str
    width: int
    height: int
    content: Callable[[], bytes]


def _photograph() -> bytes:
    return (Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg").read_bytes()


def _pixels() -> np.ndarray:
    """Returns her photograph, `(600, 512, 3)` uint8 BGR."""
    pixels = cv2.imdecode(np.frombuffer(_photograph(), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels


@cache
def _head() -> bytes:
    """Cuts out her head, so that it fills the picture."""
    return _jpeg(_pixels()[95:365, 165:385])


@cache
def _two() -> bytes:
    """Puts a mirrored, darker and smaller copy beside her photograph."""
    left = _pixels()[:520]
    right = cv2.resize(cv2.flip(left, 1), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    right = cv2.convertScaleAbs(right, alpha=0.75)
    above = left.shape[0] - right.shape[0]
    right = cv2.copyMakeBorder(right, above, 0, 0, 0, cv2.BORDER_REPLICATE)
    return _jpeg(np.hstack([left, right]))


def _jpeg(bgr: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


EXAMPLES = (
    Example("Grace Hopper", "page/examples/grace-hopper.jpg", 512, 600, _photograph),
    Example("Her head alone", "page/examples/head.jpg", 220, 270, _head),
    Example("Two faces", "page/examples/two-faces.jpg", 870, 520, _two),
)

# The answer to the first example, which the page shows until the visitor chooses a picture.
EXAMPLE_ANSWER = "page/examples/answer.json"


def add_examples(app: FastAPI, service: Service) -> None:
    """Serves the examples, and the example answer once the network is loaded."""
    for example in EXAMPLES:
        app.router.routes.append(Route(f"/{example.address}", _serving(example)))
    answer = _ExampleAnswer(service)
    app.router.routes.append(Route(f"/{EXAMPLE_ANSWER}", answer.serve))


def _serving(example: Example) -> Callable[[Request], Response]:
    def serve(_: Request) -> Response:
        return Response(example.content(), media_type="image/jpeg", headers=_HEADERS)

    return serve


class _ExampleAnswer:
    """The answer to the first example; it is read once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reading = threading.Lock()
        self._json: Expressions | None = None

    def serve(self, _: Request) -> JSONResponse:
        # Requests that arrive during the reading wait instead of reading the picture again.
        with self._reading:
            if self._json is None:
                self._json = self._service.work(_read_example)
        return JSONResponse(self._json, headers=_HEADERS)


def _read_example(recognizer: Recognizer) -> Expressions:
    answer = read(recognizer, EXAMPLES[0].content(), explain=True)
    return to_json(answer, recognizer.classifier, explain=True)
