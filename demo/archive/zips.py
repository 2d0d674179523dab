"""Reads the pictures in a zip file without unpacking it to disk."""

import calendar
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from demo.archive.entries import MOST_BYTES, Content, Entry, Refused, is_left_out
from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.suffixes import picture_suffixes

# Every process holds the list of an archive's members in memory, about 1 kB per member.
MOST_MEMBERS = 500_000

# A member above a megabyte is refused if it was packed to less than a 200th of its size. No camera's
# picture shrinks this much.
_MOST_RATIO, _HARMLESS_BYTES = 200, 1_000_000

_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member(Content):
    """A file in a zip file.

    Attributes:
        archive: the path of the zip file.
        name: the name of the member inside the zip file.
    """

    archive: str
    name: str

    def read(self) -> bytes:
        """Returns the member's bytes; unpacks at most `MOST_BYTES`, even if the zip file lies."""
        try:
            with _opened(self.archive).open(self.name) as file:
                return file.read(MOST_BYTES)
        except KeyError:
            raise InvalidImage("This picture is not in the archive any more.") from None
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InvalidImage(
                "The picture is damaged in its archive, and cannot be unpacked. Make the archive again."
            ) from error
        except (NotImplementedError, RuntimeError) as error:
            raise InvalidImage(
                "The picture is packed in a way that cannot be read. Unpack the archive and read the"
                " folder."
            ) from error
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise InvalidImage(f"The archive cannot be opened ({reason}).") from error

    def absolute(self) -> "Member":
        """Returns the same member with the absolute path of the zip file."""
        return Member(os.path.abspath(self.archive), self.name)  # noqa: PTH100


def members(archive: Path, passed: Counter[str]) -> Iterator[Entry]:
    """Lists the pictures of a zip file in the order of their paths.

    A picture's path is the path of the zip file and the name of the member: `album.zip/party/1.jpg`.
    Hidden members are skipped. If two members have the same name, the last one counts, as in unpacking.

    Args:
        archive: the path of the zip file.
        passed: gets the suffixes of the members that are not pictures, with their numbers.

    Raises:
        InvalidImage: the archive cannot be read as a whole.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            found = {info.filename: info for info in file.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise InvalidImage(
            "This zip file is damaged or was cut off, and cannot be opened. Copy it again."
        ) from error
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise InvalidImage(f"The zip file cannot be opened ({reason}).") from error
    if len(found) > MOST_MEMBERS:
        raise InvalidImage(
            f"This zip file holds more than {MOST_MEMBERS} files. Unpack it and read the folder."
        )
    for name in sorted(found, key=lambda name: name.split("/")):
        info = found[name]
        suffix = PurePosixPath(name).suffix.lower()
        if any(part not in (".", "..") and is_left_out(part) for part in name.split("/")):
            continue
        if suffix not in picture_suffixes() and suffix != ".zip":
            passed[suffix] += 1
            continue
        refusal = _refusal(info)
        content: Content = Refused(refusal) if refusal else Member(str(archive), name)
        yield Entry(f"{archive}/{name}", info.file_size, _modified(info), content)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    """Returns why a member must not be read; None if it may be read."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "The name leads out of the archive, as in an attack. The picture is not read."
    if name.lower().endswith(".zip"):
        return "An archive inside an archive is not read. Unpack the outer one."
    if info.flag_bits & _ENCRYPTED:
        return "The picture is encrypted. Unpack the archive with its password and read the folder."
    if info.file_size > MAX_BYTES:
        return (
            f"The picture has more than {MAX_BYTES // 1_000_000} MB. Save it smaller and try again."
        )
    if info.file_size > max(_HARMLESS_BYTES, _MOST_RATIO * info.compress_size):
        return "The picture would unpack to over 200 times its packed size, as in an attack."
    return None


def _modified(info: zipfile.ZipInfo) -> int:
    """Returns the member's date in microseconds since 1970; it has no time zone, so UTC is assumed."""
    return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000


@lru_cache(maxsize=2)
def _opened(archive: str) -> zipfile.ZipFile:
    """Opens an archive once per process instead of once per picture."""
    return zipfile.ZipFile(archive)
