"""What a network that learned from colours sees in grey faces."""

import numpy as np

# About the deviation of FER-2013's faces, in grey levels.
DEVIATION = 60


def first_convolution(
    kernel: np.ndarray, bias: np.ndarray, means: np.ndarray, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The first convolution of a network of colours, for grey faces of mean 0 and deviation 1.

    Such a face is brought to what the network makes of a photograph with the same face: the kernel
    adds up its colours.

    Args:
        kernel: `(height, width, 3, filters)`.
        bias: `(filters,)`.
        means: `(3,)` grey levels, subtracted from the colours before the network sees them.
        scale: what they are divided by then.

    Returns:
        A kernel, `(height, width, 1, filters)`, and a bias.
    """
    offset = (means.mean() - means) / scale
    return (
        kernel.sum(2, keepdims=True) * DEVIATION / scale,
        bias + (kernel.sum((0, 1)) * offset[:, None]).sum(0),
    )
