"""Frames as they were decoded become upright RGB pictures of one size."""

import cv2
import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData
from av.video.reformatter import Interpolation, VideoReformatter

from preprocessing.faces import DETECTION_SIDE
from preprocessing.images import Picture


class FilmPictures:
    """Turns frames of a film into pictures.

    They have 8 bits per colour, whatever the film has, and no transparency. Their longer side is at
    most 1280, which is all the face detector looks at; they are made smaller while their colours are
    converted, so that there is never an RGB picture in full size (100 MB at 8K).

    Args:
        first: the first frame, whose upright size is the film's. Frames of another size are fitted
            into it, with black edges where the shape differs: so a person's place stays comparable.
        aspect: width of a pixel by its height; on DVDs and camcorders it is not 1.

    Attributes:
        size: width and height of the upright film, in pixels.
    """

    def __init__(self, first: VideoFrame, aspect: float) -> None:
        self._aspect = aspect
        # Once: PyAV's side data and its frame hold on to each other, 3 MB at 1080p until Python looks
        # for such, and a stream is not turned while it runs.
        self._matrix = _display_matrix(first)
        self._reformatter = VideoReformatter()
        self.size = self.size_of(first)
        scale = min(1.0, DETECTION_SIDE / max(self.size))
        self._box = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))

    def size_of(self, image: VideoFrame) -> tuple[int, int]:
        """Width and height at which a frame is meant to be shown, upright."""
        size = (max(1, round(image.width * self._aspect)), image.height)
        return size[::-1] if _turned(self._matrix) else size

    def picture(self, image: VideoFrame) -> Picture:
        """A frame as an upright picture."""
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
    """Where a frame's pixels go, `(2, 2)`: (x, y) goes to (x, y) @ matrix, y down.

    Telephones write it instead of turning pixels. FFmpeg hands what the container has (MP4's track
    header, Matroska's projection) to frames as side data. PyAV's `frame.rotation` is its angle
    alone and would miss that it mirrors.
    """
    data: SideData
    for data in image.side_data:  # type: ignore[assignment]  # PyAV calls it a mapping
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data), np.int32)[:9].reshape(3, 3)[:2, :2]
    return np.eye(2, dtype=np.int32)


def _turned(matrix: np.ndarray) -> bool:
    """Whether width and height change places; an odd angle counts as the nearest right one."""
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
