"""Spool: rows set down until they are all there to be written, in bounded memory however many they are."""

import pickle
from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Generic, Self, TypeVar

from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
_IN_MEMORY = 2000


class Spool(Generic[R]):
    """Rows of one class; a context manager. Those beyond the first two thousand lie in a file that has no name.

    Args:
        row: Their class.
    """

    def __init__(self, row: type[R]) -> None:
        self._row = row
        self._names = tuple(field.name for field in fields(row))
        self._values = attrgetter(*self._names)
        self._rows: list[R] = []
        self._file: BinaryIO | None = None
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: R) -> None:
        """Sets a row down; all are, before the first is taken up."""
        self._rows.append(row)
        if len(self._rows) == _IN_MEMORY:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115 - closed with the spool
            # Values alone, for a class may be where pickle does not find it.
            pickle.dump([self._values(row) for row in self._rows], self._file, pickle.HIGHEST_PROTOCOL)
            self._end = self._file.tell()
            self._rows.clear()

    def __iter__(self) -> Iterator[R]:
        if self._file is not None:
            self._file.seek(0)
            while self._file.tell() < self._end:
                for values in pickle.load(self._file):  # noqa: S301 - written by this process
                    yield self._row(**dict(zip(self._names, values, strict=True)))
        yield from self._rows
