"""Folders for results, in which nothing is replaced that this program did not write."""

from pathlib import Path

# In each folder that is made here, so that a later run knows it.
_MARK = ".results"

# What runs left in their folders, or in folders of several runs, before there was the mark.
_RECORDS = ("training.json", "metrics.json", "*/training.json", "*/figures.json")


class Occupied(ValueError):
    """A place for results that holds somebody's files; the message is a sentence for people."""


def claim(folder: Path) -> None:
    """Makes a folder for results, or takes over one that an earlier run made.

    Args:
        folder: a folder that is new, empty, or an earlier run's. Its parents are made too.

    Raises:
        Occupied: it holds files, and no earlier run made it; or it is a file.
        OSError: it cannot be made or read.
    """
    if folder.exists() and not folder.is_dir():
        raise Occupied(f"{folder} is a file. Name a folder.")
    known = any(True for record in (_MARK, *_RECORDS) for _ in folder.glob(record))
    if not known and folder.exists() and any(folder.iterdir()):
        raise Occupied(
            f"{folder} holds files that this program did not write. Name a new or an empty folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


def new_file(path: Path) -> Path:
    """A place for one file, in a folder that is made if need be.

    Raises:
        Occupied: there is a file.
        OSError: the folder cannot be made.
    """
    if path.exists():
        raise Occupied(f"{path} exists already. Delete it, or name another file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
