"""The folder of a film's results: what is written there, and what of it an earlier run wrote."""

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

# All that a run may write. Records name nothing else that is ever replaced or deleted.
_RESULT = re.compile(
    r"summary\.json|timeline\.png|expressions\.(csv|parquet)|annotated\.mp4|people/person-[0-9]+\.png"
    rf"|moments/moment-[0-9]+\.[0-9]{{2}}s-person-[0-9]+-{_EMOTION}-{_EMOTION}\.jpg"
)

_STRANGER = "is not replaced, because no earlier run wrote this file, or it was changed since"


class ResultFolder:
    """The results of a film.

    While the film is being read, files have "partial" in their names (`expressions.partial.csv`), and
    `summary.partial.json` says which they are before the first of them is made. So a later run knows
    what is this program's, also after a run that was killed. A summary says it under `files`: of each
    file its name, and its SHA-256 as soon as it is whole. A file that was changed since is somebody
    else's, and so is one that no summary names.

    Args:
        folder: need not be there yet.
        writes: whether a result is going to be written, of its name below the folder.

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
        """Looks for what must not be replaced.

        Args:
            source: the film.

        Raises:
            Unwritable: a result would replace the film, or a file that no earlier run wrote.
            OSError: the folder cannot be looked into.
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
                    f"{source}: The results would replace this film. Name another folder for them."
                )
            if name not in ours:
                raise Unwritable(
                    f"{self.folder / name}: {_STRANGER}. Name another folder, or move it away."
                )

    def begin(self) -> None:
        """Makes the folder, and deletes what a run that was stopped or killed left there.

        Raises:
            OSError: that cannot be done.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # One that was killed while it gave files their names left some under these.
        left = self._ours(_PARTIAL_SUMMARY) - self._ours(SUMMARY)
        # The record last: whoever is killed here leaves nothing that it does not name.
        for name in sorted(left, key=_PARTIAL_SUMMARY.__eq__):
            (self.folder / name).unlink()

    def claim(self, name: str) -> Path:
        """Notes a result down before it is written.

        Args:
            name: below the folder, such as `people/person-1.png`.

        Returns:
            Where to write it for now.

        Raises:
            FileExistsError: somebody else's file lies there.
            OSError: nothing can be written there.
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
        """Writes the summary, and gives what was written its name unless it stays partial.

        Results of an earlier run are replaced, and those that this run does not have are deleted.

        Args:
            summary: what it says besides its `files`.
            partial: the film was not read to where it should have been.

        Returns:
            What was written, sorted.

        Raises:
            FileExistsError: somebody else's file lies where a result belongs.
            OSError: something cannot be written.
        """
        # One may have been given up meanwhile: the table, where only Parquet is wanted.
        written = [name for name in self._names if (self.folder / name).exists()]
        hashes = {name: _sha256(self.folder / name) for name in written}
        if partial:
            self._record(summary, hashes)
            return sorted(self.folder / name for name in [*written, _PARTIAL_SUMMARY])
        earlier = self._ours(SUMMARY)
        self._record(summary, {_whole(name): sha256 for name, sha256 in hashes.items()})
        for name in earlier - {SUMMARY}:
            (self.folder / name).unlink()
        # The record last: until then the partial one knows every file under both of its names.
        for name in [*written, _PARTIAL_SUMMARY]:
            target = self.folder / _whole(name)
            if name != _PARTIAL_SUMMARY or SUMMARY not in earlier:
                _refuse_stranger(target)
            (self.folder / name).replace(target)
        return sorted(self.folder / _whole(name) for name in [*written, _PARTIAL_SUMMARY])

    def _record(self, summary: Mapping[str, object], hashes: Mapping[str, str | None]) -> None:
        """Writes the partial summary, with the files that there are or are about to be."""
        files = [{"name": name, "sha256": hashes[name]} for name in sorted(hashes)]
        text = json.dumps({**summary, "files": files}, indent=2, ensure_ascii=False)
        write_whole(self.folder / _PARTIAL_SUMMARY, f"{text}\n".encode())

    def _there(self) -> list[str]:
        """Every name of a result under which something is there, whosever it is."""
        found = [
            entry.relative_to(self.folder).as_posix()
            for folder in (self.folder, self.folder / "people", self.folder / "moments")
            if folder.is_dir()
            for entry in folder.iterdir()
        ]
        return sorted(name for name in found if _RESULT.fullmatch(_whole(name)))

    def _ours(self, summary: str) -> set[str]:
        """A summary's name and those of the files that it names, as far as nobody changed them."""
        files = _recorded(self.folder / summary)
        ours = {summary} if files else set()
        for name, sha256 in files.items():
            names = {name, _partial(_whole(name))} if summary == _PARTIAL_SUMMARY else {name}
            ours |= {each for each in names if self._is_ours(each, sha256)}
        return ours

    def _is_ours(self, name: str, sha256: str | None) -> bool:
        file = self.folder / name
        if file.is_symlink() or not file.is_file():
            return False
        # While a file is being written it has no hash.
        return _is_partial(name) if sha256 is None else _sha256(file) == sha256


def _refuse_stranger(file: Path) -> None:
    """What is this program's has been deleted before."""
    if file.exists() or file.is_symlink():
        raise FileExistsError(errno.EEXIST, _STRANGER, str(file))


def _recorded(summary: Path) -> dict[str, str | None]:
    """The files that a summary names, with their SHA-256; none for what is no summary of ours."""
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
