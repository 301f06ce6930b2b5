"""Evidence content: where it comes from, and how it is read again: in chunks, and held against its hash."""

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ticketing.adapters.media_types import Content, Look
from ticketing.domain.errors import BadInput, StoreError

_CHUNK_BYTES = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@contextmanager
def opened(source: Path | str | BinaryIO) -> Iterator[tuple[BinaryIO, str, int]]:
    """The stream of a source, what to call it, and how long it is said to be; of an open stream 0.

    Raises:
        BadInput: It is no plain file, or cannot be read.
    """
    if not isinstance(source, Path | str):
        yield source, str(getattr(source, "name", "the stream")), 0
        return
    path = Path(source)
    try:
        _refuse_kind(path, path.lstat())  # before it is opened: to open a device may do something
        # It may have become another in the meantime, which is neither followed nor waited for.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from error
    with os.fdopen(number, "rb", buffering=0) as file:
        state = os.fstat(number)
        _refuse_kind(path, state)
        yield file, str(path), state.st_size


def _refuse_kind(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(state.st_mode)), "no plain file")
        raise BadInput(f"{path}: it is {kind}; evidence is a plain file")


def refuse_size(name: str, size_bytes: int, limit_bytes: int) -> None:
    """Refuses what is over the limit.

    Raises:
        BadInput: It is.
    """
    if size_bytes > limit_bytes:
        raise BadInput(f"{name}: it is longer than {limit_bytes:,} bytes, the limit of evidence files")


@dataclass(frozen=True, slots=True)
class Copy:
    """What was copied, by its hash and length, and what was seen of it."""

    sha256: str
    size_bytes: int
    content: Content


def copied(stream: BinaryIO, file: BinaryIO, name: str, limit_bytes: int) -> Copy:
    """Copies a stream into a file, in bounded memory.

    Raises:
        BadInput: It cannot be read, is empty, or is over the limit.
    """
    digest, look, size_bytes = hashlib.sha256(), Look(), 0
    for chunk in _chunks(stream, name):
        size_bytes += len(chunk)
        refuse_size(name, size_bytes, limit_bytes)
        digest.update(chunk)
        look.feed(chunk)
        file.write(chunk)
    if size_bytes == 0:
        raise BadInput(f"{name}: it is empty")
    return Copy(digest.hexdigest(), size_bytes, look.end())


def _chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    while True:
        try:
            chunk = stream.read(_CHUNK_BYTES)
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror or error}") from error
        if not chunk:
            return
        yield chunk


class Verified(io.RawIOBase):
    """A file whose end is read only if its content has the hash that its name says."""

    def __init__(self, number: int, path: Path, sha256: str) -> None:
        super().__init__()
        self._file = os.fdopen(number, "rb", buffering=0)
        self._path = path
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._left_bytes = os.fstat(number).st_size

    @classmethod
    def opened(cls, path: Path, sha256: str) -> BinaryIO:
        """The content of the file at a path.

        Raises:
            OSError: It cannot be opened.
        """
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        return io.BufferedReader(cls(number, path, sha256), _CHUNK_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview[int]") -> int:  # type: ignore[override]
        try:
            count = self._file.readinto(buffer)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror or error}") from error
        self._digest.update(memoryview(buffer)[:count])
        self._left_bytes -= count
        if (count == 0 or self._left_bytes <= 0) and self._digest.hexdigest() != self._sha256:
            actual = self._digest.hexdigest()
            raise StoreError(
                f"{self._path}: this evidence file is damaged: its SHA-256 was {self._sha256}, is {actual}"
            )
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
