"""The aligned faces of FER-2013, kept on disk: to align all of them takes minutes."""

import hashlib
import inspect
import os
from pathlib import Path

import numpy as np

from preprocessing.alignment import align, similarity_to_template
from preprocessing.fer2013 import aligning


def aligned(images: np.ndarray, cache: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Aligns images, or takes what was kept of them before.

    Args:
        images: `(n, 48, 48)` uint8.
        cache: folder of the kept results, by default `facial-expressions` in the user's cache folder.

    Returns:
        What `align_images` gives.
    """
    cache = cache or default_cache()
    # The code is part of the name too: another alignment must not find the crops of this one.
    parts = (align, similarity_to_template, aligning.align_image)
    how = f"{aligning.PARAMETERS} {''.join(inspect.getsource(part) for part in parts)}"
    key = hashlib.sha256(how.encode() + np.ascontiguousarray(images).tobytes()).hexdigest()[:16]
    file = cache / f"aligned-{key}.npz"
    if file.exists():
        with np.load(file) as kept:
            return kept["crops"], kept["found"]
    crops, found = aligning.align_images(images)
    cache.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.npz")
    np.savez(partial, crops=crops, found=found)
    partial.replace(file)
    return crops, found


def default_cache() -> Path:
    """The folder for results that are costly to make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "facial-expressions"
