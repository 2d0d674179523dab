"""Aligning FER-2013's faces with the code that aligns photographs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm import tqdm

from preprocessing.alignment import SIZE, TEMPLATE, align

# Faces once aligned are learned from without dlib, which an accelerator's machine may lack.
if TYPE_CHECKING:
    from preprocessing.faces import HogDetector

# FER-2013's images are too small for the detector: four times larger, with a margin, it finds 86 %
# of them at a score far below what a photograph needs, since that each holds a face is known.
_ENLARGEMENT = 4
_MARGIN = 48
_SCORE_THRESHOLD = -0.3
# All numbers that a crop depends on; a cache of crops is named after them.
PARAMETERS = f"{TEMPLATE.tolist()} {_ENLARGEMENT} {_MARGIN} {_SCORE_THRESHOLD}"


def align_image(image: np.ndarray, detector: HogDetector) -> tuple[np.ndarray, bool]:
    """Aligns one image of FER-2013.

    Args:
        image: `(48, 48)` uint8.
        detector: finds its face.

    Returns:
        `(48, 48)` uint8, and whether a face was found; the image as it is where none was.
    """
    size = SIZE * _ENLARGEMENT
    large = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
    faces = detector.detect(large)
    if not faces:
        return image, False
    best = max(faces, key=lambda face: face.score)
    return align(large, best.landmarks), True


def align_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Aligns FER-2013's images with the code that aligns photographs, on every core.

    Args:
        images: `(n, 48, 48)` uint8.

    Returns:
        `(n, 48, 48)` uint8 and `(n,)` bool, False for images without a detected face, which stay
        as they are: figures are comparable only on all images.
    """
    from preprocessing.faces import HogDetector

    # The enlarged image is seen as it is, so `min_face` is the detector's own window.
    detector = HogDetector(min_face=80, threshold=_SCORE_THRESHOLD)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda image: align_image(image, detector), images)
        pairs = list(tqdm(results, total=len(images), desc="aligning", unit="face", leave=False))
    return np.stack([crop for crop, _ in pairs]), np.array([found for _, found in pairs], bool)
