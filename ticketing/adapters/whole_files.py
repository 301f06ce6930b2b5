"""Whole files: a folder whose files are under their names whole, or not at all; what was cut short can be told.

Laws of this file: a file is written under a name of its own, made durable, and moved. Who writes one holds a lock on
it, which ends with the process, so that whoever comes later may clear away what nobody holds. Who moves or removes
files holds the lock of the folder.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ticketing.domain.errors import StoreError

TEMPORARY = ".keeping-"
"""How the names of files begin that are not whole yet."""

Mark = tuple[int, int]
"""What tells a file from a later one under its name."""


def mark_of(path: Path) -> Mark:
    """The mark of the file that is there now.

    Raises:
        FileNotFoundError: There is none.
    """
    state = path.lstat()
    return state.st_ino, state.st_mtime_ns


def make_folder(folder: Path) -> None:
    """Makes a folder for the owner alone, durably, if there is none."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_durable(folder.parent)


def make_durable(folder: Path) -> None:
    """Returns when the names in a folder would survive a power cut."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder, among threads and processes."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


@contextmanager
def temporary(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file and its name; it is gone afterwards unless it was moved."""
    with ExitStack() as stack:
        while True:
            number, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
            file = stack.enter_context(os.fdopen(number, "wb"))
            stack.callback(Path(name).unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(number).st_nlink:  # nobody cleared it away before it was locked
                break
        yield file, Path(name)


def clear(folder: Path) -> None:
    """Removes what processes left that were killed while they wrote."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its writer lives
            path.unlink()


def move_into_place(file: BinaryIO, name: Path, path: Path) -> None:
    """Moves a written file to its place, read-only and durable; what is there is replaced in one step."""
    file.flush()
    os.fchmod(file.fileno(), 0o400)
    os.fsync(file.fileno())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    name.replace(path)
    make_durable(path.parent)
    make_durable(path.parent.parent)


@contextmanager
def as_store_error(place: Path) -> Iterator[None]:
    """Has what the file system refuses leave in our words."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or place}: {error.strerror or error}") from error
