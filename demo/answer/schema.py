"""The JSON of an answer: the same types build it, check it and document it.

The types are typed dictionaries and not pydantic models, because the command line gives the same JSON
and has to start without pydantic. A typed dictionary is a plain `dict` at run time, so it costs
nothing and keeps the order of its keys. mypy checks every place that builds one. The web server lets
pydantic make JSON schemas from the same types. pydantic reads the ranges from `annotated_types`, which
imports nothing else, and the descriptions from the text below each field.

`demo.answer.schema_live` has the messages of the live view, `demo.answer.schema_film` those of films.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypeVar

from annotated_types import Ge, Le, Len

# Before Python 3.12, Python's own TypedDict lacks what pydantic needs.
from typing_extensions import TypedDict

from model.labels import EMOTIONS

Type = TypeVar("Type", bound=type[Any])


def described(kind: Type) -> Type:
    """Makes pydantic read descriptions from the texts below fields and forbid other fields."""
    kind.__pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}
    return kind


Probability = Annotated[float, Ge(0), Le(1)]
Row48 = Annotated[list[Probability], Len(48, 48)]
Point = Annotated[list[float], Len(2, 2)]
Turned = Literal[0, 90, 180, 270]

if TYPE_CHECKING:  # Type checkers cannot read names from a list.
    Emotion = str
    Probabilities = dict[str, float]
else:
    Emotion = Literal[EMOTIONS]
    Probabilities = described(TypedDict("Probabilities", dict.fromkeys(EMOTIONS, Probability)))


@described
class Box(TypedDict):
    """A box in pixels of the upright picture; it never reaches outside the picture."""

    x: Annotated[int, Ge(0)]
    """The left edge."""
    y: Annotated[int, Ge(0)]
    """The upper edge."""
    width: Annotated[int, Ge(1)]
    height: Annotated[int, Ge(1)]


@described
class Face(TypedDict):
    """One face and the expression it shows. An expression shown is not an emotion felt."""

    box: Box
    detection_score: float
    """The face detector's score. Compare it only with scores of the same `detected_by`. The default
    detector's two values, hog+blazeface and blazeface, share one scale: above 0.5, and 1.5 to 3 for
    clear faces."""
    detected_by: str
    """The detector that found the face: hog+blazeface if both found it, blazeface if dlib's HOG did
    not. A server that is set to another detector gives that detector's name."""
    landmarks: Annotated[list[Point], Len(5, 5)]
    """x and y of the outer and inner corner of the eye on the picture's right, the outer and inner
    corner of the eye on its left, and the base of the nose."""
    emotion: Emotion
    """The most likely emotion."""
    confidence: Probability
    """The probability of `emotion`."""
    uncertain: bool
    """True if `confidence` is too small to rely on."""
    summary: str
    """The answer in words, such as "happy", or "uncertain: happy or surprise" if `uncertain`."""
    probabilities: Probabilities
    """The probability of each emotion. They sum to 1."""
    attention: NotRequired[Annotated[list[Row48], Len(48, 48)]]
    """Only with `explain`: how much each pixel of `crop` spoke for `emotion`."""
    crop: NotRequired[str]
    """Only with `explain`: the aligned 48x48 grey face that the network saw, as a PNG in base64."""


@described
class Image(TypedDict):
    """The size of the upright picture in pixels."""

    width: Annotated[int, Ge(1)]
    height: Annotated[int, Ge(1)]
    preview: NotRequired[str]
    """Only with `preview`: the upright picture as a JPEG in base64, at most 1280 pixels on its longer
    side. It is for programs that cannot decode the picture they sent."""


@described
class Model(TypedDict):
    """The network that gave the answer, and the SHA-256 of its weights."""

    name: str
    version: str
    sha256: str


@described
class Expressions(TypedDict):
    """The faces of a picture from left to right; the list is empty if there are none."""

    image: Image
    turned: Turned
    """How many degrees clockwise the picture was turned to find its faces; 0 if it is upright. Boxes
    and landmarks refer to the picture as it was sent."""
    warnings: list[str]
    """Sentences about faults of a file that could still be read, such as a missing part. Usually
    empty."""
    faces: list[Face]
    model: Model


@described
class Version(TypedDict):
    """The versions of the routes and of the network."""

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
