"""Makes pictures with known faces, and pictures without faces, from those that packages ship.

The two photographs show Grace Hopper (from matplotlib) and the astronaut Eileen Collins (from
scikit-image); both are in the public domain. The random numbers are fixed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import skimage.data
from matplotlib.cbook import get_sample_data
from sklearn.datasets import load_sample_images

from preprocessing.faces import landmarks_in
from preprocessing.images import decode

_NO_FACE = (
    "brick", "cell", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass", "gravel",
    "hubble_deep_field", "immunohistochemistry", "logo", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
_VIEWS, _PASTED = 230, 240

# Each cover's left, top, width and height, in widths of the face from its middle, and its grey level.
_COVERS = {
    "sunglasses": ((-0.42, -0.28, 0.84, 0.24), 25),
    "mask": ((-0.45, 0.06, 0.9, 0.55), 190),
    "hat": ((-0.75, -1.0, 1.5, 0.62), 45),
}


@dataclass(frozen=True)
class Truth:
    """A known face in a picture.

    Attributes:
        x: the x of the face's middle, in pixels.
        y: the y of the face's middle, in pixels.
        width: the width of the box that dlib's detector puts around the face, in pixels.
        landmarks: `(5, 2)` float32 in dlib's order, or None if they are not known.
    """

    x: float
    y: float
    width: float
    landmarks: np.ndarray | None = None

    def moved(self, matrix: np.ndarray) -> "Truth":
        """The same face after a `(2, 3)` similarity transform of the picture."""
        x, y = matrix @ (self.x, self.y, 1)
        points = self.landmarks
        if points is not None:
            points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        return Truth(float(x), float(y), self.width * float(np.hypot(*matrix[:, 0])), points)


@dataclass(frozen=True)
class Shot:
    """A picture for a detector, with its known faces.

    Attributes:
        kind: what is varied: "size", "turn", "brightness", "cover", "place", "no face" and others.
        degree: how it is varied, as a heading.
        grey: `(height, width)` uint8.
        faces: the known faces in the picture.
        min_face: the `min_face` for the detector, in pixels.
        source: the position of the face's image in FER-2013, or None for other pictures.
    """

    kind: str
    degree: str
    grey: np.ndarray
    faces: tuple[Truth, ...]
    min_face: int = 40
    source: int | None = None


def grey_of(picture: np.ndarray) -> np.ndarray:
    """Converts any of scikit-image's pictures to `(height, width)` uint8."""
    picture = decode(np.squeeze(picture)).pixels
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


@cache
def portraits() -> tuple[tuple[np.ndarray, Truth], ...]:
    """The two photographs, `(height, width)` uint8, each with its known face."""
    astronaut = grey_of(skimage.data.astronaut())
    hopper = grey_of(decode(get_sample_data("grace_hopper.jpg", asfileobj=False)).pixels)
    boxes = ((176.0, 76.0, 90.0, 90.0), (180.0, 139.0, 187.0, 187.0))
    return tuple(
        (grey, Truth(x + width / 2, y + width / 2, width, landmarks_in(grey, (x, y, width, width))))
        for grey, (x, y, width, _) in zip((astronaut, hopper), boxes, strict=True)
    )


def cut(
    portrait: tuple[np.ndarray, Truth],
    size: tuple[int, int],
    width: float,
    at: tuple[float, float],
    angle: float = 0.0,
) -> tuple[np.ndarray, Truth]:
    """Makes a new picture from a portrait, with the face in a given size, place and angle.

    Args:
        portrait: the photograph and its face.
        size: the new picture's width and height in pixels.
        width: the face's width in the new picture, in pixels.
        at: x and y of the face's middle in the new picture.
        angle: how far the portrait is turned, in degrees clockwise.
    """
    picture, face = portrait
    scale = width / face.width
    if scale < 0.7:  # warpAffine alone would alias.
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face = face.moved(np.array([[scale, 0, 0], [0, scale, 0]]))
        scale = 1.0
    matrix = cv2.getRotationMatrix2D((face.x, face.y), -angle, scale)
    matrix[:, 2] = matrix[:, 2] + np.array(at) - (face.x, face.y)
    changed = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return changed, face.moved(matrix)


def made() -> Iterator[Shot]:
    """The photographs with the face's size, turn, brightness, cover and place varied, and a profile."""
    for portrait in portraits():
        for width in (16, 20, 24, 32, 40, 60, 80, 120, 200, 400):
            for at in ((0.3, 0.35), (0.5, 0.5), (0.72, 0.4), (0.4, 0.62)):
                view, face = cut(portrait, (1280, 720), width, (1280 * at[0], 720 * at[1]))
                view = _in_a_room(view, face)
                yield Shot("size", f"{width} px", view, (face,), min_face=min(40, max(20, width)))
        for angle in (0, 15, 30, 45, 60, 90, 120, 150, 180):
            for sign in (-1, 1) if angle else (1,):
                for width, size in ((90, (640, 480)), (150, (480, 480)), (190, (320, 320))):
                    middle = (size[0] * 0.5, size[1] * 0.5)
                    view, face = cut(portrait, size, width, middle, sign * angle)
                    yield Shot("turn", f"{angle}°", view, (face,))
        for gamma in (0.3, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0):
            for width, size in ((70, (640, 480)), (110, (480, 480)), (190, (320, 320))):
                view, face = cut(portrait, size, width, (size[0] * 0.5, size[1] * 0.5))
                dark = np.rint(255 * (view / 255.0) ** gamma).astype(np.uint8)
                yield Shot("brightness", f"gamma {gamma:g}", dark, (face,))
        for cover, (place, level) in _COVERS.items():
            for width, size in ((50, (640, 480)), (90, (640, 480)), (150, (480, 480))):
                view, face = cut(portrait, size, width, (size[0] * 0.5, size[1] * 0.5))
                yield Shot("cover", cover, _covered(view, face, place, level), (face,))
        for percent in (0, 10, 20, 30, 40):
            for side in ("left", "right", "top", "bottom"):
                view, face = _at_edge(portrait, percent / 100, side)
                yield Shot("place", f"{percent} % cut off", view, (face,))
        for across, down in ((40, 50), (64, 80), (128, 160)):
            for share in (0.6, 0.75, 0.9):
                middle = (across / 2, down * 0.5)
                view, face = cut(portrait, (across, down), across * share, middle)
                yield Shot("head shot", f"{across}x{down}", view, (face,))
    camera = grey_of(skimage.data.camera())
    profile = Truth(240, 161, 65)
    for scale in (0.35, 0.5, 0.75, 1, 1.25, 1.5, 2):
        view = cv2.resize(camera, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for flipped in (False, True):
            face = profile.moved(np.array([[scale, 0, 0], [0, scale, 0]]))
            if flipped:
                face = Truth(view.shape[1] - face.x, face.y, face.width)
            yield Shot("profile", "camera man", view[:, ::-1] if flipped else view, (face,))


def crowds() -> Iterator[Shot]:
    """The two faces in turn, in rows of squares that touch each other, on a wall of 1280x720."""
    for width in (20, 30, 40, 60, 80, 110):
        for count in (2, 6, 20, 60):
            for square in (1.1, 1.6):
                side = round(square * width)
                columns = int(np.ceil(np.sqrt(count * 16 / 9)))
                rows = -(-count // columns)
                if columns * side > 1280 or rows * side > 720:
                    continue
                left, top = (1280 - columns * side) // 2, (720 - rows * side) // 2
                wall, faces = np.full((720, 1280), 120, np.uint8), []
                for number in range(count):
                    view, face = cut(
                        portraits()[number % 2], (side, side), width, (side / 2, side / 2)
                    )
                    x, y = left + number % columns * side, top + number // columns * side
                    wall[y : y + side, x : x + side] = view
                    faces.append(face.moved(np.array([[1.0, 0, x], [0, 1, y]])))
                nearest = max(size for size in (20, 40, 80) if size <= width)
                yield Shot("touching", f"{count} faces", wall, tuple(faces), nearest)


def _in_a_room(view: np.ndarray, face: Truth) -> np.ndarray:
    """Keeps the photograph near the face and fills the rest with a plain wall."""
    room = np.full_like(view, 120)
    reach = (face.width * np.array([2.2, 1.9, 2.2, 3.5])).round().astype(int)
    left, top = max(0, round(face.x) - reach[0]), max(0, round(face.y) - reach[1])
    right, bottom = round(face.x) + reach[2], round(face.y) + reach[3]
    room[top:bottom, left:right] = view[top:bottom, left:right]
    return room


def _covered(
    view: np.ndarray, face: Truth, place: tuple[float, float, float, float], level: int
) -> np.ndarray:
    x, y, across, down = (round(share * face.width) for share in place)
    view = view.copy()
    left, top = round(face.x) + x, max(0, round(face.y) + y)
    view[top : max(0, round(face.y) + y + down), left : left + across] = level
    return view


def _at_edge(
    portrait: tuple[np.ndarray, Truth], share: float, side: str
) -> tuple[np.ndarray, Truth]:
    """A picture whose edge cuts off a share of the face."""
    width, size = 120, (480, 360)
    near = width * (0.5 - share)
    at = {
        "left": (near, 180.0),
        "right": (size[0] - near, 180.0),
        "top": (240.0, near),
        "bottom": (240.0, size[1] - near),
    }[side]
    return cut(portrait, size, width, at)


def faceless() -> Iterator[Shot]:
    """scikit-image's pictures without a face, unchanged, and views of them.

    The views are cut, mirrored, turned by right angles, blurred, darkened and compressed, in two
    sizes. False alarms are most likely on collars, emblems and medals, so the parts below the two
    portraits' faces are used twice.
    """
    rng = np.random.default_rng(0)
    pictures = [grey_of(getattr(skimage.data, name)()) for name in _NO_FACE]
    pictures += [grey_of(each) for each in (skimage.data.stereo_motorcycle()[0], *_samples())]
    for picture in pictures:
        yield Shot("no face", "as they are", picture, ())
    (astronaut, _), (hopper, _) = portraits()
    pictures += [astronaut[200:], hopper[370:]] * 2
    for index in range(_VIEWS):
        picture = pictures[index % len(pictures)]
        height, width = (int(side * rng.uniform(0.4, 1)) for side in picture.shape)
        top = int(rng.integers(0, picture.shape[0] - height))
        left = int(rng.integers(0, picture.shape[1] - width))
        view = np.rot90(picture[top : top + height, left : left + width], int(rng.integers(0, 4)))
        view = view[:, ::-1] if rng.random() < 0.5 else view
        scale = rng.choice([640, 1280]) / max(view.shape)
        view = cv2.resize(np.ascontiguousarray(view), None, fx=scale, fy=scale)
        yield Shot("no face", "views", _degraded(view, rng.uniform(45, 300), rng), ())


def _samples() -> list[np.ndarray]:
    return list(load_sample_images().images)


def _degraded(picture: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    """Blurs a picture in proportion to a face of this width, darkens it and compresses it."""
    picture = cv2.GaussianBlur(picture, (0, 0), face * rng.uniform(0.001, 0.015))
    dark = (picture * rng.uniform(0.3, 1)).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
    return grey_of(decode(cv2.imencode(".jpg", dark, quality)[1].tobytes()).pixels)


def of_fer2013(images: np.ndarray, count: int, pasted: int = _PASTED) -> Iterator[Shot]:
    """FER-2013's faces: with a border, as small head shots, and pasted into views without a face.

    Args:
        images: `(n, 48, 48)` uint8.
        count: the number of faces used, each with a border and as a head shot.
        pasted: the number of pictures with a face pasted into a view.
    """
    rng = np.random.default_rng(2)
    chosen = [int(index) for index in rng.permutation(len(images))[:count]]
    for source in chosen:
        # dlib's detector frames a face from 1.5 to 46.5 and from 6.5 to 46.5 of 48 pixels.
        large = cv2.resize(images[source], (192, 192), interpolation=cv2.INTER_CUBIC)
        padded = cv2.copyMakeBorder(large, 48, 48, 48, 48, cv2.BORDER_REPLICATE)
        truth = Truth(padded.shape[1] / 2, padded.shape[0] / 2 + 10, 180)
        yield Shot("FER-2013", "with a border", padded, (truth,), source=source)
    for source in chosen:
        large = cv2.resize(images[source], (96, 96), interpolation=cv2.INTER_CUBIC)
        yield Shot("FER-2013", "96x96, no border", large, (Truth(48, 53, 90),), source=source)
    views = [shot.grey for shot in faceless() if shot.degree == "views"]
    for index in range(pasted):
        source = chosen[index % count]
        view = cv2.resize(views[index % len(views)], (640, 480))
        side = int(rng.integers(40, 161))
        left, top = int(rng.integers(0, 640 - side)), int(rng.integers(0, 480 - side))
        face = cv2.resize(images[source], (side, side), interpolation=cv2.INTER_CUBIC)
        view[top : top + side, left : left + side] = face
        truth = Truth(left + side / 2, top + side * 0.55, side * 0.94)
        yield Shot("FER-2013", "pasted into views", view, (truth,), source=source)
