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

# A message names at most this many suffixes of skipped files.
_MOST_KINDS = 5
_MAGIC = "*?["


# Tells why a file or folder is not read: a sentence for people, "" for no message, None to read it.
Skip = Callable[[Path], str | None]


@dataclass
class Notes:
    """Messages about the inputs.

    Attributes:
        say: takes each message, which is a sentence for people.
        failed: the number of inputs and folders that could not be read or hold no picture.
    """

    say: Callable[[str], None] = lambda _: None
    failed: int = 0
    _said: set[str] = field(default_factory=set)

    def say_once(self, sentence: str) -> None:
        """Passes on a sentence, unless it is empty or was passed on before."""
        if sentence and sentence not in self._said:
            self._said.add(sentence)
            self.say(sentence)

    def fail(self, sentence: str) -> None:
        """Passes on a sentence and counts a failure."""
        self.failed += 1
        self.say(sentence)


def entries(
    inputs: Sequence[Path],
    notes: Notes | None = None,
    skip: Skip = lambda _: None,
) -> Iterator[Entry]:
    """Lists the pictures of one input after the other, each in the order of the paths.

    A file may have any suffix. A zip file gives the pictures in it. A folder gives all files
    with the suffix of a picture, except hidden ones and those that systems keep for themselves. A
    pattern such as `photos/**/*.jpg`, which the shell did not expand, gives the matching pictures and
    the pictures in matching zip files.

    Links to folders are followed, but no folder is listed twice. A folder inside an input is listed
    under its own path. A folder outside all inputs is listed under the first link that leads to it.

    Memory holds only the names in the folders between the input and the current picture.

    Args:
        inputs: files, folders, patterns, zip files and addresses of buckets. An input inside another
            one is not listed again.
        notes: takes the messages; None drops them.
        skip: tells why to skip a file or folder inside an input. Each sentence is passed on once.

    Raises:
        remote.Unreachable: a bucket cannot be read.
    """
    notes = notes or Notes()
    walk = _Walk([path for path in inputs if is_folder(path)], notes, skip)
    seen: set[str] = set()
    for path in inputs:
        if remote.address_of(path):
            yield from _remote(path, notes, skip)
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
    """Returns the part of an input before any pattern: the path itself if it holds no pattern."""
    if os.path.lexists(path) or not any(letter in str(path) for letter in _MAGIC):
        return path
    fixed = Path()
    for part in path.parts[:-1]:
        if any(letter in part for letter in _MAGIC):
            break
        fixed /= part
    return fixed


def entry_of(path: Path | str) -> Entry:
    """Returns a file as an entry; if it is missing or not an ordinary file, reading it raises."""
    name = os.fspath(path)
    try:
        status = os.stat(name)  # noqa: PTH116  It runs millions of times, and a Path costs as much.
    except OSError:
        return Entry(name, None, None, LocalFile(name))
    return Entry(name, status.st_size, status.st_mtime_ns // 1000, LocalFile(name))


def _remote(path: Path, notes: Notes, skip: Skip) -> Iterator[Entry]:
    base = fixed_part(path)
    pattern = path.parts[len(base.parts) :]
    address = remote.address_of(base)
    assert address
    passed: Counter[str] = Counter()
    found = False
    for entry in remote.pictures(address, passed, lambda each: _skips(each, notes, skip)):
        if not pattern or _matches(Path(entry.path).parts[len(base.parts) :], pattern):
            found = True
            yield entry
    if passed and not pattern:
        notes.say(f"{address}: {_passed_over(passed)}")
    if not found:
        notes.fail(f"{remote.address_of(path)}: There is no picture at this address.")


def _skips(path: Path, notes: Notes, skip: Skip) -> bool:
    """Tells whether to skip a file or folder, and passes on the reason."""
    reason = skip(path)
    if reason is not None:
        notes.say_once(reason)
    return reason is not None


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
    """Lists the files in folders.

    Attributes:
        roots: the folders among the inputs.
        notes: takes the messages.
        skip: tells why to skip a file or folder.
    """

    roots: list[Path]
    notes: Notes
    skip: Skip
    _passed: Counter[str] = field(default_factory=Counter)
    # The real paths of folders that were listed through links.
    _linked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._real_roots = [os.path.realpath(root) for root in self.roots]

    def reaches(self, real: str, is_root: bool = False) -> bool:
        """Tells whether a real path lies in a root, and is therefore listed without a link.

        Args:
            real: the real path of a file or folder.
            is_root: whether the path is a root itself, which then does not count as its own parent.
        """
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
        """Lists the pictures in a folder and in its subfolders."""
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
        """Lists the pictures that match a pattern, and the pictures in matching zip files."""
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
        """Yields the paths of all visible files below a folder, in the order of their parts."""
        # Each step holds a folder's remaining names, and its real path if a link led to it.
        steps = [(self._names(str(top)), None)]
        stack: list[tuple[Iterator[os.DirEntry[str]], str | None]] = [*steps]
        while stack:
            names, real = stack[-1]
            item = next(names, None)
            if item is None:
                stack.pop()
                continue
            path = item.path.removeprefix("./") if str(top) == "." else item.path
            if _skips(Path(path), self.notes, self.skip):
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
    except OSError:  # The link leads in a circle or into a closed folder.
        return False


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tells whether a path's parts match a pattern's; `**` stands for any number of folders."""
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
