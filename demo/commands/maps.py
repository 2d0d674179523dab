"""Attention maps: as pictures, and as files in a folder."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from model import FaceExpression
from model.labels import EMOTIONS

_MAP = re.compile(rf".+-face[0-9]+-({'|'.join(EMOTIONS)})\.png", re.DOTALL)


class Unwritable(Exception):
    """A map cannot be written, or none can; the message is a sentence for people."""


def attention_picture(crop: np.ndarray, attention: np.ndarray, side: int = 192) -> np.ndarray:
    """What spoke for the answer, in colour over the grey crop: the brighter, the more.

    Args:
        crop: `(48, 48)` uint8.
        attention: `(48, 48)` of 0 to 1.
        side: of the result, in pixels.

    Returns:
        `(side, side, 3)` uint8 RGB.
    """
    size = (side, side)
    grey = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)[..., None].astype(np.float32)
    weight = cv2.resize(attention.astype(np.float32), size).clip(0, 1)[..., None]
    heat = cv2.applyColorMap((weight * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    share = 0.7 * weight
    return np.round((1 - share) * grey + share * heat).astype(np.uint8)


class AttentionFolder:
    """A folder of attention maps, a PNG file for each face.

    A file is named after its picture, the face's number from left to right and its emotion:
    `IMG_1.jpg-face2-happy.png`. The picture's suffix stays, because a telephone puts `IMG_1.jpg`
    beside `IMG_1.heic`. It lies in the folder that its picture has below the one that all given
    paths share, so that no two pictures have a file in common; a later run replaces it.

    Args:
        folder: where to write; it need not be there yet.
        paths: the pictures and folders that were asked for; at least one.

    Raises:
        Unwritable: the paths share no folder.

    Example:

    ```python
    maps = AttentionFolder(Path("why"), [Path("party")])
    maps.prepare(pictures)
    maps.save(Path("party/late/IMG_1.jpg"), 1, face)  # why/late/IMG_1.jpg-face1-happy.png
    ```
    """

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.folder = folder
        folders = [_absolute(path if path.is_dir() else path.parent) for path in paths]
        try:
            self._shared = os.path.commonpath(folders)
        except ValueError:  # drives of Windows
            raise Unwritable(f"{folder}: The pictures are on several drives.") from None

    def holds(self, file: Path) -> bool:
        """Whether a file is called as a map is and lies in the folder."""
        return _MAP.fullmatch(file.name) is not None and _inside(file.parent, self.folder)

    def prepare(self, pictures: Sequence[Path]) -> None:
        """Makes the folder and tries whether it can be written to.

        Args:
            pictures: what is going to be read.

        Raises:
            Unwritable: it cannot, or maps would lie beside the pictures.
        """
        folders = dict.fromkeys(picture.parent for picture in pictures)
        real = {os.path.realpath(folder) for folder in folders}
        for folder in folders:
            if os.path.realpath(self._place(folder)) in real:
                raise Unwritable(
                    f"{self.folder}: The maps of the pictures in {folder} would lie among pictures "
                    "that are read. Name another folder for them."
                )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            trial = self._partial(self.folder)
            trial.touch()
            trial.unlink()
        except FileExistsError:
            raise Unwritable(f"{self.folder}: cannot be written (Not a folder).") from None
        except OSError as error:
            raise Unwritable(f"{self.folder}: cannot be written ({error.strerror}).") from error

    def save(self, picture: Path, number: int, face: FaceExpression) -> Path:
        """Writes a face's map, whole or not at all.

        Args:
            picture: the path of the face's picture: one that was given, or in a folder that was.
            number: of the face in its picture, from 1.
            face: read with `explain`.

        Returns:
            The file's path, which begins with the folder as it was given.

        Raises:
            Unwritable: the file cannot be written.
            ValueError: the face was read without `explain`.
        """
        if face.attention is None:
            raise ValueError("The face was read without explain, so there is no attention map.")
        pixels = attention_picture(face.crop, face.attention)
        png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
        place = self._place(picture.parent)
        file = place / f"{picture.name}-face{number}-{face.emotion}.png"
        if not _inside(place, self.folder):
            raise Unwritable(f"{file}: is not written, a link leads out of {self.folder}.")
        partial = self._partial(place)
        try:
            place.mkdir(parents=True, exist_ok=True)
            # Left by a process of the same number that was killed.
            partial.unlink(missing_ok=True)
            try:
                with partial.open("xb") as stream:
                    stream.write(png)
                partial.replace(file)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise Unwritable(f"{file}: cannot be written ({error.strerror}).") from error
        return file

    def _place(self, folder: Path) -> Path:
        """Where the maps of a folder's pictures lie."""
        return self.folder / os.path.relpath(_absolute(folder), self._shared)

    def _partial(self, place: Path) -> Path:
        """A name that no listing of pictures takes for one."""
        return place / f".{os.getpid()}.partial"


def _absolute(folder: Path) -> str:
    """A folder's absolute path, with the links in it kept as far as they can be."""
    # Behind a link, ".." is not the folder whose name stands before it.
    return os.path.realpath(folder) if ".." in folder.parts else str(folder.absolute())


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or in it, wherever links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
