"""Which pictures the paths of a command line name."""

import os
from collections.abc import Sequence
from pathlib import Path

from demo.commands.maps import AttentionFolder
from demo.commands.terminal import complain

EXTENSIONS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".avif",
        ".heic",
        ".heif",
        ".gif",
        ".tif",
        ".tiff",
        ".bmp",
    ]
)


def pictures_of(paths: Sequence[Path], maps: AttentionFolder | None) -> tuple[list[Path], int]:
    """The files to read, and how many folders hold none of them or cannot be read.

    A file that is named is read whatever it is called; of a folder's files, those called pictures,
    but no attention map that an earlier run wrote.
    """
    pictures: list[Path] = []
    failed = 0
    for path in paths:
        if not path.is_dir():
            pictures.append(path)
            continue
        found, unreadable = _walk(path)
        found = [file for file in found if not (maps is not None and maps.holds(file))]
        for error in unreadable:
            complain(f"{error.filename}: This folder cannot be read ({error.strerror}).")
        if not found and not unreadable:
            complain(f"{path}: There is no picture in this folder.")
            failed += 1
        failed += len(unreadable)
        pictures += found
    return pictures, failed


def _walk(folder: Path) -> tuple[list[Path], list[OSError]]:
    """What is called a picture below a folder, in order, and why parts of it could not be read."""

    def hidden(path: Path) -> bool:
        return any(part.startswith(".") for part in path.relative_to(folder).parts)

    unreadable: list[OSError] = []
    files = (
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=unreadable.append)
        for name in names
    )
    found = sorted(file for file in files if file.suffix.lower() in EXTENSIONS and not hidden(file))
    return found, [error for error in unreadable if not hidden(Path(error.filename))]
