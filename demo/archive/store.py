"""A folder of files on this machine or in a bucket, where tables and reports are written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demo.archive import remote
from demo.writing import write_whole


class Store(Protocol):
    """A folder. It can be sent to other processes and machines."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    def make(self) -> None:
        """Makes the folder, if it is not there."""
        ...

    def files(self) -> list[str]:
        """The names of the files in it, in order; nothing where there is no folder.

        Raises:
            OSError: it cannot be read, or is no folder.
            remote.Unreachable: its bucket cannot be reached.
        """
        ...

    def read(self, file: str) -> bytes:
        """Reads a file."""
        ...

    def write(self, file: str, content: bytes) -> None:
        """Writes a file, whole or not at all; an older one is replaced.

        Raises:
            OSError: it cannot be written; its `filename` is the folder.
        """
        ...

    def report(self) -> "Store":
        """The folder of the report on the table in this one."""
        ...

    def absolute(self) -> "Store":
        """The same, for a process whose current folder is another."""
        ...


@dataclass(frozen=True)
class LocalStore:
    """A folder of this machine."""

    folder: Path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.folder)

    def make(self) -> None:
        """Makes it."""
        self.folder.mkdir(exist_ok=True)

    def files(self) -> list[str]:
        """Lists it."""
        if not self.folder.exists():
            return []
        return sorted(each.name for each in self.folder.iterdir())

    def read(self, file: str) -> bytes:
        """Reads a file."""
        return (self.folder / file).read_bytes()

    def write(self, file: str, content: bytes) -> None:
        """Writes a file."""
        try:
            write_whole(self.folder / file, content)
        except OSError as error:
            error.filename = self.name
            raise

    def report(self) -> "LocalStore":
        """Beside it: `faces-report` for `faces`, and for `faces.csv` too."""
        return LocalStore(self.folder.with_name(f"{self.folder.stem}-report"))

    def absolute(self) -> "LocalStore":
        """The same by its absolute path."""
        return LocalStore(self.folder.absolute())


@dataclass(frozen=True)
class RemoteStore:
    """A folder in a bucket, in which a file appears when all of it has been sent."""

    address: str

    @property
    def name(self) -> str:
        """Its address."""
        return self.address

    def make(self) -> None:
        """Does nothing: buckets have no folders."""

    def files(self) -> list[str]:
        """Lists it."""
        return sorted(
            str(each["name"]).rpartition("/")[2]
            for each in remote.listed(self.address, missing_ok=True)
        )

    def read(self, file: str) -> bytes:
        """Reads a file."""
        return bytes(remote.filesystem(self.address).cat_file(f"{self.address}/{file}"))

    def write(self, file: str, content: bytes) -> None:
        """Sends a file."""
        try:
            remote.filesystem(self.address).pipe_file(f"{self.address}/{file}", content)
        except Exception as error:  # Each kind of bucket has its own errors.
            raise OSError(None, remote.reason(error), self.name) from error

    def report(self) -> "RemoteStore":
        """Beside it."""
        return RemoteStore(f"{self.address}-report")

    def absolute(self) -> "RemoteStore":
        """Itself."""
        return self


def store_of(path: Path) -> Store:
    """The folder that a path or an address such as `s3://bucket/faces` leads to."""
    address = remote.address_of(path)
    return RemoteStore(address) if address else LocalStore(path)
