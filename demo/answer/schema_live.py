"""The JSON messages of the live view, which follows people before a camera."""

from typing import Annotated, NotRequired

from annotated_types import Ge
from typing_extensions import TypedDict

from demo.answer.schema import Emotion, Face, Probabilities, Probability, described


@described
class Moment(TypedDict):
    """A large change of one person's expression."""

    time: Annotated[float, Ge(0)]
    """Seconds from the first picture."""
    person: Annotated[int, Ge(1)]
    """The person's number."""
    before: Emotion
    """The most likely emotion in the second before."""
    after: Emotion
    """The most likely emotion in the second after."""
    change: Probability
    """The share of the probability that moved to other emotions."""


@described
class _Numbered(TypedDict):
    person: Annotated[int, Ge(1)] | None
    """The person's number, in order of appearance; null for a face that no other picture shows yet."""


@described
class PersonFace(_Numbered, Face):
    """A face with its person's number. Probabilities are smoothed over time. There are no `attention`
    and `crop`."""


@described
class Group(TypedDict, total=False):
    """All faces of a picture together; an empty object if there are none."""

    mean: Probabilities
    """The mean over the faces."""
    spread: Probabilities
    """The standard deviation over the faces."""


@described
class Seen(TypedDict):
    """The faces in one picture of a camera."""

    time: Annotated[float, Ge(0)]
    """The picture's arrival, in seconds from the view's first picture."""
    faces: list[PersonFace]
    """The faces from left to right; empty if there are none."""
    group: Group
    moments: NotRequired[list[Moment]]
    """The largest changes so far, in order of time; present only when the list changed."""


@described
class _Counted(TypedDict):
    frame: Annotated[int, Ge(1)]
    """The number of the picture that this answers; the first picture sent is 1."""
    dropped: Annotated[int, Ge(0)]
    """How many pictures were skipped so far because a newer one came."""


@described
class LiveAnswer(Seen, _Counted):
    """The answer to a picture."""


@described
class LiveError(_Counted):
    """The answer to a picture that cannot be read; the view goes on."""

    error: str
    """The reason, in a sentence."""
