"""Attention maps as pictures and as files in a folder."""

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

# This text is near the beginning of each file, so that a later run recognizes the file as a map.
_MARK = "attention map of a facial expression"
_MARK_WITHIN = 256


def attention_picture(crop: np.ndarray, attention: np.ndarray, side: int = 192) -> np.ndarray:
    """Draws an attention map in colour over the grey crop; bright parts spoke most for the answer.

    Args:
        crop: the aligned face, `(48, 48)` uint8.
        attention: the map, `(48, 48)` floats from 0 to 1.
        side: the side of the result, in pixels.

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
    """A folder of attention maps, with one PNG file for each face.

    A file's name has the picture's name, the face's number from left to right and its emotion:
    `IMG_1.jpg-face2-happy.png`. The picture's suffix stays, because a telephone puts `IMG_1.jpg`
    beside `IMG_1.heic`. Maps mirror the tree of folders below the folder that all paths share, so
    names never clash. A later run replaces old maps and no other file. It recognizes a map by a mark
    in the file.

    Args:
        folder: the folder for the maps; it may be missing.
        paths: the pictures and folders on the command line; at least one.

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
        except ValueError:  # The paths are on different Windows drives.
            raise Unwritable(f"{folder}: The pictures are on several drives.") from None

    def holds(self, file: Path) -> bool:
        """Tells whether a file is a map in this folder."""
        return (
            _MAP.fullmatch(file.name) is not None
            and _inside(file.parent, self.folder)
            and _is_map(file)
        )

    def prepare(self, pictures: Sequence[Path]) -> None:
        """Makes the folder and checks that maps can be written to it.

        Args:
            pictures: the pictures that are going to be read.

        Raises:
            Unwritable: the folder cannot be written to, a map would lie beside the pictures, or a map
                would replace a file that is not a map.
        """
        names: dict[Path, set[str]] = {}
        for picture in pictures:
            names.setdefault(picture.parent, set()).add(picture.name)
        real = {os.path.realpath(folder) for folder in names}
        for folder in names:
            if os.path.realpath(self._place(folder)) in real:
                raise Unwritable(
                    f"{self.folder}: The maps for {folder} would be mixed with the pictures to read. "
                    "Choose another folder for --explain."
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
            picture: the path of the face's picture, as `prepare` got it.
            number: the face's number in its picture, from 1.
            face: the face; it must have been read with `explain`.

        Returns:
            The path of the map; it begins with `folder` as it was given.

        Raises:
            Unwritable: the file cannot be written.
            ValueError: the face was read without `explain`.
        """
        if face.attention is None:
            raise ValueError("The face was read without explain, so there is no attention map.")
        place = self._place(picture.parent)
        file = place / f"{picture.name}-face{number}-{face.emotion}.png"
        if not _inside(place, self.folder):
            raise Unwritable(f"{file}: is not written, because a link leads out of {self.folder}.")
        _refuse_stranger(file)
        try:
            place.mkdir(parents=True, exist_ok=True)
            write_whole(file, _png(attention_picture(face.crop, face.attention)))
        except OSError as error:
            raise Unwritable(f"{file}: cannot be written ({error.strerror}).") from error
        return file

    def _place(self, folder: Path) -> Path:
        """Returns the folder for the maps of a folder's pictures."""
        return self.folder / os.path.relpath(_absolute(folder), self._shared)


def _png(pixels: np.ndarray) -> bytes:
    """Encodes pixels as a PNG file with the mark of a map."""
    file, mark = io.BytesIO(), PngInfo()
    mark.add_text("Description", _MARK)
    Image.fromarray(pixels).save(file, "PNG", pnginfo=mark)
    return file.getvalue()


def _is_map(file: Path) -> bool:
    """Tells whether an earlier run wrote a file as a map; a link is never one."""
    if file.is_symlink() or not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            return _MARK.encode() in stream.read(_MARK_WITHIN)
    except OSError:
        return False


def _refuse_strangers(place: Path, pictures: set[str]) -> None:
    """Refuses a folder where other files have the names of these pictures' maps."""
    if not is_folder(place):
        return
    for file in place.iterdir():
        called = _MAP.fullmatch(file.name)
        if called and called["picture"] in pictures:
            _refuse_stranger(file)


def _refuse_stranger(file: Path) -> None:
    """Refuses to replace a file unless it is a map."""
    # A folder needs no check, because writing fails by itself.
    if os.path.lexists(file) and not _is_map(file) and (file.is_symlink() or not file.is_dir()):
        raise Unwritable(
            f"{file}: is not written, because a file with this name exists and is not a map of an"
            " earlier run. Choose another folder, or move the file away."
        )


def _absolute(folder: Path) -> str:
    """Returns a folder's absolute path and keeps the links in it where possible."""
    # After a link, ".." leads to the parent of the link's target, so links must be resolved.
    return os.path.realpath(folder) if ".." in folder.parts else str(folder.absolute())


def _inside(path: Path, folder: Path) -> bool:
    """Tells whether a path is a folder or lies in it, after following all links."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
