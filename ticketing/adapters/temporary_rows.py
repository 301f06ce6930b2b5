"""Temporary rows: rows that are counted once, in a table of SQLite, in memory or, where they are many, on disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ticketing.adapters.columns import RowForm
from ticketing.adapters.counting import Statement
from ticketing.adapters.sqlite_view import TYPES, form_of, table_of
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
_PART = 1000


class TemporaryRows(Generic[R]):
    """Rows of one class; a context manager, after which they are gone.

    Args:
        row: Their class.
    """

    def __init__(self, row: type[R]) -> None:
        self._form: RowForm[R] = form_of(row)  # type: ignore[arg-type]  # mypy takes the class itself for unhashable
        # A database without a name is SQLite's own temporary file, which it makes once its cache is full.
        self._database = sqlite3.connect("", isolation_level=None)
        columns = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in self._form.columns)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(f"CREATE TABLE kept ({columns})")
        self._insert = f"INSERT INTO kept VALUES ({', '.join('?' * len(self._form.names))})"  # noqa: S608
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, row: R) -> None:
        """Takes in one row.

        Raises:
            RowsRefused: No column takes one of its values.
        """
        self._form.require_kept([row])
        self._waiting.append(self._form.values(row))
        if len(self._waiting) == _PART:
            self._write()

    def _write(self) -> None:
        self._database.executemany(self._insert, self._waiting)
        self._waiting.clear()

    def select(self, statement: Statement, *, is_long: bool = False) -> Iterator[Sequence[Any]]:
        """What a statement gives, as `View.select` does; few lines or many, they are read one by one."""
        self._write()
        yield from self._database.execute(statement(table_of("SELECT * FROM kept", self._form)))
