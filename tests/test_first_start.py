"""Processes that start at once on a store that is not there yet, or is of an older version, make one of it.

`TICKETING_TEST_ROUNDS=50 python -m pytest tests/test_first_start.py` has them start so often.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.postgres import fresh_schema
from tests.processes import Ready, processes
from tests.store_examples import MARKS, append
from ticketing.adapters.store import STORE_SCHEMA
from ticketing.adapters.urls import file_of, split_schema
from ticketing.application import Ticketing
from ticketing.projections.built_in import TILL_ROWS, TURNAROUND_ROWS
from ticketing.projections.row import Projection

ROUNDS = int(os.environ.get("TICKETING_TEST_ROUNDS", "4"))
FOLDED: tuple[Projection[Any], ...] = (MARKS, TURNAROUND_ROWS, TILL_ROWS)
GOLDEN = Path(__file__).parent / "golden"

_SQLITE_TABLES = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
_SQLITE_STORES = "SELECT schema_version, key FROM ticketing_store"
_POSTGRES_TABLES = """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = %(schema)s
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = %(schema)s::regnamespace
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
ORDER BY 1, 2, 3
"""
_POSTGRES_STORES = sql.SQL("SELECT schema_version, key FROM {}.ticketing_store")

Rows = list[tuple[object, ...]]
Place = Callable[[], AbstractContextManager[str]]
"""Gives the URL of a place where a store has yet to be made, each time another."""


def start(url: str, process: int, ready: Ready) -> tuple[bytes, int]:
    """Opens the store, keeps a fact, and folds the log into rows whose tables are not there either."""
    ready()
    with closing(Ticketing(url, projections=[MARKS])) as app:
        ((fact,),) = app.store.append([append(process, 0)])
        app.projections.catch_up(FOLDED)
        return app.store.key, fact.position


def start_at_once(url: str, count: int) -> tuple[set[bytes], list[int]]:
    """Starts so many processes, and gives the keys of the stores that they found, and where their facts stand."""
    with processes(*(partial(start, url, process) for process in range(count))) as started:
        started.go()
        answers = started.answers()
    return {key for key, _ in answers}, sorted(position for _, position in answers)


def contents(url: str) -> tuple[Rows, Rows]:
    """The tables that there are, and what is kept of the store itself."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(file_of(url))) as database:
            return database.execute(_SQLITE_TABLES).fetchall(), database.execute(_SQLITE_STORES).fetchall()
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute(_POSTGRES_TABLES, {"schema": schema}).fetchall()
        stores = connection.execute(_POSTGRES_STORES.format(sql.Identifier(schema))).fetchall()
    return [tuple(str(one).replace(schema, "") for one in row) for row in tables], stores


def require_one_store(place: Place, *, facts: int, rounds: int = ROUNDS) -> None:
    """Five processes make what one would have made, time after time, and go on from the facts that are there."""
    with place() as url:
        start_at_once(url, 1)
        tables, _ = contents(url)
    assert tables
    for _ in range(rounds):
        with place() as url:
            keys, positions = start_at_once(url, 5)
            assert positions == list(range(facts + 1, facts + 6))
            assert contents(url) == (tables, [(STORE_SCHEMA, key) for key in keys])


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    """A file that does not exist."""
    files = (tmp_path / f"store-{number}.sqlite" for number in range(ROUNDS + 1))

    @contextmanager
    def place() -> Iterator[str]:
        yield f"sqlite:///{next(files)}"

    return place


@pytest.fixture
def postgres_place(postgres_server: str) -> Place:
    """A schema that does not exist."""

    @contextmanager
    def place() -> Iterator[str]:
        with fresh_schema(postgres_server) as url:
            conninfo, schema = split_schema(url)
            with psycopg.connect(conninfo) as connection:
                connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(schema)))
            yield url

    return place


@pytest.fixture(params=["sqlite_place", "postgres_place"])
def nowhere(request: pytest.FixtureRequest) -> Place:
    """A place with nothing in it."""
    place: Place = request.getfixturevalue(request.param)
    return place


def test_those_who_start_at_once_where_nothing_is_make_one_store(nowhere: Place) -> None:
    require_one_store(nowhere, facts=0)


def test_those_who_start_at_once_in_an_empty_schema_make_one_store(postgres_server: str) -> None:
    require_one_store(lambda: fresh_schema(postgres_server), facts=0, rounds=3)


OLDER = pytest.mark.parametrize(("version", "facts", "rounds"), [(1, 15, ROUNDS), (2, 45, 3), (3, 43, 3)])
"""Stores of older versions, with what is on record in them."""


@OLDER
def test_those_who_start_at_once_on_an_older_sqlite_store_make_one_of_it(
    sqlite_place: Place, version: int, facts: int, rounds: int
) -> None:
    @contextmanager
    def place() -> Iterator[str]:
        with sqlite_place() as url, closing(sqlite3.connect(file_of(url))) as database:
            database.executescript((GOLDEN / f"store-schema-{version}.sqlite.sql").read_text())
            database.execute("PRAGMA journal_mode = WAL")
            yield url

    require_one_store(place, facts=facts, rounds=rounds)


@OLDER
def test_those_who_start_at_once_on_an_older_postgresql_store_make_one_of_it(
    postgres_place: Place, version: int, facts: int, rounds: int
) -> None:
    @contextmanager
    def place() -> Iterator[str]:
        with postgres_place() as url:
            conninfo, schema = split_schema(url)
            tables = (GOLDEN / f"store-schema-{version}.postgresql.sql").read_text()
            with psycopg.connect(conninfo) as connection:
                connection.execute(tables.replace(f"store_of_schema_{version}", schema).encode())
            yield url

    require_one_store(place, facts=facts, rounds=rounds)
