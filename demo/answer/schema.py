"""The JSON of the HTTP routes, as their documentation shows it and the tests check it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from model.labels import EMOTIONS

Probability = Annotated[float, Field(ge=0, le=1)]
Row48 = Annotated[list[Probability], Field(min_length=48, max_length=48)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Box(_Strict):
    """In pixels of the upright picture, and inside it."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


_each_emotion: dict[str, Any] = dict.fromkeys(EMOTIONS, (Probability, ...))
Probabilities = create_model("Probabilities", __base__=_Strict, **_each_emotion)


class Face(_Strict):
    """One face and the expression it shows, which need not be an emotion felt."""

    box: Box
    detection_score: float = Field(
        description="The face detector's; it compares with scores of the same `detected_by` alone. "
        "hog+blazeface and blazeface of the default are one scale: above 0.5, sure finds 1.5 to 3."
    )
    detected_by: str = Field(
        description="The detector that saw it: hog+blazeface where both did, blazeface where dlib's "
        "HOG did not; or hog, cnn, haar where the server is set to one of them."
    )
    landmarks: list[Point] = Field(
        min_length=5,
        max_length=5,
        description="x and y of the outer and inner corner of the eye on the picture's right, the "
        "outer and inner corner of the eye on its left, and the base of the nose.",
    )
    emotion: str = Field(description="The most likely.", json_schema_extra={"enum": list(EMOTIONS)})
    confidence: Probability = Field(description="The probability of `emotion`.")
    uncertain: bool = Field(description="Whether `confidence` is too small to rely on.")
    summary: str = Field(
        description="The answer in words: `emotion`, or the two most likely ones where `uncertain`.",
        examples=["happy", "uncertain: happy or surprise"],
    )
    probabilities: Probabilities = Field(description="They sum to 1.")  # type: ignore[valid-type]
    attention: list[Row48] = Field(
        default=[],
        min_length=48,
        max_length=48,
        description="Only with `explain`: what spoke for `emotion`, over `crop`.",
    )
    crop: str = Field(
        default="",
        description="Only with `explain`: the aligned 48x48 grey face that the network saw, a PNG "
        "file in base64.",
    )


class Image(_Strict):
    """The size of the upright picture in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)
    preview: str = Field(
        default="",
        description="Only with `preview`: the upright picture, at most 1280 pixels long, a JPEG file "
        "in base64, for programs that cannot decode what they sent.",
    )


class Model(_Strict):
    """The network that gave the answer, and the SHA-256 of its weights."""

    name: str
    version: str
    sha256: str


class Expressions(_Strict):
    """The faces of a picture from left to right; an empty list where there is none."""

    image: Image
    turned: int = Field(
        description="Degrees clockwise by which the picture was turned to find its faces; 0 for one "
        "that is upright. Boxes and landmarks are of the picture as it was sent.",
        json_schema_extra={"enum": [0, 90, 180, 270]},
    )
    warnings: list[str] = Field(
        description="Sentences on what is wrong with the file although it could be read, such as that "
        "a part of the picture is missing; most often none.",
        examples=[[]],
    )
    faces: list[Face]
    model: Model


class Version(_Strict):
    """What answers."""

    api: str = Field(description="The version of these routes.")
    model: Model


class Status(_Strict):
    status: str


class Problem(_Strict):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
