"""Attention maps: as pictures, and as files in a folder."""

import io
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from demo.names import is_folder
from demo.writing import Unwritable, write_whole
from model import FaceExpression
from model.labels import EMOTIONS

_MAP = re.compile(rf"(?P<picture>.+)-face[0-9]+-({'|'.join(EMOTIONS)})\.png", re.DOTALL)

# Stands near the beginning of each file, so that a later run knows it for a map.
_MARK = "attention map of a facial expression"
_MARK_WITHIN = 256


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
    paths share, so that no two pictures have a file in common. A later run replaces it, and nothing
    else: a map is known by what stands in its file.

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
        folders = [_absolute(path if is_folder(path) else path.parent) for path in paths]
        try:
            self._shared = os.path.commonpath(folders)
        except ValueError:  # drives of Windows
            raise Unwritable(f"{folder}: The pictures are on several drives.") from None

    def holds(self, file: Path) -> bool:
        """Whether a file is a map that lies in the folder."""
        return (
            _MAP.fullmatch(file.name) is not None
            and _inside(file.parent, self.folder)
            and _is_map(file)
        )

    def prepare(self, pictures: Sequence[Path]) -> None:
        """Makes the folder and tries whether it can be written to.

        Args:
            pictures: what is going to be read.

        Raises:
            Unwritable: it cannot, maps would lie beside the pictures, or one of them would replace
                a file that is no map.
        """
        names: dict[Path, set[str]] = {}
        for picture in pictures:
            names.setdefault(picture.parent, set()).add(picture.name)
        real = {os.path.realpath(folder) for folder in names}
        for folder in names:
            if os.path.realpath(self._place(folder)) in real:
                raise Unwritable(
                    f"{self.folder}: The maps of the pictures in {folder} would lie among pictures "
                    "that are read. Name another folder for them."
                )
        try:
            for folder, called in names.items():
                _refuse_strangers(self._place(folder), called)
            self.folder.mkdir(parents=True, exist_ok=True)
            trial = self.folder / f".{secrets.token_hex(8)}.partial"
            trial.open("xb").close()
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
        place = self._place(picture.parent)
        file = place / f"{picture.name}-face{number}-{face.emotion}.png"
        if not _inside(place, self.folder):
            raise Unwritable(f"{file}: is not written, a link leads out of {self.folder}.")
        _refuse_stranger(file)
        try:
            place.mkdir(parents=True, exist_ok=True)
            write_whole(file, _png(attention_picture(face.crop, face.attention)))
        except OSError as error:
            raise Unwritable(f"{file}: cannot be written ({error.strerror}).") from error
        return file

    def _place(self, folder: Path) -> Path:
        """Where the maps of a folder's pictures lie."""
        return self.folder / os.path.relpath(_absolute(folder), self._shared)


def _png(pixels: np.ndarray) -> bytes:
    """A PNG file that is marked as a map."""
    file, mark = io.BytesIO(), PngInfo()
    mark.add_text("Description", _MARK)
    Image.fromarray(pixels).save(file, "PNG", pnginfo=mark)
    return file.getvalue()


def _is_map(file: Path) -> bool:
    """Whether an earlier run wrote a file; a link to such a file is somebody else's."""
    if file.is_symlink() or not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            return _MARK.encode() in stream.read(_MARK_WITHIN)
    except OSError:
        return False


def _refuse_strangers(place: Path, pictures: set[str]) -> None:
    """Refuses a folder with files that are called as maps of the pictures, and are none."""
    if not is_folder(place):
        return
    for file in place.iterdir():
        called = _MAP.fullmatch(file.name)
        if called and called["picture"] in pictures:
            _refuse_stranger(file)


def _refuse_stranger(file: Path) -> None:
    """Refuses to replace what is there, unless it is a map."""
    # A folder stands in the way by itself.
    if os.path.lexists(file) and not _is_map(file) and (file.is_symlink() or not file.is_dir()):
        raise Unwritable(
            f"{file}: is not written, because this file is there and is no map of an earlier run."
            " Name another folder, or move it away."
        )


def _absolute(folder: Path) -> str:
    """A folder's absolute path, with the links in it kept as far as they can be."""
    # Behind a link, ".." is not the folder whose name stands before it.
    return os.path.realpath(folder) if ".." in folder.parts else str(folder.absolute())


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or in it, wherever links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
