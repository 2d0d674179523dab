"""The JSON of an answer: one set of types builds it, checks it and documents it.

The types are typed dictionaries and not pydantic models. The command line gives the same JSON as the
HTTP routes and has to start without pydantic. A typed dictionary is a plain `dict` when the program
runs, so it costs nothing and keeps the order of its keys, and mypy checks every place that makes one.
In the web part pydantic makes the JSON schemas of the same types: it reads the ranges from
`annotated_types`, which imports nothing else, and the descriptions from the text below each field.

The messages of the live view are in `demo.answer.schema_live`, those of films in
`demo.answer.schema_film`.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypeVar

from annotated_types import Ge, Le, Len

# Python's own TypedDict tells pydantic too little before Python 3.12.
from typing_extensions import TypedDict

from model.labels import EMOTIONS

Type = TypeVar("Type", bound=type[Any])


def described(kind: Type) -> Type:
    """Tells pydantic to take descriptions from the texts below the fields and to allow no others."""
    kind.__pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}
    return kind


Probability = Annotated[float, Ge(0), Le(1)]
Row48 = Annotated[list[Probability], Len(48, 48)]
Point = Annotated[list[float], Len(2, 2)]
Turned = Literal[0, 90, 180, 270]

if TYPE_CHECKING:  # Type checkers read no names from a list.
    Emotion = str
    Probabilities = dict[str, float]
else:
    Emotion = Literal[EMOTIONS]
    Probabilities = described(TypedDict("Probabilities", dict.fromkeys(EMOTIONS, Probability)))


@described
class Box(TypedDict):
    """In pixels of the upright picture, and inside it."""

    x: Annotated[int, Ge(0)]
    """Of its left edge."""
    y: Annotated[int, Ge(0)]
    """Of its upper edge."""
    width: Annotated[int, Ge(1)]
    height: Annotated[int, Ge(1)]


@described
class Face(TypedDict):
    """One face and the expression it shows, which need not be an emotion felt."""

    box: Box
    detection_score: float
    """The face detector's; it compares with scores of the same `detected_by` alone. hog+blazeface and
    blazeface of the default are one scale: above 0.5, sure finds 1.5 to 3."""
    detected_by: str
    """The detector that saw it: hog+blazeface where both did, blazeface where dlib's HOG did not; or
    hog, cnn, haar where the server is set to one of them."""
    landmarks: Annotated[list[Point], Len(5, 5)]
    """x and y of the outer and inner corner of the eye on the picture's right, the outer and inner
    corner of the eye on its left, and the base of the nose."""
    emotion: Emotion
    """The most likely."""
    confidence: Probability
    """The probability of `emotion`."""
    uncertain: bool
    """Whether `confidence` is too small to rely on."""
    summary: str
    """The answer in words: `emotion`, or the two most likely ones where `uncertain`, such as "happy"
    or "uncertain: happy or surprise"."""
    probabilities: Probabilities
    """They sum to 1."""
    attention: NotRequired[Annotated[list[Row48], Len(48, 48)]]
    """Only with `explain`: what spoke for `emotion`, over `crop`."""
    crop: NotRequired[str]
    """Only with `explain`: the aligned 48x48 grey face that the network saw, a PNG file in base64."""


@described
class Image(TypedDict):
    """The size of the upright picture in pixels."""

    width: Annotated[int, Ge(1)]
    height: Annotated[int, Ge(1)]
    preview: NotRequired[str]
    """Only with `preview`: the upright picture, at most 1280 pixels long, a JPEG file in base64, for
    programs that cannot decode what they sent."""


@described
class Model(TypedDict):
    """The network that gave the answer, and the SHA-256 of its weights."""

    name: str
    version: str
    sha256: str


@described
class Expressions(TypedDict):
    """The faces of a picture from left to right; an empty list where there is none."""

    image: Image
    turned: Turned
    """Degrees clockwise by which the picture was turned to find its faces; 0 for one that is upright.
    Boxes and landmarks are of the picture as it was sent."""
    warnings: list[str]
    """Sentences on what is wrong with the file although it could be read, such as that a part of the
    picture is missing; most often none."""
    faces: list[Face]
    model: Model


@described
class Version(TypedDict):
    """What answers."""

    api: str
    """The version of these routes."""
    model: Model


@described
class Status(TypedDict):
    status: str


@described
class Problem(TypedDict):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
