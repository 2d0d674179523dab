"""Predicts where a face will be in the next picture, and how sure that is."""

import cv2
import numpy as np

# Standard deviations as shares of the face's size, so that near and far faces are treated alike. They
# were chosen on the synthetic films of tests/demo/people/identities.py, with other random seeds.
_BOX_ERROR = 0.05  # error of a detected box
_DRIFT = 0.3  # drift of place and size per second, besides the steady motion
_PUSH = 1.5  # change of speed per second
_FIRST_SPEED = 1.0  # speed per second of a face that was seen only once

# Nobody walks on for ever: a speed that no picture confirms falls to 37 % in this many seconds.
_SLOWS_IN = 1.0


class Motion:
    """The box of one face, followed by a Kalman filter whose speed fades.

    The state is the box's centre, width and height in pixels, and the centre's speed in pixels per
    second. The size has no speed, because a box that nothing confirms for a second could otherwise
    shrink to nothing. (Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960; as a
    tracker of boxes: Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016.)

    Args:
        box: the first box: x, y, width and height in pixels.
    """

    def __init__(self, box: tuple[int, int, int, int]) -> None:
        self._filter = cv2.KalmanFilter(6, 4)
        self._filter.measurementMatrix = np.eye(4, 6, dtype=np.float32)
        self._filter.statePost = np.append(_measured(box), np.zeros((2, 1), np.float32), axis=0)
        place, speed = _BOX_ERROR * self._size, _FIRST_SPEED * self._size
        self._filter.errorCovPost = _diagonal([place] * 4 + [speed] * 2)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height in pixels, after the last prediction or correction."""
        x, y, width, height = self._filter.statePost[:4, 0].tolist()
        return x - width / 2, y - height / 2, width, height

    @property
    def _size(self) -> float:
        return float(self._filter.statePost[2:4].mean())

    def predict(self, seconds: float) -> None:
        """Moves the face on by a number of seconds, at least 0."""
        fades = float(np.exp(-seconds / _SLOWS_IN))
        step = np.eye(6, dtype=np.float32)
        step[0, 4] = step[1, 5] = _SLOWS_IN * (1 - fades)
        step[4, 4] = step[5, 5] = fades
        drift, push = _DRIFT * self._size, _PUSH * self._size
        noise = _diagonal([drift] * 4 + [push] * 2) * seconds
        # A change of speed within the step also moves the face (white-noise acceleration).
        noise[[0, 1], [0, 1]] += push**2 * seconds**3 / 3
        noise[[0, 1, 4, 5], [4, 5, 0, 1]] = push**2 * seconds**2 / 2
        self._filter.transitionMatrix, self._filter.processNoiseCov = step, noise
        self._filter.predict()

    def correct(self, box: tuple[int, int, int, int]) -> None:
        """Corrects the prediction with the box that was found."""
        self._filter.measurementNoiseCov = _diagonal([_BOX_ERROR * self._size] * 4)
        self._filter.correct(_measured(box))


def _measured(box: tuple[int, int, int, int]) -> np.ndarray:
    x, y, width, height = box
    return np.array([[x + width / 2], [y + height / 2], [width], [height]], np.float32)


def _diagonal(deviations: list[float]) -> np.ndarray:
    return np.diag(np.square(deviations)).astype(np.float32)
