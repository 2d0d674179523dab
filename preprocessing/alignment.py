"""Aligns a face to FER-2013's framing with a similarity transform."""

import cv2
import numpy as np

SIZE = 48

# The mean 5-point landmarks of the faces that dlib finds in FER-2013's Training images, made symmetric,
# in pixels of the 48x48 image. dlib's order: outer and inner corner of the eye on the right of the
# picture, outer and inner corner of the eye on the left, base of the nose.
TEMPLATE = np.array(
    [(35.46, 18.49), (28.61, 18.83), (11.54, 18.49), (18.39, 18.83), (23.50, 31.59)], np.float32
)

# The largest factor by which a face is sampled finer than the crop; more improves nothing.
_MAX_OVERSAMPLING = 32


def similarity_to_template(landmarks: np.ndarray) -> np.ndarray:
    """The least-squares rotation, scale and shift that map a face's landmarks onto `TEMPLATE`.

    This is the closed form of S. Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns" (IEEE PAMI 13(4), 1991). Complex numbers exclude reflections.

    Args:
        landmarks: `(5, 2)`, x and y in pixels of the picture, in dlib's order.

    Returns:
        The `(2, 3)` float64 matrix from pixels of the picture to pixels of the crop.

    Raises:
        ValueError: the landmarks are not five points, or all five coincide.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (5, 2):
        raise ValueError(f"Alignment needs five landmarks. Received: shape={points.shape}")
    source = points[:, 0] + 1j * points[:, 1]
    target = TEMPLATE[:, 0].astype(np.float64) + 1j * TEMPLATE[:, 1]
    centred = source - source.mean()
    spread = np.vdot(centred, centred).real
    if not spread > 0:
        raise ValueError("Alignment needs landmarks that do not all coincide.")
    rotation = np.vdot(centred, target - target.mean()) / spread
    shift = target.mean() - rotation * source.mean()
    return np.array(
        [[rotation.real, -rotation.imag, shift.real], [rotation.imag, rotation.real, shift.imag]]
    )


def align(grey: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cuts the face with these landmarks out of a picture, framed like a face of FER-2013.

    A face larger than the crop is sampled at its own resolution or finer and then averaged over
    areas, because sampling it directly at 48x48 would alias. Beyond the picture's edge, the edge is
    repeated.

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
    # Coordinates are those of pixel centres: crop pixel 0 covers the fine pixels 0 to factor - 1.
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
