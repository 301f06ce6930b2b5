"""A view in SQLite: one table of rows per projection and version, and one more while it is rebuilt.

Instants are integers, microseconds since 1970 in UTC: they sort, and SQL can subtract them. Ids are hex without
hyphens as in `ticketing_events`, truth is 0 or 1, tuples are JSON text.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, TypeVar
from uuid import UUID

from ticketing.adapters.columns import Convert, Kind, RowForm, table_name
from ticketing.adapters.counting import Statement, Table
from ticketing.adapters.sqlite_file import Cursors
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewId, ViewState, moved
from ticketing.domain.hours import instant_at, micros
from ticketing.domain.values import instant_text
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "instant": "INTEGER",
    "id": "TEXT",
    "json": "TEXT",
    "parts": "TEXT",
}
_PAGE = 500
_ALL_OF = "group_concat({})"
"""All values as text with commas, without those that are NULL."""

_AT_ONCE = "LIMIT -1"
"""Has SQLite work out a SELECT by itself: it would else put its expressions wherever their names are."""

_INSERT_VIEW = """
INSERT INTO ticketing_views (name, version, is_next, columns, ready_from)
SELECT ?, ?, ?, ?, coalesce(max(rowid), 0) FROM ticketing_events
"""
_SELECT_COLUMNS = "SELECT columns FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?"
_SELECT_POSITION = "SELECT folded_to FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?"
_SELECT_REVISION = "SELECT folded_to, revision FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?"
_SELECT_MADE = """
SELECT folded_to, columns, ready_from FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?
"""
_SELECT_STATES = """
SELECT name, version, is_next, folded_to, ready_from, is_inline, fence, rate,
    CASE WHEN leased_until > ? THEN leader END,
    (SELECT count(*) FROM ticketing_dead_letters
     WHERE name = views.name AND version = views.version AND is_next = views.is_next AND dropped_at IS NULL),
    (SELECT count(*) FROM ticketing_dead_letters
     WHERE name = views.name AND version = views.version AND is_next = views.is_next AND dropped_at IS NOT NULL)
FROM ticketing_views AS views
"""
_SELECT_STATE = _SELECT_STATES + "WHERE name = ? AND version = ? AND is_next = ?"
_SELECT_ALL_STATES = _SELECT_STATES + "ORDER BY name, version, is_next"
_SELECT_INDEX = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?"
_UPDATE_POSITION = """
UPDATE ticketing_views SET folded_to = ?, revision = revision + 1, rate = coalesce(?, rate)
WHERE name = ? AND version = ? AND is_next = ? AND revision = ? AND fence = coalesce(?, fence)
"""
_SET_INLINE = """
UPDATE ticketing_views SET is_inline = ?, revision = revision + 1 WHERE name = ? AND version = ? AND is_next = ?
"""
_SWITCH = """
UPDATE ticketing_views SET folded_to = ?, columns = ?, ready_from = ?, revision = revision + 1
WHERE name = ? AND version = ? AND is_next = ?
"""
_DELETE_VIEW = "DELETE FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?"

_OF_SOME = "ticket_id IN (SELECT value FROM json_each(?))"
_LETTER = "ticket_id, position, event_version, topic, reason, recorded_at, dropped_at"
_SELECT_LETTERS = f"""
SELECT {_LETTER} FROM ticketing_dead_letters WHERE name = ? AND version = ? AND is_next = ? ORDER BY position
"""  # noqa: S608
# By itself SQLite takes the key, for the order, and goes through every letter of the view at each append.
_SELECT_SOME_LETTERS = f"""
SELECT {_LETTER} FROM ticketing_dead_letters INDEXED BY ticketing_dead_letters_ticket
WHERE name = ? AND version = ? AND is_next = ? AND {_OF_SOME} ORDER BY position
"""  # noqa: S608
_INSERT_LETTER = f"""
INSERT OR REPLACE INTO ticketing_dead_letters (name, version, is_next, {_LETTER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608
_DELETE_LETTER = """
DELETE FROM ticketing_dead_letters WHERE name = ? AND version = ? AND is_next = ? AND position = ?
"""
_DELETE_LETTERS = "DELETE FROM ticketing_dead_letters WHERE name = ? AND version = ? AND is_next = ?"
_SWITCH_LETTERS = "UPDATE ticketing_dead_letters SET is_next = 0 WHERE name = ? AND version = ? AND is_next = ?"


_WRITE: dict[Kind, Convert] = {"boolean": int, "instant": micros, "id": lambda value: value.hex}
_READ: dict[Kind, Convert] = {"boolean": bool, "instant": instant_at, "id": UUID}


class SqliteView(View[R]):
    """A view in an SQLite file; its table is made if it is not there, with an index for each column looked up by.

    Raises:
        StoreError: The view was made of other columns.
    """

    def __init__(self, cursors: Cursors, view: ViewId, row: type[R]) -> None:
        self._cursors = cursors
        self._id = view
        self._form: RowForm[R] = form_of(row)  # type: ignore[arg-type]  # mypy takes the class itself for unhashable
        self._table = table_name(view.name, view.version, is_next=view.is_next)
        columns = ", ".join(f'"{name}"' for name in self._form.names)
        # Names of tables are checked, names of columns are Python's; SQLite has no way to bind them.
        self._select = f"SELECT {columns} FROM {self._table}"  # noqa: S608
        marks = ", ".join("?" * len(self._form.names))
        self._upsert = f"INSERT OR REPLACE INTO {self._table} ({columns}) VALUES ({marks})"  # noqa: S608
        self._delete = f"DELETE FROM {self._table} WHERE ticket_id = ?"  # noqa: S608
        self._form.require_same(view, self._made_of())

    def _made_of(self) -> str:
        """The signature of its columns."""
        with self._cursors.reading() as cursor:
            made = cursor.execute(_SELECT_COLUMNS, self._id).fetchone()
        if made is None:
            with self._cursors.writing() as cursor:
                made = cursor.execute(_SELECT_COLUMNS, self._id).fetchone()
                if made is None:
                    made = (self._form.signature,)
                    columns = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in self._form.columns)
                    cursor.execute(_INSERT_VIEW, (*self._id, *made))
                    cursor.execute(f"CREATE TABLE {self._table} ({columns}, PRIMARY KEY (ticket_id)) WITHOUT ROWID")
                    for name in self._form.indexed:
                        cursor.execute(self._index(cursor, name))
        return str(made[0])

    def _index(self, cursor: sqlite3.Cursor, column: str) -> str:
        """The statement that makes the index of a column; the rows beside these may have taken the usual name."""
        usual = f"{table_name(self._id.name, self._id.version)}_by_{column}"
        is_taken = cursor.execute(_SELECT_INDEX, (usual,)).fetchone() is not None
        name = f"{usual}_other" if is_taken else usual
        return f'CREATE INDEX "{name}" ON {self._table} ("{column}", ticket_id) WHERE "{column}" IS NOT NULL'

    def _one(self, cursor: sqlite3.Cursor, select: str, *values: object) -> Any:  # noqa: ANN401 - the driver's row
        """The one row of a view.

        Raises:
            Conflict: It was removed, or put in the place of the served one.
        """
        one = cursor.execute(select, (*values, *self._id)).fetchone()
        if one is None:
            raise moved(self._id)
        return one

    def state(self) -> ViewState:
        with self._cursors.reading() as cursor:
            return _state(self._one(cursor, _SELECT_STATE, time.time()))

    def position(self) -> int:
        with self._cursors.reading() as cursor:
            return int(self._one(cursor, _SELECT_POSITION)[0])

    def load(self, ticket_ids: Iterable[UUID]) -> Loaded[R]:
        asked = json.dumps([ticket_id.hex for ticket_id in ticket_ids])
        with self._cursors.snapshot() as cursor:
            position, revision = self._one(cursor, _SELECT_REVISION)
            rows = self._form.by_ticket(cursor.execute(f"{self._select} WHERE {_OF_SOME}", (asked,)))
            letters = tuple(map(_letter, cursor.execute(_SELECT_SOME_LETTERS, (*self._id, asked))))
        return Loaded(position, revision, rows, letters)

    def refusals(self) -> Callable[[R], str | None]:
        return self._form.refusals()

    def save(
        self,
        rows: Iterable[R],
        *,
        revision: int,
        position: int,
        gone: Iterable[UUID] = (),
        letters: Iterable[DeadLetter] = (),
        healed: Iterable[int] = (),
        fence: int | None = None,
        rate: float | None = None,
    ) -> None:
        parts = self._form.parts(rows)
        first = next(parts)
        taken_away = [(ticket_id.hex,) for ticket_id in gone]
        set_aside = [(*self._id, *_letter_values(letter)) for letter in letters]
        with self._cursors.writing() as cursor:
            if not cursor.execute(_UPDATE_POSITION, (position, rate, *self._id, revision, fence)).rowcount:
                raise moved(self._id)
            for part in chain([first], parts):
                cursor.executemany(self._upsert, part)
            cursor.executemany(self._delete, taken_away)
            cursor.executemany(_DELETE_LETTER, [(*self._id, letter_position) for letter_position in healed])
            cursor.executemany(_INSERT_LETTER, set_aside)

    def rows(self) -> Iterator[R]:
        with self._cursors.snapshot() as cursor:
            self._one(cursor, _SELECT_POSITION)
            found = cursor.execute(f"{self._select} ORDER BY ticket_id")
            while page := found.fetchmany(_PAGE):
                yield from map(self._form.row, page)

    def select(self, statement: Statement, *, is_long: bool = False) -> Iterator[Sequence[Any]]:
        with self._cursors.snapshot() as cursor:
            self._one(cursor, _SELECT_POSITION)
            yield from map(tuple, cursor.execute(statement(table_of(self._select, self._form))))

    def earliest(self, column: str, until: datetime, limit: int | None = None) -> Iterator[R]:
        return self._found(self.select_earliest(column), micros(until), -1 if limit is None else limit)

    def select_earliest(self, column: str) -> str:
        """The statement that looks rows up: up to an instant, so many at most.

        Raises:
            BadInput: As of `earliest`.
        """
        self._form.require_looked_up(column)
        return f'{self._select} WHERE "{column}" <= ? ORDER BY "{column}", ticket_id LIMIT ?'

    def _found(self, statement: str, until: int, limit: int) -> Iterator[R]:
        with self._cursors.snapshot() as cursor:
            self._one(cursor, _SELECT_POSITION)
            found = cursor.execute(statement, (until, limit))
            while page := found.fetchmany(_PAGE):
                yield from map(self._form.row, page)

    def letters(self) -> list[DeadLetter]:
        with self._cursors.snapshot() as cursor:
            self._one(cursor, _SELECT_POSITION)
            return list(map(_letter, cursor.execute(_SELECT_LETTERS, self._id)))

    def set_inline(self, is_inline: bool) -> None:
        with self._cursors.writing() as cursor:
            if not cursor.execute(_SET_INLINE, (is_inline, *self._id)).rowcount:
                raise moved(self._id)

    def switch(self) -> None:
        served = self._id._replace(is_next=False)
        with self._cursors.writing() as cursor:
            made = self._one(cursor, _SELECT_MADE)
            reached = cursor.execute(_SELECT_POSITION, served).fetchone()
            if reached is None or made[0] < reached[0]:
                raise moved(served)
            table = table_name(served.name, served.version)
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(f"ALTER TABLE {self._table} RENAME TO {table}")
            cursor.execute(_SWITCH, (*made, *served))
            cursor.execute(_DELETE_VIEW, self._id)
            cursor.execute(_DELETE_LETTERS, served)
            cursor.execute(_SWITCH_LETTERS, self._id)


def remove(cursor: sqlite3.Cursor, view: ViewId) -> None:
    """Removes a view with its rows and letters, if it is there."""
    cursor.execute(f"DROP TABLE IF EXISTS {table_name(view.name, view.version, is_next=view.is_next)}")
    cursor.execute(_DELETE_VIEW, view)
    cursor.execute(_DELETE_LETTERS, view)


def states(cursor: sqlite3.Cursor) -> list[ViewState]:
    """Where every view stands, in order of its id."""
    return list(map(_state, cursor.execute(_SELECT_ALL_STATES, (time.time(),))))


@cache
def form_of(row: type[Row]) -> RowForm[Any]:
    """The form of a row's class; making one takes longer than what an append writes into its view."""
    return RowForm(row, _WRITE, _READ)


def table_of(rows: str, form: RowForm[Any]) -> Table:
    """Rows as statements see them."""
    return Table(rows, form, _ALL_OF, "json_each({})", _field, _fields, _AT_ONCE)


def _field(kind: str, place: int) -> str:
    found = f"json_extract(part.value, '$[{place}]')"
    return f"replace({found}, '-', '')" if kind == "id" else found


def _fields(fields: Sequence[tuple[str, int]]) -> list[str]:
    """Several in one call, which finds all of them in hardly more time than one."""
    if len(fields) <= 1:
        return [_field(kind, place) for kind, place in fields]
    paths = ", ".join(f"'$[{place}]'" for _, place in fields)
    return [f"json_extract(part.value, {paths})"]


def _state(found: Any) -> ViewState:  # noqa: ANN401 - the driver's row
    name, version, is_next, position, ready_from, is_inline, fence, rate, leader, waiting, dropped = found
    return ViewState(
        id=ViewId(name, version, bool(is_next)),
        position=position,
        ready_from=ready_from,
        is_inline=bool(is_inline),
        fence=fence,
        leader=leader,
        rate=rate,
        waiting=waiting,
        dropped=dropped,
    )


def _letter(found: tuple[str, int, int, str, str, str, str | None]) -> DeadLetter:
    ticket_id, position, version, topic, reason, recorded_at, dropped_at = found
    return DeadLetter(
        ticket_id=UUID(ticket_id),
        position=position,
        version=version,
        topic=topic,
        reason=reason,
        recorded_at=datetime.fromisoformat(recorded_at),
        dropped_at=None if dropped_at is None else datetime.fromisoformat(dropped_at),
    )


def _letter_values(letter: DeadLetter) -> tuple[object, ...]:
    return (
        letter.ticket_id.hex,
        letter.position,
        letter.version,
        letter.topic,
        letter.reason,
        instant_text(letter.recorded_at),
        None if letter.dropped_at is None else instant_text(letter.dropped_at),
    )
