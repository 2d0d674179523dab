"""Files that are written whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

from train_resnet.run.stopping import TrainingStopped

# The repository.
ROOT = Path(__file__).parents[1]


def replace_with(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file beside its place and moves it there, so the old one stays whole until then.

    Args:
        path: of the file.
        write: writes the file to the path that it is given.

    Raises:
        TrainingStopped: the disk is full, or the folder cannot be written.
    """
    partial = path.with_name(f".partial-{path.name}")
    try:
        write(partial)
        partial.replace(path)
    except OSError as error:
        raise TrainingStopped(
            f"{path.name} cannot be written ({error}); what was there before it is kept."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, content: object) -> None:
    """Replaces a file with an object as JSON, one entry a line."""
    text = json.dumps(content, indent=1) + "\n"
    replace_with(path, lambda partial: partial.write_text(text, encoding="utf-8"))
