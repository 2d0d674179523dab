"""The faces of the comparison, from FER-2013 or from one small file that travels to an accelerator."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from preprocessing import fer2013
from preprocessing.alignment import SIZE
from train_resnet.run.data import Examples, examples

# The most images side by side in a packed picture.
_ACROSS = 120


@dataclass(frozen=True, eq=False)
class Faces:
    """FER-2013 as the comparison uses it.

    Attributes:
        parts: the faces of each of `fer2013.SPLITS`, aligned, with their targets.
        fresh: of the two tests, which images do not also occur in Training, `(n,)` bool.
    """

    parts: dict[str, Examples]
    fresh: dict[str, np.ndarray]


def of_dataset(data: fer2013.Fer2013) -> Faces:
    """Aligns FER-2013, and looks for the images that its splits share."""
    images = {name: data.split(name).images for name in fer2013.SPLITS}
    return Faces(
        {name: examples(data.split(name)) for name in fer2013.SPLITS},
        {name: ~fer2013.occurs_in(images[name], images["Training"]) for name in fer2013.SPLITS[1:]},
    )


def pack(faces: Faces, path: Path) -> None:
    """Writes faces without loss as one file of about 53 MB, for a machine that has neither FER-2013
    nor dlib: a JPEG 2000 picture of all images of a part, and the targets.

    Args:
        faces: to write.
        path: the `.npz` file.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, part in faces.parts.items():
        down = -(-len(part) // _ACROSS)
        tiles = np.zeros((down * _ACROSS, SIZE, SIZE), np.uint8)
        tiles[: len(part)] = part.crops
        rows = tiles.reshape(down, _ACROSS, SIZE, SIZE).transpose(0, 2, 1, 3)
        sheet = rows.reshape(down * SIZE, _ACROSS * SIZE)
        lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
        arrays[f"{name}_crops"] = cv2.imencode(".jp2", sheet, lossless)[1]
        arrays[f"{name}_labels"] = part.labels.argmax(1).astype(np.uint8)
        arrays[f"{name}_votes"] = part.votes
        arrays[f"{name}_votes_weight"] = part.votes_weight
        if name in faces.fresh:
            arrays[f"{name}_fresh"] = faces.fresh[name]
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def unpack(path: Path) -> Faces:
    """Reads what `pack` wrote.

    Raises:
        ValueError: the file is missing or something else.
    """
    try:
        with np.load(path) as arrays:
            parts = {}
            for name in fer2013.SPLITS:
                labels = np.eye(len(fer2013.CLASSES), dtype=np.float32)[arrays[f"{name}_labels"]]
                sheet = cv2.imdecode(arrays[f"{name}_crops"], cv2.IMREAD_GRAYSCALE)
                if sheet is None:
                    raise ValueError("a picture in it cannot be read")
                tiles = sheet.reshape(-1, SIZE, _ACROSS, SIZE).transpose(0, 2, 1, 3)
                crops = tiles.reshape(-1, SIZE, SIZE)[: len(labels)]
                votes, weight = arrays[f"{name}_votes"], arrays[f"{name}_votes_weight"]
                parts[name] = Examples(crops, labels, votes, weight)
            return Faces(parts, {name: arrays[f"{name}_fresh"] for name in fer2013.SPLITS[1:]})
    except (OSError, KeyError, ValueError, cv2.error) as error:
        raise ValueError(f"{path} holds no packed faces ({error}).") from error
