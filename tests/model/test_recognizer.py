import io
import multiprocessing
import os
import pickle
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from model import Recognizer
from model import recognizer as recognizer_module
from model.labels import EMOTIONS
from preprocessing.faces import DETECTORS
from preprocessing.images import InvalidImage


def encode(pixels: np.ndarray, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def on_its_side(pixels: np.ndarray) -> bytes:
    """A JPEG with pixels stored on their side and an EXIF orientation that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    return encode(np.rot90(pixels), "JPEG", quality=92, exif=exif)


def in_cmyk(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert("CMYK").save(file, "JPEG", quality=92)
    return file.getvalue()


def in_heic(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, quality=80)
    return file.getvalue()


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    method = cv2.INTER_AREA if side < len(pixels) else cv2.INTER_CUBIC
    return cv2.resize(pixels, (side, side), interpolation=method)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda p: p, id="array"),
        pytest.param(lambda p: encode(p, "JPEG", quality=90), id="jpeg"),
        pytest.param(lambda p: encode(p, "PNG"), id="png"),
        pytest.param(lambda p: encode(p, "WEBP"), id="webp"),
        pytest.param(lambda p: encode(p, "AVIF"), id="avif"),
        pytest.param(on_its_side, id="exif"),
        pytest.param(in_cmyk, id="cmyk"),
        pytest.param(in_heic, id="heic"),
        pytest.param(lambda p: encode(resized(p, 4000), "JPEG"), id="4000 px"),
        pytest.param(lambda p: encode(resized(p, 200), "JPEG", quality=92), id="200 px"),
        pytest.param(lambda p: p.mean(2).astype(np.uint8), id="grey"),
    ],
)
def test_recognize_finds_the_astronaut_happy_in_every_format(
    recognizer: Recognizer, astronaut: np.ndarray, make: object
) -> None:
    [face] = recognizer.recognize(make(astronaut))  # type: ignore[operator]
    assert face.emotion == "happy"
    assert face.confidence == pytest.approx(float(face.probabilities.max()))
    assert face.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert EMOTIONS[int(face.probabilities.argmax())] == "happy"
    assert face.second != "happy"
    assert face.crop.shape == (48, 48)
    assert face.crop.dtype == np.uint8


class Photograph(os.PathLike):
    """A path that is no `pathlib.Path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda data, _: Image.open(io.BytesIO(data)), id="PIL image"),
        pytest.param(lambda data, _: io.BytesIO(data), id="file"),
        pytest.param(lambda data, _: bytearray(data), id="bytearray"),
        pytest.param(lambda data, _: memoryview(data), id="memoryview"),
        pytest.param(lambda _, path: Photograph(path), id="PathLike"),
    ],
)
def test_recognize_takes_what_programs_have(
    recognizer: Recognizer, astronaut: np.ndarray, tmp_path: Path, make: object
) -> None:
    data = on_its_side(astronaut)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    [expected] = recognizer.recognize(data)
    [face] = recognizer.recognize(make(data, path))  # type: ignore[operator]
    assert face.box == expected.box
    assert np.array_equal(face.probabilities, expected.probabilities)


@pytest.mark.slow
@pytest.mark.parametrize("name", DETECTORS)
def test_recognizer_gives_the_same_answer_after_pickling(name: str, astronaut: np.ndarray) -> None:
    picture = np.ascontiguousarray(astronaut[:300:2, 100:400:2])
    recognizer = Recognizer(detector=name, min_face=20)
    expected = recognizer.recognize(picture)
    assert expected
    copied = pickle.loads(pickle.dumps(recognizer)).recognize(picture)
    assert [face.box for face in copied] == [face.box for face in expected]
    for one, other in zip(copied, expected, strict=True):
        assert np.array_equal(one.probabilities, other.probabilities)


def test_recognizer_works_in_a_pool_of_processes(
    recognizer: Recognizer, astronaut: np.ndarray
) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        [face] = pool.apply(recognizer.recognize, (astronaut,))
    assert face.emotion == "happy"


def test_summary_names_two_emotions_if_the_face_is_uncertain(
    recognizer: Recognizer, astronaut: np.ndarray
) -> None:
    [face] = recognizer.recognize(astronaut)
    assert replace(face, uncertain=False).summary == "happy"
    probabilities = np.array([0.05, 0.05, 0.05, 0.4, 0.05, 0.3, 0.1], np.float32)
    uncertain = replace(face, probabilities=probabilities, uncertain=True)
    assert uncertain.summary == "uncertain: happy or surprise"


def test_recognize_gives_coordinates_of_the_original(
    recognizer: Recognizer, astronaut: np.ndarray
) -> None:
    [small] = recognizer.recognize(astronaut)
    [large] = recognizer.recognize(encode(resized(astronaut, 4096), "JPEG"))
    np.testing.assert_allclose(np.array(large.box) / 8, small.box, atol=8)
    np.testing.assert_allclose(large.landmarks / 8, small.landmarks, atol=3)
    x, y, width, height = small.box
    assert ((small.landmarks > (x, y)) & (small.landmarks < (x + width, y + height))).all()


def test_recognize_clips_a_box_at_the_edge(recognizer: Recognizer, astronaut: np.ndarray) -> None:
    [whole] = recognizer.recognize(astronaut)
    x, y, width, _ = whole.box
    cut = astronaut[y + 4 :, x + 4 : x + width + 40]
    [face] = recognizer.recognize(cut)
    left, top, wide, tall = face.box
    assert left >= 0
    assert top >= 0
    assert left + wide <= cut.shape[1]
    assert top + tall <= cut.shape[0]


def test_recognize_orders_two_faces_from_left_to_right(
    recognizer: Recognizer, astronaut: np.ndarray
) -> None:
    first, second = recognizer.recognize(np.hstack([astronaut, astronaut]))
    assert first.box[0] < 512 <= second.box[0]
    assert first.emotion == second.emotion == "happy"


def test_recognize_finds_two_people(
    recognizer: Recognizer, astronaut: np.ndarray, hopper: np.ndarray
) -> None:
    both = np.hstack([astronaut, hopper[:512]])
    first, second = recognizer.recognize(both)
    assert np.abs(first.crop.astype(int) - second.crop).mean() > 10
    assert first.emotion == "happy"


def test_recognize_gives_an_empty_list_without_a_face(recognizer: Recognizer) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    assert recognizer.recognize(np.full((480, 640, 3), 128, np.uint8)) == []
    assert recognizer.recognize(noise) == []


def test_recognize_explains_with_an_attention_map_of_the_crop(
    recognizer: Recognizer, astronaut: np.ndarray
) -> None:
    assert recognizer.recognize(astronaut)[0].attention is None
    attention = recognizer.recognize(astronaut, explain=True)[0].attention
    assert attention is not None
    assert attention.shape == (48, 48)
    assert attention.min() >= 0
    assert attention.max() == pytest.approx(1)
    assert attention.mean() < 0.9


def test_recognize_refuses_an_unreadable_picture_with_a_sentence(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    for wrong in (tmp_path / "none.jpg", b"", b"text", np.zeros((0, 0, 3), np.uint8)):
        with pytest.raises(InvalidImage):
            recognizer.recognize(wrong)


def test_recognizer_refuses_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"hog\+blazeface, hog, "):
        Recognizer(detector="eye of faith")
    with pytest.raises(ValueError, match="min_face"):
        Recognizer(min_face=5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_recognize_finds_the_same_face_in_a_turned_picture(
    recognizer: Recognizer, astronaut: np.ndarray, quarters: int
) -> None:
    [upright] = recognizer.recognize(astronaut)
    [face] = recognizer.recognize(np.rot90(astronaut, quarters))
    assert (upright.turned, face.turned) == (0, 90 * quarters)
    assert face.emotion == "happy"
    # The crop is upright; the box is in pixels of the picture as it was sent.
    assert np.abs(face.crop.astype(int) - upright.crop).mean() < 12
    x, y, width, height = face.box
    assert ((face.landmarks > (x, y)) & (face.landmarks < (x + width, y + height))).all()


def test_recognize_uses_one_view_for_video(recognizer: Recognizer, astronaut: np.ndarray) -> None:
    [face] = recognizer.finding(80, video=True).recognize(astronaut)
    one_view = recognizer.classifier.logits(face.crop[None], mirrored=False)
    served = recognizer.classifier.mixture.probabilities(one_view)["served"][0]
    np.testing.assert_array_equal(face.probabilities, served)
    assert not np.array_equal(face.probabilities, recognizer.classifier.predict(face.crop[None])[0])


@pytest.mark.slow
def test_recognize_refuses_a_mosaic_of_faces_with_a_sentence(
    astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tile = cv2.resize(astronaut[30:190, 145:305], (60, 60), interpolation=cv2.INTER_AREA)
    recognizer = Recognizer(min_face=32)
    mosaic = np.tile(tile, (4, 5, 1))
    monkeypatch.setattr(recognizer_module, "MOST_FACES", 20)
    assert len(recognizer.recognize(mosaic)) == 20
    monkeypatch.setattr(recognizer_module, "MOST_FACES", 19)
    with pytest.raises(InvalidImage, match="more than 19 faces"):
        recognizer.recognize(mosaic)
