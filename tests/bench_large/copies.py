"""Copies: a large store made of a small simulated world, whose streams are copied many times under ids of their own.

The copies go straight into the table of events, past the application: commands by the million would take a day, and
readers of the log cannot tell. Each copy is recorded a year after the one before, so that positions have no gap and
stamps never go back. Private texts, claims and commands are not copied, so `check` would complain.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from sqlite3 import connect
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from ticketing.adapters.store import Stored
from ticketing.adapters.urls import file_of, split_schema
from ticketing.application import Ticketing
from ticketing.domain.values import instant_text
from ticketing.simulator.run import simulate

_COPIES = UUID("6d0a9c52-1f2e-5d55-9b9e-0c4b6e0f7a31")
_YEAR = timedelta(days=365)
_PAGE = 5000
_INSERT = """
INSERT INTO ticketing_events (rowid, originator_id, originator_version, topic, state, recorded_at, stream_kind)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_COPY = """
COPY {events} (notification_id, originator_id, originator_version, topic, state, recorded_at, stream_kind)
FROM STDIN (FORMAT BINARY)
"""
_COPY_TYPES = ("int8", "uuid", "int8", "text", "bytea", "timestamptz", "text")


def fill_sqlite(url: str, *, tickets: int, copies: int, seed: int = 1) -> None:
    """Simulates a world in a new SQLite store, and copies its tickets so many times behind it."""
    with simulate(url, tickets=tickets, seed=seed) as world:
        rows = list(_tickets(world.app))
        head = world.app.store.head()
    with closing(connect(file_of(url.partition("?")[0]))) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(_INSERT, _in_sqlite(_copied(rows, head, copies)))


def fill_postgres(url: str, source: Ticketing) -> None:
    """Fills a new store in PostgreSQL with the log of another store, row by row as it is there."""
    with Ticketing(url):
        pass  # makes the tables
    conninfo, schema = split_schema(url)
    copy = sql.SQL(_COPY).format(events=sql.Identifier(schema, "ticketing_events"))
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor, cursor.copy(copy) as to:
        to.set_types(_COPY_TYPES)
        for row in _log(source):
            to.write_row((row.position, row.stream_id, *row[2:]))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(schema, "ticketing_events")))


def copied_id(copy: int, stream_id: UUID) -> UUID:
    """The id of a stream's copy; the first copy is 1."""
    return uuid5(_COPIES, f"{copy} {stream_id}")


def _tickets(app: Ticketing) -> Iterator[Stored]:
    return (row for row in _log(app) if row.stream_kind == "ticket")


def _log(app: Ticketing) -> Iterator[Stored]:
    after = 0
    while page := app.store.stored_log(after, _PAGE):
        yield from page
        after = page[-1].position


def _copied(rows: list[Stored], head: int, copies: int) -> Iterator[Stored]:
    """The rows again and again, behind the head."""
    for copy in range(1, copies + 1):
        ids = {stream_id: copied_id(copy, stream_id) for stream_id in {row.stream_id for row in rows}}
        first = head + (copy - 1) * len(rows) + 1
        for position, row in enumerate(rows, first):
            later = row.recorded_at + copy * _YEAR
            yield row._replace(position=position, stream_id=ids[row.stream_id], recorded_at=later)


def _in_sqlite(rows: Iterator[Stored]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        stamp = instant_text(row.recorded_at)
        yield (row.position, row.stream_id.hex, row.version, row.topic, row.state, stamp, row.stream_kind)
