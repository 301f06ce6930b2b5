"""Journal: what one client was about to do and what it was told, kept where a killed process leaves it."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

Kind = Literal[
    "began",  # the program runs and has opened the store
    "sent",  # a command is about to be handled
    "acknowledged",
    "rejected",
    "unanswered",  # handling it failed; nobody knows whether it is on record
    "page",  # a projection is given the first fact of a page
    "turned",  # a daemon has ended a turn
    "reached",  # so far has an import or a rebuild come
    "ended",
]
_TAIL_BYTES = 8192
"""More than a line is long."""

ANSWERS = ("acknowledged", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a journal.

    Attributes:
        number: Of the command; or the position, or how many cases, reached.
        positions: The first and the last position of what was recorded.
        is_repeated: Whether it was the first result again.
        said: A rule's slug, or an error's text.
    """

    kind: Kind
    number: int = 0
    positions: tuple[int, int] = (0, 0)
    is_repeated: bool = False
    said: str = ""


class Journal:
    """A journal that is written to; a line that a kill has torn is cut off when it is opened again.

    Args:
        path: The file, made if there is none.
        is_synced: Have each line on the disk before going on.
    """

    def __init__(self, path: Path, *, is_synced: bool) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._is_synced = is_synced
        os.ftruncate(self._file, path.read_bytes().rfind(b"\n") + 1)

    def note(self, line: Line) -> None:
        """Appends a line, in one call of the system."""
        os.write(self._file, json.dumps(asdict(line)).encode() + b"\n")
        if self._is_synced:
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def size_bytes(path: Path) -> int:
    """How long a journal is; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def read_journal(path: Path, begin: int = 0) -> list[Line]:
    """The lines of a journal from a byte on, while it is written to or after; empty where there is none."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(begin)
        return list(_lines(file.read()))


def last_line(path: Path, end: int | None = None) -> Line | None:
    """The last line, or the last one before a byte; None where there is none."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        end = size_bytes(path) if end is None else end
        file.seek(max(0, end - _TAIL_BYTES))
        whole, _, _ = file.read(min(end, _TAIL_BYTES)).rpartition(b"\n")
    last = whole.rpartition(b"\n")[2]
    return next(_lines(last + b"\n"), None) if last else None


def _lines(written: bytes) -> Iterator[Line]:
    whole, _, _ = written.rpartition(b"\n")
    for line in whole.splitlines():
        fields = json.loads(line)
        yield Line(**{**fields, "positions": tuple(fields["positions"])})


def in_doubt(lines: list[Line]) -> int | None:
    """The number of the command that was sent last, if its fate is unknown."""
    last = next((line for line in reversed(lines) if line.kind in ("sent", *ANSWERS)), None)
    return last.number if last is not None and last.kind == "sent" else None
