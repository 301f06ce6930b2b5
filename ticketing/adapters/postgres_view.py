"""A view in PostgreSQL: one table of rows per projection and version. Tuples are JSON text."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TypeVar
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier

from ticketing.adapters.postgres_schema import Statements
from ticketing.adapters.postgres_server import PostgresServer
from ticketing.adapters.store import View
from ticketing.adapters.views import Column, Kind, RowForm, table_name
from ticketing.domain.errors import Conflict, StoreError
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

_TYPES: dict[Kind, str] = {
    "text": "text",
    "integer": "bigint",
    "boolean": "boolean",
    "instant": "timestamptz",
    "id": "uuid",
    "json": "text",
}
_PAGE = 1000

_INSERT_VIEW = SQL("INSERT INTO {} (name, version, position, columns) VALUES (%s, %s, 0, %s) ON CONFLICT DO NOTHING")
_SELECT_COLUMNS = SQL("SELECT columns FROM {} WHERE name = %s AND version = %s")
_SELECT_POSITION = SQL("SELECT position FROM {} WHERE name = %s AND version = %s")
_UPDATE_POSITION = SQL("UPDATE {} SET position = %s WHERE name = %s AND version = %s AND position = %s")
_RESET_POSITION = SQL("UPDATE {} SET position = 0 WHERE name = %s AND version = %s")
_CREATE = SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY (ticket_id))")
_SELECT = SQL("SELECT {columns} FROM {table}")
_UPSERT = SQL("""
INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT (ticket_id) DO UPDATE SET {changes}
""")


class PostgresView(View[R]):
    """A view in a PostgreSQL schema; its table is made if it is not there.

    Raises:
        StoreError: The view was made of other columns.
    """

    def __init__(self, server: PostgresServer, name: str, version: int, row: type[R]) -> None:
        self._server = server
        self._id = (name, version)
        self._form = RowForm(row, {}, {"instant": lambda value: value.astimezone(UTC)})
        self._views = Identifier(server.schema, "ticketing_views")
        self._table = Identifier(server.schema, table_name(name, version))
        columns = [Identifier(name) for name in self._form.names]
        listed = SQL(", ").join(columns)
        self._select = _SELECT.format(columns=listed, table=self._table)
        self._upsert = _UPSERT.format(
            table=self._table,
            columns=listed,
            arrays=SQL(", ").join(SQL("%s::" + _TYPES[column.kind] + "[]") for column in self._form.columns),
            changes=SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(column) for column in columns),
        )
        self._create()

    def _create(self) -> None:
        statement = _SELECT_COLUMNS.format(self._views)
        with self._server.reading() as cursor:
            made_of = cursor.execute(statement, self._id).fetchone()
        if made_of is None:
            with self._server.writing() as cursor:
                cursor.execute(Statements(self._server.schema).lock_schema)
                cursor.execute(_INSERT_VIEW.format(self._views), (*self._id, self._form.signature))
                cursor.execute(_CREATE.format(self._table, SQL(", ").join(map(_definition, self._form.columns))))
                made_of = cursor.execute(statement, self._id).fetchone()
        if made_of != (self._form.signature,):
            raise StoreError("view {} version {} has other columns: raise the projection's version".format(*self._id))

    def position(self) -> int:
        with self._server.reading() as cursor:
            found = cursor.execute(_SELECT_POSITION.format(self._views), self._id).fetchone()
        return 0 if found is None else int(found[0])

    def load(self, ticket_ids: Iterable[UUID]) -> dict[UUID, R]:
        with self._server.reading() as cursor:
            cursor.execute(self._select + SQL(" WHERE ticket_id = ANY (%s::uuid[])"), (list(ticket_ids),))
            return self._form.by_ticket(cursor)

    def save(self, rows: Iterable[R], *, expected_position: int, position: int) -> None:
        changed = {row.ticket_id: self._form.values(row) for row in rows}
        with self._server.writing() as cursor:
            cursor.execute(_UPDATE_POSITION.format(self._views), (position, *self._id, expected_position))
            if not cursor.rowcount:
                raise Conflict(f"the view is no longer at position {expected_position}")
            if changed:
                cursor.execute(self._upsert, [list(column) for column in zip(*changed.values(), strict=True)])

    def rows(self) -> Iterator[R]:
        with self._server.streaming() as cursor:
            cursor.execute(self._select + SQL(" ORDER BY ticket_id"), binary=True)
            while page := cursor.fetchmany(_PAGE):
                yield from map(self._form.row, page)

    def clear(self) -> None:
        with self._server.writing() as cursor:
            cursor.execute(SQL("DELETE FROM {}").format(self._table))
            cursor.execute(_RESET_POSITION.format(self._views), self._id)


def _definition(column: Column) -> Composed:
    return SQL("{} " + _TYPES[column.kind]).format(Identifier(column.name))
