from pathlib import Path

import numpy as np
import pytest

from preprocessing.faces import HogDetector
from preprocessing.fer2013 import aligned, aligning
from tests.preprocessing.fer2013.conftest import small_face


def test_aligned_leaves_an_image_without_a_face_and_keeps_its_results(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = np.full((48, 48), 90, np.uint8)
    images = np.stack([small_face(astronaut, 5.0), empty])
    crops, found = aligned(images, tmp_path)
    assert found.tolist() == [True, False]
    np.testing.assert_array_equal(crops[1], empty)
    assert not np.array_equal(crops[0], images[0])

    # What is kept is not made again; other images are.
    monkeypatch.setattr(aligning, "align_images", None)
    kept, _ = aligned(images, tmp_path)
    np.testing.assert_array_equal(kept, crops)
    with pytest.raises(TypeError):
        aligned(images[:1], tmp_path)


def test_aligned_does_not_find_the_crops_of_another_alignment(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = small_face(astronaut, 5.0)[None]
    before, _ = aligned(images, tmp_path)

    def unaligned(image: np.ndarray, _: HogDetector) -> tuple[np.ndarray, bool]:
        return image, True

    monkeypatch.setattr(aligning, "align_image", unaligned)
    after, _ = aligned(images, tmp_path)
    np.testing.assert_array_equal(after, images)
    assert not np.array_equal(before, after)
