"""A view in PostgreSQL: one table of rows per projection and version, and one more while it is rebuilt.

Whoever writes to a view locks its table of rows before its row in `ticketing_views`, so that no two wait for each
other. What is loaded comes in one statement, and so is what is saved: it is one round trip, and of one moment even
when a rebuild has just taken the table's place. Tuples are JSON text. Instants are microseconds since 1970 in UTC, as
in SQLite: statements that count subtract them at no cost, and the views for other tools show them as instants.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from time import monotonic, sleep
from typing import Any, Generic, TypeVar
from uuid import UUID

from psycopg.errors import DependentObjectsStillExist, LockNotAvailable, UndefinedTable
from psycopg.sql import SQL, Composable, Composed, Identifier

from ticketing.adapters.columns import Column, Kind, RowForm, table_name
from ticketing.adapters.counting import Statement, Table
from ticketing.adapters.postgres_arrays import Array
from ticketing.adapters.postgres_arrays import Kind as ArrayKind
from ticketing.adapters.postgres_report import show_instead
from ticketing.adapters.postgres_server import LOCK_SECONDS, Cursor, Place
from ticketing.adapters.postgres_statements import Statements, composed
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewId, ViewState, moved
from ticketing.domain.errors import Conflict, StoreError
from ticketing.domain.hours import instant_at, micros
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

_TYPES: dict[Kind, ArrayKind] = {
    "text": "text",
    "integer": "bigint",
    "boolean": "boolean",
    "instant": "bigint",
    "id": "uuid",
    "json": "text",
    "parts": "jsonb",
}
_PAGE = 1000
_RETRY_SECONDS = 0.1
_ALL_OF = "array_remove(array_agg({0}), NULL)"
_PART_FIELD: dict[str, str] = {
    "text": "(part.value ->> {})",
    "integer": "(part.value ->> {})::bigint",
    "boolean": "(part.value ->> {})::boolean::integer",
    "instant": "(part.value ->> {})::bigint",
    "id": "replace(part.value ->> {}, '-', '')",
    "json": "(part.value -> {})::text",
}
_AS_COUNTED: dict[Kind, str] = {"boolean": "{0}::integer AS {0}", "id": "replace({0}::text, '-', '') AS {0}"}

_THIS = "(name, version, is_next) = (%(name)s, %(version)s, %(is_next)s)"
_LETTER = "ticket_id, position, event_version, topic, reason, recorded_at, dropped_at"
_LETTER_KINDS: tuple[ArrayKind, ...] = ("uuid", "bigint", "bigint", "text", "text", "timestamptz", "timestamptz")
_LETTER_VALUES = attrgetter("ticket_id", "position", "version", "topic", "reason", "recorded_at", "dropped_at")

_INSERT_VIEW = """
INSERT INTO {views} (name, version, is_next, folded_to, ready_from, columns)
SELECT %(name)s, %(version)s, %(is_next)s, 0, coalesce(max(notification_id), 0), %(columns)s FROM {events}
"""
_SELECT_COLUMNS = f"SELECT columns FROM {{views}} WHERE {_THIS}"  # noqa: S608
_SELECT_POSITION = f"SELECT folded_to FROM {{views}} WHERE {_THIS}"  # noqa: S608
# Without a name for the key's index: the server finds a free one when the last rebuild's still has the usual one.
_CREATE = "CREATE TABLE {table} ({definitions}, PRIMARY KEY (ticket_id))"
# This too: the rows of a rebuild take the place of others with the index that they have.
_CREATE_INDEX = "CREATE INDEX ON {table} ({column}, ticket_id) WHERE {column} IS NOT NULL"
_SELECT_EARLIEST = """
SELECT {columns} FROM {table} WHERE {column} <= %(until)s ORDER BY {column}, ticket_id LIMIT %(limit)s
"""
_SELECT_ROWS = "SELECT {columns} FROM {table} ORDER BY ticket_id"
_COUNTED = "SELECT {as_counted} FROM {table}"
_SELECT_LETTERS = f"""
SELECT {_LETTER} FROM {{views}} LEFT JOIN {{letters}} USING (name, version, is_next) WHERE {_THIS} ORDER BY position
"""  # noqa: S608
# No letter is joined to a row: letters come with rows left empty, and rows with letters.
_LOAD = f"""
SELECT views.folded_to, views.revision, letters.*, folded.*
FROM {{views}} AS views LEFT JOIN (
    (SELECT {_LETTER} FROM {{letters}} WHERE {_THIS} AND ticket_id = ANY (%(tickets)s::uuid[])) AS letters
    FULL JOIN (SELECT {{columns}} FROM {{table}} WHERE ticket_id = ANY (%(tickets)s::uuid[])) AS folded ON false
) ON true
WHERE (views.name, views.version, views.is_next) = (%(name)s, %(version)s, %(is_next)s)
"""  # noqa: S608
_SAVE = f"""
WITH seen AS (
    UPDATE {{views}}
    SET folded_to = %(position)s, revision = revision + 1, rate = coalesce(%(rate)s::double precision, rate)
    WHERE {_THIS} AND revision = %(revision)s AND fence = coalesce(%(fence)s, fence)
    RETURNING name, version, is_next
), healed AS (
    DELETE FROM {{letters}} AS letters USING seen
    WHERE (letters.name, letters.version, letters.is_next) = (seen.name, seen.version, seen.is_next)
        AND letters.position = ANY (%(healed)s::bigint[])
), taken_away AS (
    DELETE FROM {{table}} AS folded USING seen WHERE folded.ticket_id = ANY (%(gone)s::uuid[])
), set_aside AS (
    INSERT INTO {{letters}} (name, version, is_next, {_LETTER})
    SELECT seen.*, added.* FROM seen, unnest(
        %(letter_0)s::uuid[], %(letter_1)s::bigint[], %(letter_2)s::bigint[], %(letter_3)s::text[],
        %(letter_4)s::text[], %(letter_5)s::timestamptz[], %(letter_6)s::timestamptz[]
    ) AS added
    ON CONFLICT (name, version, is_next, position) DO UPDATE SET
        ticket_id = EXCLUDED.ticket_id, event_version = EXCLUDED.event_version, topic = EXCLUDED.topic,
        reason = EXCLUDED.reason, recorded_at = EXCLUDED.recorded_at, dropped_at = EXCLUDED.dropped_at
), written AS (
    INSERT INTO {{table}} ({{columns}}) SELECT added.* FROM seen, unnest({{arrays}}) AS added
    ON CONFLICT (ticket_id) DO UPDATE SET {{changes}}
)
SELECT count(*) FROM seen
"""  # noqa: S608
_SAVE_MORE = """
INSERT INTO {table} ({columns}) SELECT added.* FROM unnest({arrays}) AS added
ON CONFLICT (ticket_id) DO UPDATE SET {changes}
"""
_SET_INLINE = f"UPDATE {{views}} SET is_inline = %(is_inline)s, revision = revision + 1 WHERE {_THIS}"  # noqa: S608

# New readers queue behind who waits for the old ones: that may take a moment and no longer.
_WAIT_SHORTLY = "SET LOCAL lock_timeout = '100ms'"
_WAIT_AS_USUAL = f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"
# Where somebody has dropped the served rows, the rebuild is the remedy.
_CREATE_LOST = "CREATE TABLE IF NOT EXISTS {served} (LIKE {table})"
_LOCK_TABLES = "LOCK TABLE {served}, {table} IN ACCESS EXCLUSIVE MODE"
_LOCK_VIEWS = """
SELECT folded_to FROM {views} WHERE (name, version) = (%(name)s, %(version)s) ORDER BY is_next FOR UPDATE
"""
_SWITCH = (
    """
    UPDATE {views} AS served
    SET folded_to = next.folded_to, columns = next.columns, ready_from = next.ready_from, revision = served.revision + 1
    FROM {views} AS next
    WHERE (served.name, served.version) = (%(name)s, %(version)s) AND NOT served.is_next
        AND (next.name, next.version) = (%(name)s, %(version)s) AND next.is_next
    """,
    "DELETE FROM {views} WHERE (name, version) = (%(name)s, %(version)s) AND is_next",
    "DELETE FROM {letters} WHERE (name, version) = (%(name)s, %(version)s) AND NOT is_next",
    "UPDATE {letters} SET is_next = false WHERE (name, version) = (%(name)s, %(version)s)",
)
_PUT_IN_PLACE = ("DROP TABLE {served}", "ALTER TABLE {table} RENAME TO {served_name}")
_DROP = "DROP TABLE IF EXISTS {table}"
_DELETE = (
    f"DELETE FROM {{views}} WHERE {_THIS}",  # noqa: S608
    f"DELETE FROM {{letters}} WHERE {_THIS}",  # noqa: S608
)


class PostgresView(View[R]):
    """A view in a PostgreSQL schema; its table is made if it is not there, with an index for each column looked up by.

    Raises:
        StoreError: The view was made of other columns.
    """

    def __init__(self, place: Place, sql: Statements, view: ViewId, row: type[R]) -> None:
        self._place = place
        self._sql = sql
        self._id = view
        self._this = view._asdict()
        self._shape: _Shape[R] = _shape(sql, view, row)  # type: ignore[arg-type]  # mypy takes the class for unhashable
        self._form = self._shape.form
        self._form.require_same(view, self._made_of())

    def _made_of(self) -> str:
        """The signature of its columns."""
        with self._place.reading() as cursor:
            made = cursor.execute(self._shape.select_columns, self._this).fetchone()
        if made is None:
            with self._place.writing() as cursor:
                cursor.execute(self._sql.lock_schema)
                made = cursor.execute(self._shape.select_columns, self._this).fetchone()
                if made is None:
                    made = (self._form.signature,)
                    cursor.execute(self._shape.insert, self._this | {"columns": self._form.signature})
                    cursor.execute(self._shape.create)
                    for statement in self._shape.create_indexes:
                        cursor.execute(statement)
        return str(made[0])

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Says of a table that is gone that somebody removed the view, or put its rows in another's place."""
        try:
            yield
        except UndefinedTable as error:
            raise moved(self._id) from error

    def state(self) -> ViewState:
        with self._place.reading() as cursor:
            found = cursor.execute(self._sql.select_state, self._id).fetchone()
        if found is None:
            raise moved(self._id)
        return state_of(found)

    def position(self) -> int:
        with self._place.reading() as cursor:
            found = cursor.execute(self._shape.select_position, self._this).fetchone()
        if found is None:
            raise moved(self._id)
        return int(found[0])

    def load(self, ticket_ids: Iterable[UUID]) -> Loaded[R]:
        asked = {"tickets": Array("uuid", list(set(ticket_ids)))}
        with self._place.reading() as cursor, self._there():
            found = cursor.execute(self._shape.load, self._this | asked).fetchall()
        if not found:
            raise moved(self._id)
        letters = [_letter(*row[2:9]) for row in found if row[2] is not None]
        rows = self._form.by_ticket(row[9:] for row in found if row[9] is not None)
        position, revision = found[0][:2]
        return Loaded(position, revision, rows, tuple(sorted(letters, key=attrgetter("position"))))

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
        first, more = next(parts), next(parts, None)
        aside = {letter.position: letter for letter in letters}
        written = {
            "revision": revision,
            "position": position,
            "fence": fence,
            "rate": rate,
            "healed": [mended for mended in healed if mended not in aside] or None,
            "gone": list(gone) or None,
            **_arrays("letter", _LETTER_KINDS, map(_LETTER_VALUES, aside.values())),
            **_arrays("column", self._shape.kinds, first),
        }
        with self._place.reading() if more is None else self._place.writing() as cursor, self._there():
            ((seen,),) = cursor.execute(self._shape.save, self._this | written).fetchall()
            if not seen:
                raise moved(self._id)
            while more is not None:
                cursor.execute(self._shape.save_more, _arrays("column", self._shape.kinds, more))
                more = next(parts, None)

    def rows(self) -> Iterator[R]:
        with self._place.streaming() as cursor, self._there():
            cursor.execute(self._shape.select_rows, binary=True)
            while page := cursor.fetchmany(_PAGE):
                yield from map(self._form.row, page)
                self._place.require_process()

    def select(self, statement: Statement, *, is_long: bool = False) -> Iterator[Sequence[Any]]:
        made = statement(_table_of(self._shape.counted, self._form)).encode()
        if not is_long:  # without a cursor on the server, for which it would not let two processes count
            with self._place.reading() as cursor, self._there():
                yield from cursor.execute(made).fetchall()
            return
        with self._place.streaming() as cursor, self._there():
            cursor.execute(made, binary=True)
            while page := cursor.fetchmany(_PAGE):
                yield from page
                self._place.require_process()

    def earliest(self, column: str, until: datetime, limit: int | None = None) -> Iterator[R]:
        return self._found(self.select_earliest(column), {"until": micros(until), "limit": limit})

    def select_earliest(self, column: str) -> bytes:
        """The statement that looks rows up: `until` an instant in microseconds, at the `limit` of so many.

        Raises:
            BadInput: As of `earliest`.
        """
        self._form.require_looked_up(column)
        return self._shape.select_earliest[column]

    def _found(self, statement: bytes, asked: Mapping[str, object]) -> Iterator[R]:
        with self._place.streaming() as cursor, self._there():
            cursor.execute(statement, asked, binary=True)
            while page := cursor.fetchmany(_PAGE):
                yield from map(self._form.row, page)
                self._place.require_process()

    def letters(self) -> list[DeadLetter]:
        with self._place.reading() as cursor:
            found = cursor.execute(self._shape.select_letters, self._this).fetchall()
        if not found:
            raise moved(self._id)
        return [_letter(*row) for row in found if row[0] is not None]

    def set_inline(self, is_inline: bool) -> None:
        with self._place.reading() as cursor:
            if not cursor.execute(self._shape.set_inline, self._this | {"is_inline": is_inline}).rowcount:
                raise moved(self._id)

    def switch(self) -> None:
        with self._place.writing() as cursor, self._there():
            try:
                cursor.execute(_WAIT_SHORTLY)
                cursor.execute(self._shape.create_lost)
                show_instead(cursor, self._sql.schema, self._id, self._form.row_class)
                cursor.execute(self._shape.lock_tables)
                stand_at = cursor.execute(self._shape.lock_views, self._this).fetchall()
                cursor.execute(_WAIT_AS_USUAL)
            except LockNotAvailable as error:
                raise _in_use(self._id) from error
            if len(stand_at) != 2 or stand_at[1] < stand_at[0]:
                raise moved(self._id._replace(is_next=False))
            for statement in self._shape.switch:
                cursor.execute(statement, self._this)
            for statement in self._shape.put_in_place:
                cursor.execute(statement)


def _table_of(rows: str, form: RowForm[Any]) -> Table:
    """Rows as statements see them."""
    return Table(
        rows, form, _ALL_OF, "jsonb_array_elements({})", _field, lambda fields: [_field(*one) for one in fields]
    )


def _field(kind: str, place: int) -> str:
    return _PART_FIELD[kind].format(place)


def remove_view(place: Place, sql: Statements, view: ViewId) -> None:
    """Removes a view with its rows and letters, whatever its columns.

    Raises:
        Conflict: Somebody reads its rows, and goes on.
    """
    deadline = monotonic() + LOCK_SECONDS
    while True:
        try:
            with place.writing() as cursor:
                _remove(cursor, sql, view)
        except Conflict:
            if monotonic() > deadline:
                raise
            sleep(_RETRY_SECONDS)  # without the log's lock: nobody who appends shall wait for a reader
        else:
            return


def _remove(cursor: Cursor, sql: Statements, view: ViewId) -> None:
    # An append that has found the view would make it anew, and empty, if it were gone before its rows are folded.
    cursor.execute(sql.lock_log)
    cursor.execute(sql.lock_schema)
    cursor.execute(_WAIT_SHORTLY)
    try:
        table = Identifier(sql.schema, table_name(*view[:2], is_next=view.is_next))
        cursor.execute(composed(_DROP, {"table": table}))
    except LockNotAvailable as error:
        raise _in_use(view) from error
    except DependentObjectsStillExist as error:
        raise StoreError(
            f"views for other tools show the rows of {view.name} version {view.version}: have them show others first "
            "(ticketing projections views), or drop them"
        ) from error
    cursor.execute(_WAIT_AS_USUAL)
    for statement in _DELETE:
        cursor.execute(sql.named(statement), view._asdict())


def _in_use(view: ViewId) -> Conflict:
    """The refusal to take rows away from who reads them."""
    return Conflict(f"the rows of view {view.name} version {view.version} are in use")


def state_of(found: Sequence[Any]) -> ViewState:
    """The state that a row of `select_state` says."""
    name, version, is_next, position, ready_from, is_inline, fence, leader, rate, waiting, dropped = found
    return ViewState(
        id=ViewId(name, version, is_next),
        position=position,
        ready_from=ready_from,
        is_inline=is_inline,
        fence=fence,
        leader=leader,
        rate=rate,
        waiting=waiting,
        dropped=dropped,
    )


@dataclass(frozen=True, slots=True)
class _Shape(Generic[R]):
    """The statements on the rows of one view. They are composed once: an append needs them for every inline view."""

    form: RowForm[R]
    kinds: tuple[ArrayKind, ...]
    select_columns: bytes
    insert: bytes
    create: bytes
    create_indexes: tuple[bytes, ...]
    select_position: bytes
    select_rows: bytes
    counted: str
    select_earliest: Mapping[str, bytes]
    select_letters: bytes
    load: bytes
    save: bytes
    save_more: bytes
    set_inline: bytes
    create_lost: bytes
    lock_tables: bytes
    lock_views: bytes
    switch: tuple[bytes, ...]
    put_in_place: tuple[bytes, ...]


@lru_cache(maxsize=256)
def _shape(sql: Statements, view: ViewId, row: type[R]) -> _Shape[R]:
    form = RowForm(row, {"instant": micros}, {"instant": instant_at}, {"instant": "microseconds"})
    table, served = (table_name(view.name, view.version, is_next=is_next) for is_next in (view.is_next, False))
    columns = [Identifier(name) for name in form.names]
    parts: dict[str, Composable] = {
        **sql.names,
        "table": Identifier(sql.schema, table),
        "served": Identifier(sql.schema, served),
        "served_name": Identifier(served),
        "columns": SQL(", ").join(columns),
        "as_counted": SQL(", ").join(
            SQL(_AS_COUNTED.get(column.kind, "{0}")).format(Identifier(column.name)) for column in form.columns
        ),
        "definitions": SQL(", ").join(map(_definition, form.columns)),
        "arrays": SQL(", ").join(
            SQL(f"%(column_{number})s::{_TYPES[column.kind]}[]") for number, column in enumerate(form.columns)
        ),
        "changes": SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(column) for column in columns),
    }

    def made(statement: str, column: str = "ticket_id") -> bytes:
        return composed(statement, {**parts, "column": Identifier(column)})

    return _Shape(
        form=form,
        kinds=tuple(_TYPES[column.kind] for column in form.columns),
        select_columns=made(_SELECT_COLUMNS),
        insert=made(_INSERT_VIEW),
        create=made(_CREATE),
        create_indexes=tuple(made(_CREATE_INDEX, column) for column in form.indexed),
        select_position=made(_SELECT_POSITION),
        select_rows=made(_SELECT_ROWS),
        counted=made(_COUNTED).decode(),
        select_earliest={column: made(_SELECT_EARLIEST, column) for column in form.looked_up},
        select_letters=made(_SELECT_LETTERS),
        load=made(_LOAD),
        save=made(_SAVE),
        save_more=made(_SAVE_MORE),
        set_inline=made(_SET_INLINE),
        create_lost=made(_CREATE_LOST),
        lock_tables=made(_LOCK_TABLES),
        lock_views=made(_LOCK_VIEWS),
        switch=tuple(map(made, _SWITCH)),
        put_in_place=tuple(map(made, _PUT_IN_PLACE)),
    )


def _definition(column: Column) -> Composed:
    return SQL("{} " + _TYPES[column.kind]).format(Identifier(column.name))


def _arrays(name: str, kinds: Sequence[ArrayKind], rows: Iterable[tuple[Any, ...]]) -> dict[str, Array | None]:
    """One array per column; None for one of nothing."""
    columns = zip(*rows, strict=True)
    return {
        f"{name}_{number}": None if (values := next(columns, None)) is None else Array(kind, values)
        for number, kind in enumerate(kinds)
    }


def _letter(
    ticket_id: UUID,
    position: int,
    version: int,
    topic: str,
    reason: str,
    recorded_at: datetime,
    dropped_at: datetime | None,
) -> DeadLetter:
    return DeadLetter(
        ticket_id=ticket_id,
        position=position,
        version=version,
        topic=topic,
        reason=reason,
        recorded_at=recorded_at.astimezone(UTC),
        dropped_at=None if dropped_at is None else dropped_at.astimezone(UTC),
    )
