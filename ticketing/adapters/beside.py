"""Beside: two sets of lines, each under a key, set down on disk where they are many, and told where they differ."""

import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_LINES = "CREATE TABLE lines (key TEXT, is_second INTEGER, line TEXT, PRIMARY KEY (key, is_second)) WITHOUT ROWID"
_DIFFERING = """
SELECT keys.key, first.line, second.line FROM (SELECT DISTINCT key FROM lines) AS keys
LEFT JOIN lines AS first ON first.key = keys.key AND first.is_second = 0
LEFT JOIN lines AS second ON second.key = keys.key AND second.is_second = 1
WHERE first.line IS NOT second.line ORDER BY keys.key
"""


class Beside:
    """Two sets of lines; a context manager, after which they are gone."""

    def __init__(self) -> None:
        # A database without a name is SQLite's own temporary file, which it makes once its cache is full.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_LINES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, key: str, line: str, *, is_second: bool) -> None:
        """Sets down the line of a key in one of the sets."""
        self._database.execute("INSERT INTO lines VALUES (?, ?, ?)", (key, is_second, line))

    def differing(self) -> Iterator[tuple[str, str | None, str | None]]:
        """Each key whose lines differ, in order, with its line of the first set and of the second; None for none."""
        yield from self._database.execute(_DIFFERING)
