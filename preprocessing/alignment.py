"""Similarity alignment of a face to the framing of FER-2013."""

import cv2
import numpy as np

SIZE = 48

# Mean 5-point landmarks of the faces dlib finds in FER-2013's Training images, made symmetric, in
# pixels of the 48x48 image and in dlib's order: outer and inner corner of the eye on the picture's
# right, outer and inner corner of the eye on its left, base of the nose.
TEMPLATE = np.array(
    [(35.46, 18.49), (28.61, 18.83), (11.54, 18.49), (18.39, 18.83), (23.50, 31.59)], np.float32
)

# A face is sampled at its own resolution and averaged down; past this factor there is nothing to gain.
_MAX_OVERSAMPLING = 32


def similarity_to_template(landmarks: np.ndarray) -> np.ndarray:
    """Least-squares rotation, scale and shift that carry a face's landmarks onto `TEMPLATE`.

    The closed form of S. Umeyama, "Least-squares estimation of transformation parameters between
    two point patterns" (IEEE PAMI 13(4), 1991), written with complex numbers, which excludes
    reflections.

    Args:
        landmarks: `(5, 2)`, x and y in pixels of the picture, in dlib's order.

    Returns:
        `(2, 3)` float64 matrix from pixels of the picture to pixels of the crop.

    Raises:
        ValueError: the landmarks are not five points, or all coincide.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (5, 2):
        raise ValueError(f"Alignment takes five landmarks. Received: shape={points.shape}")
    source = points[:, 0] + 1j * points[:, 1]
    target = TEMPLATE[:, 0].astype(np.float64) + 1j * TEMPLATE[:, 1]
    centred = source - source.mean()
    spread = np.vdot(centred, centred).real
    if not spread > 0:
        raise ValueError("Alignment takes landmarks that do not all coincide.")
    rotation = np.vdot(centred, target - target.mean()) / spread
    shift = target.mean() - rotation * source.mean()
    return np.array(
        [[rotation.real, -rotation.imag, shift.real], [rotation.imag, rotation.real, shift.imag]]
    )


def align(grey: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cuts the face with these landmarks out of a picture, framed as FER-2013 frames its faces.

    Where the face is larger than the crop, it is sampled at its own resolution or finer and
    averaged over areas; sampling it straight at 48x48 would alias. Outside the picture its edge is repeated.

    Args:
        grey: `(height, width)` uint8.
        landmarks: `(5, 2)`, x and y in pixels of `grey`, in dlib's order.

    Returns:
        `(48, 48)` uint8.
    """
    matrix = similarity_to_template(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    factor = int(np.clip(np.ceil(1 / scale), 1, _MAX_OVERSAMPLING))
    matrix = matrix * factor
    # Pixel coordinates name pixel centres: crop pixel 0 covers the fine pixels 0 ... factor - 1.
    matrix[:, 2] += (factor - 1) / 2
    fine = cv2.warpAffine(
        grey,
        matrix,
        (SIZE * factor, SIZE * factor),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if factor == 1:
        return fine
    return cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
