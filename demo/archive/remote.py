"""Pictures in buckets, such as `s3://bucket/folder` and `gs://bucket/folder`, through fsspec."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from demo.archive.entries import Content, Entry, Refused, is_left_out, microseconds_of
from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.suffixes import picture_suffixes

# `Path` turns the two slashes of an address into one.
_ADDRESS = re.compile(r"(s3|gs):/+(.+)", re.DOTALL)
# Each kind of bucket has another name for the time of the last change.
_MODIFIED = ("LastModified", "mtime", "updated")


class Unreachable(Exception):
    """A bucket or a cluster cannot be reached or denies access; the message is a sentence."""


@dataclass(frozen=True)
class RemoteFile(Content):
    """A file in a bucket.

    Attributes:
        address: the file's address, such as `s3://bucket/folder/1.jpg`.
    """

    address: str

    def read(self) -> bytes:
        """Returns the file's bytes."""
        try:
            return bytes(filesystem(self.address).cat_file(self.address))
        except FileNotFoundError:
            raise InvalidImage("There is no such file.") from None
        except Exception as error:  # Each kind of bucket has its own errors.
            raise InvalidImage(f"The file cannot be fetched ({reason(error)}).") from error


def address_of(path: Path) -> str | None:
    """Returns the address of a bucket, given as a path; None for a path on this machine."""
    found = _ADDRESS.fullmatch(path.as_posix())
    return found and f"{found[1]}://{found[2]}"


def filesystem(address: str) -> Any:
    """Returns fsspec's file system for an address.

    Raises:
        Unreachable: the package for this kind of bucket is not installed.
    """
    return _filesystem(address.partition(":")[0])


@cache
def _filesystem(protocol: str) -> Any:
    try:
        import fsspec

        # A cache of listings would grow with the archive.
        return fsspec.filesystem(protocol, use_listings_cache=False)
    except ImportError:
        raise Unreachable(
            f"{protocol}:// needs a package that is not installed: python -m pip install -r"
            " requirements-ray.txt"
        ) from None


def listed(address: str, missing_ok: bool = False) -> list[dict[str, Any]]:
    """Lists the files and folders in a folder of a bucket.

    Args:
        address: the folder's address.
        missing_ok: whether a missing folder counts as an empty one.

    Returns:
        The name, type and size of each, sorted by name.

    Raises:
        Unreachable: the bucket does not exist, does not answer or denies access.
    """
    try:
        found = filesystem(address).ls(address, detail=True, refresh=True)
    except FileNotFoundError as error:
        if missing_ok and "/" in address.partition("://")[2]:
            return []
        raise Unreachable(f"{address}: There is no such bucket or folder.") from error
    except Unreachable:
        raise
    except PermissionError as error:
        raise Unreachable(
            f"{address}: There is no permission to read this bucket ({reason(error)}). Check the"
            " credentials in the environment."
        ) from error
    except Exception as error:  # Each kind of bucket has its own errors.
        raise Unreachable(f"{address}: The bucket cannot be read ({reason(error)}).") from error
    folder = address.partition("://")[2].rstrip("/")
    # Some buckets list a folder as a file in itself.
    inside = [each for each in found if str(each["name"]).rstrip("/") != folder]
    return sorted(inside, key=lambda each: str(each["name"]).rstrip("/").rpartition("/")[2])


def pictures(
    address: str, passed: Counter[str], skips: Callable[[Path], bool] = lambda _: False
) -> Iterator[Entry]:
    """Lists the picture at an address, or all pictures below it in the order of their paths.

    Args:
        address: the address of a file or a folder.
        passed: gets the suffixes of the files that are not pictures, with their numbers.
        skips: tells whether to skip a file or folder below the address.

    Raises:
        Unreachable: see `listed`.
    """
    protocol = address.partition("://")[0]
    stack: list[Iterator[dict[str, Any]]] = [iter(_top(address))]
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
            continue
        path = f"{protocol}://{str(item['name']).rstrip('/')}"
        name = PurePosixPath(path)
        if path != address and (is_left_out(name.name) or skips(Path(path))):
            continue
        if item["type"] == "directory":
            stack.append(iter(listed(path)))
        elif name.suffix.lower() in picture_suffixes() or path == address:
            yield _entry(path, item)
        else:
            passed[name.suffix.lower()] += 1


def reason(error: BaseException) -> str:
    """Returns the first line of an error's message, without a full stop."""
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def _top(address: str) -> Sequence[dict[str, Any]]:
    return _file(address) or listed(address)


def _file(address: str) -> list[dict[str, Any]]:
    """Returns the file at an address; an empty list if there is none."""
    if PurePosixPath(address).suffix.lower() not in picture_suffixes():
        return []
    try:
        found = filesystem(address).info(address)
    except Exception:  # `listed` then reports the problem.
        return []
    return [found] if found["type"] == "file" else []


def _entry(path: str, item: dict[str, Any]) -> Entry:
    content: Content = RemoteFile(path)
    if item["size"] > MAX_BYTES:
        content = Refused(
            f"The file has more than {MAX_BYTES // 1_000_000} MB. Save the picture smaller and try"
            " again."
        )
    return Entry(path, int(item["size"]), _modified(item), content)


def _modified(item: dict[str, Any]) -> int | None:
    value = next((item[key] for key in _MODIFIED if key in item), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return microseconds_of(value)
    return None
