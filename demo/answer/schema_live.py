"""The JSON messages of the live view, which follows people before a camera."""

from typing import Annotated, NotRequired

from annotated_types import Ge
from typing_extensions import TypedDict

from demo.answer.schema import Emotion, Face, Probabilities, Probability, described


@described
class Moment(TypedDict):
    """A large change of one person's expression."""

    time: Annotated[float, Ge(0)]
    """In seconds from the first picture."""
    person: Annotated[int, Ge(1)]
    before: Emotion
    """The most likely one in the second before."""
    after: Emotion
    """The most likely one in the second after."""
    change: Probability
    """The share of the probability that moved to other emotions."""


@described
class _Numbered(TypedDict):
    person: Annotated[int, Ge(1)] | None
    """Counts people in the order in which they appear; null for a face that only this picture has
    yet."""


@described
class PersonFace(_Numbered, Face):
    """A face and whose it is. Probabilities are smoothed over time; no face is explained."""


@described
class Group(TypedDict, total=False):
    """All faces of a picture together; an empty object where there is none."""

    mean: Probabilities
    spread: Probabilities
    """The standard deviation over the faces."""


@described
class Seen(TypedDict):
    """What a picture of a camera shows."""

    time: Annotated[float, Ge(0)]
    """When the picture came, in seconds from the view's first picture."""
    faces: list[PersonFace]
    """From left to right; an empty list where there is none."""
    group: Group
    moments: NotRequired[list[Moment]]
    """The largest changes so far, in the order of their times; only where one was added."""


@described
class _Counted(TypedDict):
    frame: Annotated[int, Ge(1)]
    """Which of the pictures sent this answers, counted from 1."""
    dropped: Annotated[int, Ge(0)]
    """How many pictures have made way for newer ones so far."""


@described
class LiveAnswer(Seen, _Counted):
    """The answer to a picture."""


@described
class LiveError(_Counted):
    """The answer to a picture that cannot be read; the view goes on."""

    error: str
    """Why, in a sentence."""
