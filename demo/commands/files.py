"""Which pictures the paths of a command line name."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.commands.maps import AttentionFolder
from demo.commands.terminal import complain
from demo.names import is_folder
from preprocessing.suffixes import picture_suffixes

# Folders in which systems keep copies that nobody took: thumbnails of Synology's and Apple's, and what
# was thrown away.
_OF_SYSTEMS = frozenset(["@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "lost+found"])

# Of the kinds of files that were passed over, so many are named.
_MOST_KINDS = 5


def pictures_of(paths: Sequence[Path], maps: AttentionFolder | None) -> tuple[list[Path], int]:
    """The files to read, and how many folders hold none of them or cannot be read.

    A file that is named is read whatever it is called. Of a folder's files those are read that are
    called pictures, but no attention map that an earlier run wrote; how many others there are is
    said.
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
    """What lies in a folder and its folders: pictures, other files by suffix, closed folders."""

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
    """Every file below a folder that is neither hidden nor a system's, also behind links to folders.

    Each folder is read once, however many names lead to it: a link to the folder it lies in has no
    end, and pictures behind two links would count twice. Names without a link come first.
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
        f"{files} passed over, because the suffix is not that of a picture ({named}{more}). To read"
        " such a file, name it."
    )
