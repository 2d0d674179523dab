"""The pictures in a zip file, which is never unpacked."""

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

# The list of what is in an archive is held in memory by every process, about 1 kB for each member.
MOST_MEMBERS = 500_000

# What a picture may be packed to: beyond a megabyte, no picture of a camera shrinks to a 200th.
_MOST_RATIO, _HARMLESS_BYTES = 200, 1_000_000

_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """A file in a zip file.

    Attributes:
        archive: the path of the zip file.
        name: the member's name in the zip file.
    """

    archive: str
    name: str

    def read(self) -> bytes:
        """Reads the member; no more than the limit of bytes is unpacked, whatever it claims."""
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
        """The same by the archive's absolute path."""
        return Member(os.path.abspath(self.archive), self.name)  # noqa: PTH100


def members(archive: Path, passed: Counter[str]) -> Iterator[Entry]:
    """Lists the pictures of a zip file in the order of their paths.

    Each has the path of the archive followed by its own name: `album.zip/party/1.jpg`. Hidden members
    are left out. Of two members of one name the last counts, as it does when unpacking.

    Args:
        archive: the zip file.
        passed: counts the suffixes of members that are no pictures.

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
    """Why a member is not read, if it is not."""
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
    """The member's date, which has no time zone: it is taken as UTC."""
    return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000


@lru_cache(maxsize=2)
def _opened(archive: str) -> zipfile.ZipFile:
    """Opens an archive once in each process, and not for each picture."""
    return zipfile.ZipFile(archive)
