"""Checks whether the server's answer to a file is right."""

import json
from collections.abc import Mapping
from typing import Any

from .pictures import Box, Upload

_PROBLEM = "application/problem+json"

# The intersection over union of a found box and the true one.
_SAME_FACE = 0.5


def refused(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the server says that it is full and when to ask again."""
    return status == 503 and headers.get("retry-after", "").isdigit()


def fault(upload: Upload, status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The fault of an answer that is no refusal; None if there is none.

    Args:
        upload: the file that was sent.
        status: the answer's status; 0 if there was no answer.
        headers: the answer's headers; names are in lower case.
        body: the answer's body.
    """
    if status != upload.status:
        return f"{upload.form}: {status} instead of {upload.status}"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"{upload.form}: the answer is not JSON"
    if status == 200:
        return _wrong_faces(upload, answer)
    kind = headers.get("content-type", "")
    if kind != _PROBLEM or answer.get("status") != status or not answer.get("detail"):
        return f"{upload.form}: {status} without a problem document"
    return None


def _wrong_faces(upload: Upload, answer: dict[str, Any]) -> str | None:
    # No two photographs of the mix have the same size: this is an answer to another visitor.
    if (answer["image"]["width"], answer["image"]["height"]) != upload.size:
        return f"{upload.form}: the answer is for another picture"
    boxes = [face["box"] for face in answer["faces"]]
    if len(boxes) != len(upload.faces):
        return f"{upload.form}: {len(boxes)} faces instead of {len(upload.faces)}"
    for box, face in zip(boxes, upload.faces, strict=True):
        if _overlap((box["x"], box["y"], box["width"], box["height"]), face) < _SAME_FACE:
            return f"{upload.form}: a face is in the wrong place"
    return None


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    sides = (
        min(one[axis] + one[axis + 2], other[axis] + other[axis + 2]) - max(one[axis], other[axis])
        for axis in (0, 1)
    )
    width, height = (max(0.0, side) for side in sides)
    both = width * height
    return both / (one[2] * one[3] + other[2] * other[3] - both)
