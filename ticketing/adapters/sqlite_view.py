"""A view in SQLite: one table of rows per projection and version.

Instants are integers, microseconds since 1970 in UTC: they sort, and SQL can subtract them. Ids are hex without
hyphens as in `ticketing_events`, truth is 0 or 1, tuples are JSON text.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from ticketing.adapters.sqlite_file import SqliteFile
from ticketing.adapters.store import View
from ticketing.adapters.views import Convert, Kind, RowForm, table_name
from ticketing.domain.errors import Conflict, StoreError
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "instant": "INTEGER",
    "id": "TEXT",
    "json": "TEXT",
}
_PAGE = 500

_INSERT_VIEW = "INSERT OR IGNORE INTO ticketing_views (name, version, position, columns) VALUES (?, ?, 0, ?)"
_SELECT_COLUMNS = "SELECT columns FROM ticketing_views WHERE name = ? AND version = ?"
_SELECT_POSITION = "SELECT position FROM ticketing_views WHERE name = ? AND version = ?"
_UPDATE_POSITION = "UPDATE ticketing_views SET position = ? WHERE name = ? AND version = ? AND position = ?"
_OF_SOME = " WHERE ticket_id IN (SELECT value FROM json_each(?))"
_RESET_POSITION = "UPDATE ticketing_views SET position = 0 WHERE name = ? AND version = ?"


def microseconds(instant: datetime) -> int:
    """The instant as microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


_WRITE: dict[Kind, Convert] = {"boolean": int, "instant": microseconds, "id": lambda value: value.hex}
_READ: dict[Kind, Convert] = {"boolean": bool, "instant": instant, "id": UUID}


class SqliteView(View[R]):
    """A view in an SQLite file; its table is made if it is not there.

    Raises:
        StoreError: The view was made of other columns.
    """

    def __init__(self, file: SqliteFile, name: str, version: int, row: type[R]) -> None:
        self._file = file
        self._id = (name, version)
        self._form = RowForm(row, _WRITE, _READ)
        table, columns = table_name(name, version), [f'"{name}"' for name in self._form.names]
        listed = ", ".join(columns)
        # Names of tables are checked, names of columns are Python's; SQLite has no way to bind them.
        self._select = f"SELECT {listed} FROM {table}"  # noqa: S608
        self._select_some = self._select + _OF_SOME
        self._select_all = self._select + " ORDER BY ticket_id"
        self._upsert = f"INSERT OR REPLACE INTO {table} ({listed}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        self._delete = f"DELETE FROM {table}"  # noqa: S608
        self._create(table)

    def _create(self, table: str) -> None:
        with self._file.reading() as cursor:
            made_of = cursor.execute(_SELECT_COLUMNS, self._id).fetchone()
        if made_of is None:
            columns = [f'"{column.name}" {_TYPES[column.kind]}' for column in self._form.columns]
            with self._file.writing() as cursor:
                cursor.execute(_INSERT_VIEW, (*self._id, self._form.signature))
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY (ticket_id)) WITHOUT ROWID"
                )
                made_of = cursor.execute(_SELECT_COLUMNS, self._id).fetchone()
        if made_of != (self._form.signature,):
            raise StoreError("view {} version {} has other columns: raise the projection's version".format(*self._id))

    def position(self) -> int:
        with self._file.reading() as cursor:
            (position,) = cursor.execute(_SELECT_POSITION, self._id).fetchone()
        return int(position)

    def load(self, ticket_ids: Iterable[UUID]) -> dict[UUID, R]:
        asked = json.dumps([ticket_id.hex for ticket_id in ticket_ids])
        with self._file.reading() as cursor:
            return self._form.by_ticket(cursor.execute(self._select_some, (asked,)))

    def save(self, rows: Iterable[R], *, expected_position: int, position: int) -> None:
        changed = [self._form.values(row) for row in rows]
        with self._file.writing() as cursor:
            moved = cursor.execute(_UPDATE_POSITION, (position, *self._id, expected_position)).rowcount
            if not moved:
                raise Conflict(f"the view is no longer at position {expected_position}")
            cursor.executemany(self._upsert, changed)

    def rows(self) -> Iterator[R]:
        with self._file.reading() as cursor:
            found = cursor.execute(self._select_all)
            while page := found.fetchmany(_PAGE):
                yield from map(self._form.row, page)

    def clear(self) -> None:
        with self._file.writing() as cursor:
            cursor.execute(self._delete)
            cursor.execute(_RESET_POSITION, self._id)
