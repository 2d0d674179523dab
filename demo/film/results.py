"""The folder of a film's results, which tells files of earlier runs from other people's files."""

import errno
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.names import is_same
from demo.writing import Unwritable, write_whole
from model.labels import EMOTIONS

SUMMARY = "summary.json"
_PARTIAL_SUMMARY = "summary.partial.json"

_EMOTION = f"({'|'.join(EMOTIONS)})"

# Every name that a run may write. A run never replaces or deletes a file with another name.
_RESULT = re.compile(
    r"summary\.json|timeline\.png|expressions\.(csv|parquet)|annotated\.mp4|people/person-[0-9]+\.png"
    rf"|moments/moment-[0-9]+\.[0-9]{{2}}s-person-[0-9]+-{_EMOTION}-{_EMOTION}\.jpg"
)

_STRANGER = "is not replaced, because no earlier run wrote this file, or it has been changed since"


class ResultFolder:
    """The folder with the results of a film.

    During the reading, files have "partial" in their names (`expressions.partial.csv`). Each file is
    listed in `summary.partial.json` before it is made. So a later run knows this program's own files,
    even after a run that was killed. A summary lists them under `files`, with the name of each file
    and, once the file is complete, its SHA-256. A file that has been changed since, or that no summary
    lists, belongs to somebody else and is never touched.

    Args:
        folder: the folder; it may be missing.
        writes: tells whether the run writes a result, given its name below the folder.

    Example:

    ```python
    results = ResultFolder(Path("party"), wanted.writes)
    results.check(film)
    results.begin()
    results.claim("timeline.png").write_bytes(png)  # party/timeline.partial.png
    results.finish({"people": []}, partial=False)  # party/timeline.png, party/summary.json
    ```
    """

    def __init__(self, folder: Path, writes: Callable[[str], bool] = lambda _: True) -> None:
        self.folder = folder
        self._writes = writes
        self._names: list[str] = []

    def check(self, source: Path) -> None:
        """Checks that no result replaces a file that must stay.

        Args:
            source: the film.

        Raises:
            Unwritable: a result would replace the film, or a file that no earlier run wrote.
            OSError: the folder cannot be read.
        """
        folders = [self.folder, self.folder / "people"]
        folders += [self.folder / "moments"] if self._writes("moments/") else []
        for folder in folders:
            if folder.exists() and not folder.is_dir():
                raise Unwritable(f"{folder}: cannot be written (Not a folder).")
        ours = self._ours(SUMMARY) | self._ours(_PARTIAL_SUMMARY)
        for name in self._there():
            if name not in ours and not self._writes(name):
                continue
            if is_same(self.folder / name, source):
                raise Unwritable(
                    f"{source}: The results would replace this film. Choose another folder for them."
                )
            if name not in ours:
                raise Unwritable(
                    f"{self.folder / name}: {_STRANGER}. Choose another folder, or move it away."
                )

    def begin(self) -> None:
        """Makes the folder, and deletes the files of a run that was stopped or killed.

        Raises:
            OSError: the folder cannot be made, or a file cannot be deleted.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # A run killed while renaming may have left files under their final names too.
        left = self._ours(_PARTIAL_SUMMARY) - self._ours(SUMMARY)
        # The partial summary goes last, so that it still lists all leftovers if this run is killed.
        for name in sorted(left, key=_PARTIAL_SUMMARY.__eq__):
            (self.folder / name).unlink()

    def claim(self, name: str) -> Path:
        """Lists a result in the partial summary, before the result is written.

        Args:
            name: the result's path below the folder, such as `people/person-1.png`.

        Returns:
            The partial file to write.

        Raises:
            FileExistsError: somebody else's file has this name.
            OSError: the folder cannot be written to.
        """
        if not self._names:
            _refuse_stranger(self.folder / _PARTIAL_SUMMARY)
        file = self.folder / _partial(name)
        _refuse_stranger(file)
        self._names.append(_partial(name))
        self._record({}, dict.fromkeys(self._names))
        file.parent.mkdir(exist_ok=True)
        return file

    def finish(self, summary: Mapping[str, object], partial: bool) -> list[Path]:
        """Writes the summary, and gives all results their final names unless they stay partial.

        Results of an earlier run are replaced, or deleted if this run did not make them.

        Args:
            summary: the summary without its `files`.
            partial: whether the reading was stopped early.

        Returns:
            The files that were written, sorted.

        Raises:
            FileExistsError: somebody else's file has the name of a result.
            OSError: a result cannot be written.
        """
        # A claimed file may have been deleted again: the CSV table, if only Parquet is wanted.
        written = [name for name in self._names if (self.folder / name).exists()]
        hashes = {name: _sha256(self.folder / name) for name in written}
        if partial:
            self._record(summary, hashes)
            return sorted(self.folder / name for name in [*written, _PARTIAL_SUMMARY])
        earlier = self._ours(SUMMARY)
        self._record(summary, {_whole(name): sha256 for name, sha256 in hashes.items()})
        for name in earlier - {SUMMARY}:
            (self.folder / name).unlink()
        # The summary is renamed last: until then the partial one lists each file under both names.
        for name in [*written, _PARTIAL_SUMMARY]:
            target = self.folder / _whole(name)
            if name != _PARTIAL_SUMMARY or SUMMARY not in earlier:
                _refuse_stranger(target)
            (self.folder / name).replace(target)
        return sorted(self.folder / _whole(name) for name in [*written, _PARTIAL_SUMMARY])

    def _record(self, summary: Mapping[str, object], hashes: Mapping[str, str | None]) -> None:
        """Writes the partial summary with all files that exist or are about to be made."""
        files = [{"name": name, "sha256": hashes[name]} for name in sorted(hashes)]
        text = json.dumps({**summary, "files": files}, indent=2, ensure_ascii=False)
        write_whole(self.folder / _PARTIAL_SUMMARY, f"{text}\n".encode())

    def _there(self) -> list[str]:
        """Returns every result name that is taken, whoever owns the file."""
        found = [
            entry.relative_to(self.folder).as_posix()
            for folder in (self.folder, self.folder / "people", self.folder / "moments")
            if folder.is_dir()
            for entry in folder.iterdir()
        ]
        return sorted(name for name in found if _RESULT.fullmatch(_whole(name)))

    def _ours(self, summary: str) -> set[str]:
        """Returns the names of a summary and of its listed files that nobody has changed."""
        files = _recorded(self.folder / summary)
        ours = {summary} if files else set()
        for name, sha256 in files.items():
            names = {name, _partial(_whole(name))} if summary == _PARTIAL_SUMMARY else {name}
            ours |= {known for known in names if self._is_unchanged(known, sha256)}
        return ours

    def _is_unchanged(self, name: str, sha256: str | None) -> bool:
        file = self.folder / name
        if file.is_symlink() or not file.is_file():
            return False
        # A file that is still being written has no hash.
        return _is_partial(name) if sha256 is None else _sha256(file) == sha256


def _refuse_stranger(file: Path) -> None:
    """Refuses a taken name; the program's own files have been deleted before."""
    if file.exists() or file.is_symlink():
        raise FileExistsError(errno.EEXIST, _STRANGER, str(file))


def _recorded(summary: Path) -> dict[str, str | None]:
    """Returns the files that a summary lists, with their SHA-256; none if it is not ours."""
    if summary.is_symlink():
        return {}
    try:
        files = json.loads(summary.read_text(encoding="utf-8"))["files"]
        recorded = {file["name"]: file["sha256"] for file in files}
        ours = all(_RESULT.fullmatch(_whole(name)) for name in recorded)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return {}
    return recorded if ours else {}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _partial(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.partial.{suffix}"


def _whole(name: str) -> str:
    return name.replace(".partial.", ".")


def _is_partial(name: str) -> bool:
    return ".partial." in name
