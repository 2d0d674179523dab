"""Turns decoded frames into upright RGB pictures of one size."""

import cv2
import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData
from av.video.reformatter import Interpolation, VideoReformatter

from preprocessing.faces import DETECTION_SIDE
from preprocessing.images import Picture


class FilmPictures:
    """Turns the frames of a film into pictures.

    Pictures have 8 bits per colour, whatever the film has, and no transparency. Their longer side is
    at most 1280 pixels, because the face detector uses no more. A frame is made smaller in the same
    step that converts its colours, so no RGB picture of full size ever exists (100 MB at 8K).

    Args:
        first: the first frame; its upright size is the size of the film. Frames of other sizes are
            fitted into it, with black edges if the shape differs, so that places stay comparable.
        aspect: the width of a pixel divided by its height; it is not 1 on DVDs and camcorders.

    Attributes:
        size: width and height of the upright film, in pixels.
    """

    def __init__(self, first: VideoFrame, aspect: float) -> None:
        self._aspect = aspect
        # Read only once: PyAV's side data and its frame refer to each other, which holds 3 MB at 1080p
        # until the next garbage collection. A stream does not change its rotation.
        self._matrix = _display_matrix(first)
        self._reformatter = VideoReformatter()
        self.size = self.size_of(first)
        scale = min(1.0, DETECTION_SIDE / max(self.size))
        self._box = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))

    def size_of(self, image: VideoFrame) -> tuple[int, int]:
        """Returns a frame's upright width and height, as players show it."""
        size = (max(1, round(image.width * self._aspect)), image.height)
        return size[::-1] if _turned(self._matrix) else size

    def picture(self, image: VideoFrame) -> Picture:
        """Converts a frame to an upright picture."""
        size = self.size_of(image)
        scale = min(self._box[0] / size[0], self._box[1] / size[1])
        fitted = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        width, height = fitted[::-1] if _turned(self._matrix) else fitted
        rgb = self._reformatter.reformat(
            image, width, height, "rgb24", interpolation=Interpolation.AREA, threads=1
        )
        pixels = _upright(rgb.to_ndarray(), self._matrix)
        if fitted != self._box:
            across, down = self._box[0] - fitted[0], self._box[1] - fitted[1]
            edges = (down // 2, down - down // 2, across // 2, across - across // 2)
            pixels = cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT)
        return Picture(pixels, *self.size)


def _display_matrix(image: VideoFrame) -> np.ndarray:
    """Returns the `(2, 2)` matrix that puts (x, y) at (x, y) @ matrix for display; y points down.

    Telephones store this matrix instead of turning the pixels. FFmpeg reads it from the container
    (MP4's track header, Matroska's projection) and attaches it to frames as side data. PyAV's
    `frame.rotation` has only its angle and would miss mirroring.
    """
    data: SideData
    for data in image.side_data:  # type: ignore[assignment]  # PyAV types it as a mapping.
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data), np.int32)[:9].reshape(3, 3)[:2, :2]
    return np.eye(2, dtype=np.int32)


def _turned(matrix: np.ndarray) -> bool:
    """Tells whether width and height swap; an odd angle is rounded to a multiple of 90 degrees."""
    return abs(int(matrix[0, 1])) > abs(int(matrix[0, 0]))


def _upright(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    across, down = matrix[0, 0], matrix[1, 1]
    if _turned(matrix):
        pixels = pixels.swapaxes(0, 1)
        across, down = matrix[1, 0], matrix[0, 1]
    if across < 0:
        pixels = pixels[:, ::-1]
    if down < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
