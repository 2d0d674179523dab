"""Finds the pictures that the paths of a command line name."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.commands.maps import AttentionFolder
from demo.commands.terminal import complain
from demo.names import is_folder
from preprocessing.suffixes import picture_suffixes

# Folders in which systems keep pictures that nobody took: thumbnails by Synology, file attributes by
# Apple, and deleted files.
_OF_SYSTEMS = frozenset(["@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "lost+found"])

# How many kinds of skipped files the message names.
_MOST_KINDS = 5


def pictures_of(paths: Sequence[Path], maps: AttentionFolder | None) -> tuple[list[Path], int]:
    """Returns the files to read, and how many folders have no picture or cannot be read.

    A file on the command line is read whatever its suffix. In a folder, files with the suffix of a
    picture are read, except the attention maps of an earlier run. A message counts the others.
    """
    pictures: list[Path] = []
    failed = 0
    for path in paths:
        if not is_folder(path):
            pictures.append(path)
            continue
        found = _walk(path, maps)
        for error in found.unreadable:
            complain(f"{error.filename}: This folder cannot be read ({error.strerror}).")
        if found.passed:
            complain(f"{path}: {_passed_over(found.passed)}")
        if not found.pictures and not found.unreadable:
            complain(f"{path}: There is no picture in this folder.")
            failed += 1
        failed += len(found.unreadable)
        pictures += found.pictures
    return pictures, failed


@dataclass(frozen=True)
class _Found:
    """The content of a folder and its subfolders.

    Attributes:
        pictures: files with the suffix of a picture.
        passed: how many other files there are, by suffix.
        unreadable: the errors of folders that cannot be read.
    """

    pictures: list[Path] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    unreadable: list[OSError] = field(default_factory=list)


def _walk(folder: Path, maps: AttentionFolder | None) -> _Found:
    found = _Found()
    for file in _files(folder, found.unreadable):
        if file.suffix.lower() not in picture_suffixes():
            found.passed[file.suffix.lower()] += 1
        elif maps is None or not maps.holds(file):
            found.pictures.append(file)
    found.pictures.sort()
    return found


def _files(folder: Path, unreadable: list[OSError]) -> Iterator[Path]:
    """Yields every file below a folder, also through links; skips hidden and system folders.

    Each folder is read only once, even if several links lead to it. Otherwise a link to a parent
    folder would never end, and pictures behind two links would count twice. Paths without links come
    first.
    """
    seen: set[tuple[int, int]] = set()
    tops = [folder]
    for top in tops:
        for parent, folders, names in os.walk(top, onerror=unreadable.append):
            status = Path(parent).stat()
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = [
                name for name in folders if not name.startswith(".") and name not in _OF_SYSTEMS
            ]
            tops += sorted(
                Path(parent, name) for name in folders if Path(parent, name).is_symlink()
            )
            yield from (Path(parent, name) for name in names if not name.startswith("."))


def _passed_over(kinds: Counter[str]) -> str:
    count = kinds.total()
    named = ", ".join(
        f"{number} {suffix or 'without a suffix'}"
        for suffix, number in kinds.most_common(_MOST_KINDS)
    )
    more = ", and others" if len(kinds) > _MOST_KINDS else ""
    files = "1 file was" if count == 1 else f"{count} files were"
    return (
        f"{files} skipped, because pictures have other suffixes ({named}{more}). To read such a file,"
        " name it on the command line."
    )
