"""Lists the pictures that a command line names: files, folders, patterns, zip files and buckets."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from demo.archive import remote, zips
from demo.archive.entries import Entry, LocalFile, Refused, is_left_out
from demo.names import is_folder
from preprocessing.limits import InvalidImage
from preprocessing.suffixes import picture_suffixes

# At most this many kinds of skipped files are named.
_MOST_KINDS = 5
_MAGIC = "*?["


@dataclass
class Notes:
    """What people should know about the inputs, besides their pictures.

    Attributes:
        say: called with each sentence.
        failed: how many inputs and folders could not be read, or hold no picture.
    """

    say: Callable[[str], None] = lambda _: None
    failed: int = 0

    def fail(self, sentence: str) -> None:
        """Says a sentence and counts a failure."""
        self.failed += 1
        self.say(sentence)


def entries(
    inputs: Sequence[Path],
    notes: Notes | None = None,
    skip: Callable[[Path], bool] = lambda _: False,
) -> Iterator[Entry]:
    """Lists pictures, input after input, each input's in the order of their paths.

    A file on the command line is listed whatever its name, and a zip file gives its members. A folder
    gives the files with a picture's suffix, except hidden files and folders of the system. A pattern
    such as `photos/**/*.jpg` gives the pictures and zip files that match it. Links to folders are
    followed, but no folder is listed twice: a folder inside an input appears under its own name, any
    other folder under the first link that leads to it.

    Only the names in the folders between the input and the picture are in memory.

    Args:
        inputs: the files, folders, patterns, zip files and bucket addresses to read. An input inside
            another input is left out.
        notes: collects the sentences for people; None drops them.
        skip: tells whether to leave a file or folder out.

    Raises:
        remote.Unreachable: a bucket cannot be read.
    """
    notes = notes or Notes()
    walk = _Walk([path for path in inputs if is_folder(path)], notes, skip)
    seen: set[str] = set()
    for path in inputs:
        if remote.address_of(path):
            yield from _remote(path, notes)
            continue
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        if is_folder(path):
            if not walk.reaches(real, is_root=True):
                yield from walk.pictures(path)
        elif not os.path.lexists(path) and any(letter in str(path) for letter in _MAGIC):
            yield from walk.matching(path)
        elif path.suffix.lower() == ".zip":
            yield from _members(path, notes)
        elif not (walk.reaches(real) and path.suffix.lower() in picture_suffixes()):
            yield entry_of(path)


def fixed_part(path: Path) -> Path:
    """The folder above everything that an input names: the path itself, or a pattern's beginning."""
    if os.path.lexists(path) or not any(letter in str(path) for letter in _MAGIC):
        return path
    fixed = Path()
    for part in path.parts[:-1]:
        if any(letter in part for letter in _MAGIC):
            break
        fixed /= part
    return fixed


def entry_of(path: Path | str) -> Entry:
    """A file as an entry; one that is not there, or no ordinary file, is refused when it is read."""
    name = os.fspath(path)
    try:
        status = os.stat(name)  # noqa: PTH116  Millions of times: a Path costs as much as the call.
    except OSError:
        return Entry(name, None, None, LocalFile(name))
    return Entry(name, status.st_size, status.st_mtime_ns // 1000, LocalFile(name))


def _remote(path: Path, notes: Notes) -> Iterator[Entry]:
    base = fixed_part(path)
    pattern = path.parts[len(base.parts) :]
    address = remote.address_of(base)
    assert address
    passed: Counter[str] = Counter()
    found = False
    for entry in remote.pictures(address, passed):
        if not pattern or _matches(Path(entry.path).parts[len(base.parts) :], pattern):
            found = True
            yield entry
    if passed and not pattern:
        notes.say(f"{address}: {_passed_over(passed)}")
    if not found:
        notes.fail(f"{remote.address_of(path)}: There is no picture there.")


def _members(archive: Path, notes: Notes) -> Iterator[Entry]:
    passed: Counter[str] = Counter()
    found = False
    try:
        for entry in zips.members(archive, passed):
            found = True
            yield entry
    except InvalidImage as error:
        whole = entry_of(archive)
        yield Entry(whole.path, whole.size, whole.modified, Refused(str(error)))
        return
    if passed:
        notes.say(f"{archive}: {_passed_over(passed)}")
    if not found:
        notes.fail(f"{archive}: There is no picture in this zip file.")


@dataclass
class _Walk:
    """Goes through folders.

    Attributes:
        roots: the folders that were named.
        notes: takes what is to be said.
        skip: whether a file or folder is left out.
    """

    roots: list[Path]
    notes: Notes
    skip: Callable[[Path], bool]
    _passed: Counter[str] = field(default_factory=Counter)
    # The real paths of folders that were listed behind links.
    _linked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._real_roots = [os.path.realpath(root) for root in self.roots]

    def reaches(self, real: str, is_root: bool = False) -> bool:
        """Whether a real path lies in a root, so that it is listed without any link."""
        for root in self._real_roots:
            if real == root:
                if not is_root:
                    return True
                continue
            inside = real.removeprefix(root.rstrip(os.sep) + os.sep)
            if inside != real and not any(map(is_left_out, inside.split(os.sep))):  # noqa: PTH206
                return True
        return False

    def pictures(self, folder: Path) -> Iterator[Entry]:
        """Lists a folder's pictures."""
        failed = self.notes.failed
        found = False
        self._passed = Counter()
        for name in self._files(folder):
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122  as above
            if suffix in picture_suffixes():
                found = True
                yield entry_of(name)
            else:
                self._passed[suffix] += 1
        if self._passed:
            self.notes.say(f"{folder}: {_passed_over(self._passed)}")
        if not found and self.notes.failed == failed:
            self.notes.fail(f"{folder}: There is no picture in this folder.")

    def matching(self, pattern: Path) -> Iterator[Entry]:
        """Lists the pictures and the members of zip files that match a pattern."""
        base = fixed_part(pattern)
        parts = pattern.parts[len(base.parts) :]
        failed = self.notes.failed
        found = False
        for name in self._files(base) if is_folder(base) else ():
            path = Path(name)
            if not _matches(path.parts[len(base.parts) :], parts):
                continue
            if path.suffix.lower() in picture_suffixes():
                found = True
                yield entry_of(name)
            elif path.suffix.lower() == ".zip":
                found = True
                yield from _members(path, self.notes)
        if not found and self.notes.failed == failed:
            self.notes.fail(f"{pattern}: There is no picture whose path matches this pattern.")

    def _files(self, top: Path) -> Iterator[str]:
        """The paths of all files below a folder that are not hidden, in the order of their parts."""
        # Each step: a folder's names still to come, and its real path where a link leads to it.
        steps = [(self._names(str(top)), None)]
        stack: list[tuple[Iterator[os.DirEntry[str]], str | None]] = [*steps]
        while stack:
            names, real = stack[-1]
            item = next(names, None)
            if item is None:
                stack.pop()
                continue
            path = item.path.removeprefix("./") if str(top) == "." else item.path
            if self.skip(Path(path)):
                continue
            if not _is_folder(item):
                yield path
                continue
            behind = None
            if item.is_symlink():
                behind = os.path.realpath(path)
            elif real is not None:
                behind = f"{real}{os.sep}{item.name}"
            if behind is not None:
                if behind in self._linked or self.reaches(behind):
                    continue
                self._linked.add(behind)
            stack.append((self._names(path), behind))

    def _names(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                shown = [item for item in found if not is_left_out(item.name)]
        except OSError as error:
            self.notes.fail(f"{folder}: This folder cannot be read ({error.strerror}).")
            return iter(())
        return iter(sorted(shown, key=lambda item: item.name))


def _is_folder(item: "os.DirEntry[str]") -> bool:
    try:
        return item.is_dir()
    except OSError:  # A link in a circle, or behind a closed folder.
        return False


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a pattern, in which `**` stands for any folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        rest = pattern[1:] or ("*",)
        return any(_matches(parts[start:], rest) for start in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


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
