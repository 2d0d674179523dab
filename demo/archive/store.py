"""The folders for tables and reports, on this machine or in a bucket."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demo.archive import remote
from demo.writing import write_whole


class Store(Protocol):
    """A folder for files; it can be sent to other processes and machines."""

    @property
    def name(self) -> str:
        """The folder's name in messages."""
        ...

    def make(self) -> None:
        """Makes the folder if it is missing."""
        ...

    def files(self) -> list[str]:
        """Returns the sorted names of the files in the folder; none if the folder is missing.

        Raises:
            OSError: the folder cannot be read, or it is a file.
            remote.Unreachable: the bucket cannot be reached.
        """
        ...

    def read(self, file: str) -> bytes:
        """Returns the bytes of a file in the folder."""
        ...

    def write(self, file: str, content: bytes) -> None:
        """Writes a file whole or not at all, and replaces an older one.

        Raises:
            OSError: the file cannot be written; the error's `filename` is the folder's name.
        """
        ...

    def report(self) -> "Store":
        """Returns the folder for the report on the table in this folder."""
        ...

    def absolute(self) -> "Store":
        """Returns the same folder for a process with another current folder."""
        ...


@dataclass(frozen=True)
class LocalStore:
    """A folder on this machine.

    Attributes:
        folder: the path of the folder.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def make(self) -> None:
        """Makes the folder if it is missing; the folder above must exist."""
        self.folder.mkdir(exist_ok=True)

    def files(self) -> list[str]:
        """Returns the sorted names in the folder."""
        if not self.folder.exists():
            return []
        return sorted(each.name for each in self.folder.iterdir())

    def read(self, file: str) -> bytes:
        """Returns the bytes of a file."""
        return (self.folder / file).read_bytes()

    def write(self, file: str, content: bytes) -> None:
        """Writes a file."""
        try:
            write_whole(self.folder / file, content)
        except OSError as error:
            error.filename = self.name
            raise

    def report(self) -> "LocalStore":
        """Returns the report's folder: `faces-report` for both `faces` and `faces.csv`."""
        return LocalStore(self.folder.with_name(f"{self.folder.stem}-report"))

    def absolute(self) -> "LocalStore":
        """Returns the same folder with its absolute path."""
        return LocalStore(self.folder.absolute())


@dataclass(frozen=True)
class RemoteStore:
    """A folder in a bucket, where a file appears only when it has been sent completely.

    Attributes:
        address: the folder's address, such as `s3://bucket/faces`.
    """

    address: str

    @property
    def name(self) -> str:
        """The folder's address."""
        return self.address

    def make(self) -> None:
        """Does nothing, because buckets have no real folders."""

    def files(self) -> list[str]:
        """Returns the sorted names in the folder."""
        return sorted(
            str(each["name"]).rpartition("/")[2]
            for each in remote.listed(self.address, missing_ok=True)
        )

    def read(self, file: str) -> bytes:
        """Returns the bytes of a file."""
        return bytes(remote.filesystem(self.address).cat_file(f"{self.address}/{file}"))

    def write(self, file: str, content: bytes) -> None:
        """Sends a file to the bucket."""
        try:
            remote.filesystem(self.address).pipe_file(f"{self.address}/{file}", content)
        except Exception as error:  # Each kind of bucket has its own errors.
            raise OSError(None, remote.reason(error), self.name) from error

    def report(self) -> "RemoteStore":
        """Returns the report's folder: `s3://bucket/faces-report` for `s3://bucket/faces`."""
        return RemoteStore(f"{self.address}-report")

    def absolute(self) -> "RemoteStore":
        """Returns this folder: an address is always absolute."""
        return self


def store_of(path: Path) -> Store:
    """Returns the folder at a path, or at an address such as `s3://bucket/faces`."""
    address = remote.address_of(path)
    return RemoteStore(address) if address else LocalStore(path)
