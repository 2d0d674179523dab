"""Measures what `faces.SCORE_THRESHOLD` costs and saves: `python -m preprocessing.threshold`.

The pictures come with packages of requirements.txt and are changed by fixed random numbers: views
of pictures without a face; the astronaut and Grace Hopper with faces 45 to 300 pixels wide, turned
by up to 15 degrees; both blurred, darkened and compressed; and, where FER-2013 is given, faces of
PublicTest put into the views. Takes a minute or two on two cores.
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import skimage.data
from matplotlib.cbook import get_sample_data
from sklearn.datasets import load_sample_images

from preprocessing import fer2013
from preprocessing.faces import HogDetector
from preprocessing.images import decode

Box = tuple[float, float, float]  # x and y of a face's centre, and its width; NaN for no face
View = tuple[np.ndarray, Box]  # a grey picture and the one face in it

THRESHOLDS = np.round(np.arange(-0.2, 1.01, 0.05), 2) + 0.0
_NO_FACE = (
    "brick", "cell", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "logo", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
_VIEWS, _PHOTOGRAPHS, _INSERTED = 230, 200, 240


def _worse(picture: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    """Blurred, for a face of this width, darkened, and compressed."""
    picture = cv2.GaussianBlur(picture, (0, 0), face * rng.uniform(0.001, 0.015))
    dark = (picture * rng.uniform(0.3, 1)).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
    return _grey(decode(cv2.imencode(".jpg", dark, quality)[1].tobytes()).pixels)


def _grey(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)


def portraits() -> list[tuple[np.ndarray, Box]]:
    """The two photographs, `(height, width)` uint8, each with the place of its face."""
    hopper = decode(get_sample_data("grace_hopper.jpg", asfileobj=False)).pixels
    return [(_grey(skimage.data.astronaut()), (221, 121, 91)), (_grey(hopper), (273, 232, 187))]


def backgrounds(rng: np.random.Generator) -> Iterator[View]:
    """Views of the pictures without a face: cut, mirrored, turned by right angles, in two sizes."""
    pictures = [getattr(skimage.data, name)() for name in _NO_FACE]
    pictures += [skimage.data.stereo_motorcycle()[0], *load_sample_images().images]
    # Collars, emblems and medals below the two faces, where false alarms are most likely: twice.
    pictures += [portraits()[0][0][200:], portraits()[1][0][370:]] * 2
    for index in range(_VIEWS):
        picture = _grey(pictures[index % len(pictures)])
        height, width = (int(side * rng.uniform(0.4, 1)) for side in picture.shape)
        top = int(rng.integers(0, picture.shape[0] - height))
        left = int(rng.integers(0, picture.shape[1] - width))
        view = np.rot90(picture[top : top + height, left : left + width], int(rng.integers(0, 4)))
        view = view[:, ::-1] if rng.random() < 0.5 else view
        scale = rng.choice([640, 1280]) / max(view.shape)
        view = cv2.resize(np.ascontiguousarray(view), None, fx=scale, fy=scale)
        yield _worse(view, rng.uniform(45, 300), rng), (np.nan, np.nan, np.nan)


def photographs(rng: np.random.Generator) -> Iterator[View]:
    """The two photographs with their faces at many sizes and angles."""
    originals = portraits()
    for index in range(_PHOTOGRAPHS):
        picture, (x, y, face) = originals[index % 2]
        width = float(np.exp(rng.uniform(np.log(45), np.log(300))))
        scale = width / face
        matrix = cv2.getRotationMatrix2D((x, y), rng.uniform(-15, 15), 1)
        view = cv2.warpAffine(picture, matrix, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        view = cv2.resize(view, None, fx=scale, fy=scale, interpolation=how)[:1280, :1280]
        yield _worse(view, width, rng), (x * scale, y * scale, width)


def inserted(data: str, rng: np.random.Generator) -> Iterator[View]:
    """Faces of FER-2013's PublicTest, 60 to 160 pixels wide, in views without a face."""
    faces = fer2013.load(data).split("PublicTest").images
    views = [cv2.resize(view, (640, 480)) for view, _ in backgrounds(rng)]
    for index in rng.permutation(len(faces))[:_INSERTED]:
        view = views[index % len(views)].copy()
        side = int(rng.integers(60, 161))
        left, top = int(rng.integers(0, 640 - side)), int(rng.integers(0, 480 - side))
        face = cv2.resize(faces[index], (side, side), interpolation=cv2.INTER_CUBIC)
        view[top : top + side, left : left + side] = face
        yield view, (left + side / 2, top + side / 2, side)


def scores(detector: HogDetector, view: View) -> tuple[float, list[float]]:
    """The score of the true face, -inf where it is missed or not there, and of the false ones."""
    picture, (x, y, width) = view
    true, false = -np.inf, []
    for face in detector.detect(picture):
        left, top, across, down = face.box
        apart = np.hypot(left + across / 2 - x, top + down / 2 - y)
        if apart < width / 2 and 1 / 3 < across / width < 2:
            true = max(true, face.score)
        else:
            false.append(face.score)
    return true, false


def main() -> None:
    """Prints, for each threshold, the share of true faces found and the number of false alarms."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.threshold", description=__doc__)
    parser.add_argument("--data", help="FER-2013, as `python -m train_resnet` takes it")
    data = parser.parse_args().data
    sets = {
        "no face": backgrounds(np.random.default_rng(0)),
        "photographs": photographs(np.random.default_rng(1)),
        "FER-2013": inserted(data, np.random.default_rng(2)) if data else iter(()),
    }
    detector = HogDetector(min_face=40, threshold=float(THRESHOLDS[0]))
    columns = []
    for name, views in sets.items():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda view: scores(detector, view), views))
        column = [f"{len(results)} {name}"]
        for threshold in THRESHOLDS:
            found = sum(true > threshold for true, _ in results) / max(1, len(results))
            false = sum(score > threshold for _, alarms in results for score in alarms)
            column.append(f"{found:.1%} found, {false} false")
        columns.append(column)
    for row in zip(["threshold", *THRESHOLDS], *columns, strict=True):
        print("".join(f"{cell!s:>24}" for cell in row))


if __name__ == "__main__":
    main()
