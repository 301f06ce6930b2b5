"""What is PostgreSQL's own about the tables: older ones brought up to date, and processes of the older code."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.examples import RECORD_NOTE
from tests.postgres import fresh_schema, with_schema
from tests.store_examples import MARKS, FakeClock, append, fake_random_bytes, mark, save
from ticketing.adapters.projector import catch_up, make_inline, view_of
from ticketing.adapters.store import STORE_SCHEMA, Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.domain.errors import StoreError
from ticketing.projections.built_in import BUILT_IN

GOLDEN = Path(__file__).parent / "golden"
OF_REPORTS = ["backlog", "complaints", "first_pass", "turnaround"]

# Tables of rows are left out: the older store has some, a new one none.
TABLES = """
SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default, is_identity
FROM information_schema.columns WHERE table_schema = %s AND NOT starts_with(table_name, 'ticketing_view_')
ORDER BY table_name, ordinal_position
"""
INDEXES = """
SELECT tablename, indexname, replace(indexdef, schemaname, '') FROM pg_indexes
WHERE schemaname = %s AND NOT starts_with(tablename, 'ticketing_view_') ORDER BY indexname
"""
CONSTRAINTS = """
SELECT conname, contype, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = %s::regnamespace AND NOT starts_with(conname, 'ticketing_view_') ORDER BY conname
"""
FUNCTIONS = """
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), prosrc, proconfig, provolatile
FROM pg_proc WHERE pronamespace = %s::regnamespace ORDER BY proname
"""

# What the code of the first version sends.
OLD_STANDING = "SELECT * FROM ticketing_standing('{}'::uuid[], '{}'::uuid[], '{}'::text[], '{}'::text[])"
OLD_APPEND = """
SELECT ticketing_append(
    '{}'::uuid[], '{}'::bigint[], '{}'::text[], '{}'::bytea[], '{}'::timestamptz[], '{}'::text[],
    '{}'::uuid[], '{}'::text[], '{}'::uuid[], '{}'::bigint[], '{}'::bigint[],
    '{}'::text[], '{}'::text[], '{}'::uuid[],
    '{}'::text[], '{}'::text[], '{}'::uuid[],
    '{}'::text[], '{}'::uuid[], '{}'::bytea[], '{}'::bytea[]
)
"""
OLD_SAVE = "UPDATE ticketing_views SET position = 15 WHERE name = 'backlog' AND version = 1 AND position = 14"
OLD_CLEAR = "UPDATE ticketing_views SET position = 0 WHERE name = 'backlog' AND version = 1"
OLD_VIEW = "INSERT INTO ticketing_views (name, version, position, columns) VALUES ('own', 1, 0, '')"


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=[MARKS])


def answer(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What the server itself says, of the store's schema."""
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def tables(url: str) -> list[list[tuple[Any, ...]]]:
    """Every table, column, index, constraint and function, without the schema's name."""
    _, schema = split_schema(url)
    listed = [answer(url, statement, schema) for statement in (TABLES, INDEXES, CONSTRAINTS, FUNCTIONS)]
    return [
        [tuple(part.replace(schema, "") if isinstance(part, str) else part for part in row) for row in rows]
        for rows in listed
    ]


def write_schema(url: str, version: int) -> None:
    """Puts a store of that version into the empty schema."""
    conninfo, schema = split_schema(url)
    statements = (GOLDEN / f"store-schema-{version}.postgresql.sql").read_text("utf-8")
    statements = statements.replace(f"store_of_schema_{version}", schema).replace(f"CREATE SCHEMA {schema};", "")
    with psycopg.connect(conninfo) as connection:
        connection.execute(statements.encode())


@pytest.fixture
def old_url(postgres_url: str) -> str:
    """The URL of a store of the first version."""
    write_schema(postgres_url, 1)
    return postgres_url


# older tables


@pytest.mark.parametrize("version", range(1, STORE_SCHEMA))
def test_a_store_of_older_tables_gets_those_of_a_new_store(
    postgres_url: str, postgres_server: str, version: int
) -> None:
    write_schema(postgres_url, version)
    opened(postgres_url).close()
    with fresh_schema(postgres_server) as new_url:
        opened(new_url).close()
        assert all(tables(new_url))
        assert tables(postgres_url) == tables(new_url)
    assert answer(postgres_url, "SELECT schema_version FROM ticketing_store") == [(STORE_SCHEMA,)]


def test_a_store_of_the_second_tables_goes_on_whole_and_gets_its_tree(postgres_url: str) -> None:
    write_schema(postgres_url, 2)
    with Ticketing(postgres_url) as app:
        assert {(state.id.name, state.position, state.is_inline) for state in app.store.views()} == {
            ("backlog", 45, True),
            ("complaints", 43, False),
            ("first_pass", 43, False),
            ("turnaround", 43, False),
        }
        assert [text is None for _, text in app.store.kept_texts()].count(True) == 3
        assert app.store.tree.size() == 0
        assert app.notary.catch_up() == 45
        app.handle(RECORD_NOTE)
        app.projections.catch_up()  # into rows of this release, which were not there yet
        left = {f"view {name} version 1" for name in OF_REPORTS}
        assert {defect.place: defect.rule for defect in app.check(is_full=True)} == dict.fromkeys(left, "not-checked")
        stand = {state.id: state.position for state in app.store.views()}
        assert [stand[ViewId(name, 1)] for name in OF_REPORTS] == [45, 43, 43, 43]
        assert all(stand[ViewId(it.name, it.version)] == 46 for it in BUILT_IN)


def test_a_store_of_the_third_tables_goes_on_whole(postgres_url: str) -> None:
    write_schema(postgres_url, 3)
    with Ticketing(postgres_url) as app:
        assert {(state.id.name, state.position, state.is_inline) for state in app.store.views()} == {
            ("backlog", 43, True),
            ("turnaround", 41, False),
        }
        assert app.store.tree.size() == 42
        app.handle(RECORD_NOTE)
        assert app.notary.catch_up() == 44
        app.projections.catch_up()
        assert list(app.check(is_full=True)) == []


@pytest.mark.parametrize(("version", "head"), [(2, 45), (3, 43)])
def test_who_opened_a_store_of_older_tables_before_cannot_append(postgres_url: str, version: int, head: int) -> None:
    write_schema(postgres_url, version)
    standing = f"SELECT head FROM ticketing_standing({version}, '{{}}', '{{}}', '{{}}', '{{}}')"
    assert answer(postgres_url, standing) == [(head,)]
    opened(postgres_url).close()
    told = f"migrated to version {STORE_SCHEMA}, .* knows version {version}"
    with pytest.raises(psycopg.errors.RaiseException, match=told):
        answer(postgres_url, standing)


def test_a_store_of_the_first_tables_keeps_its_key_facts_texts_and_rows(old_url: str) -> None:
    (before,) = answer(old_url, "SELECT key FROM ticketing_store")
    rows = answer(old_url, "SELECT * FROM ticketing_view_turnaround_1 ORDER BY ticket_id")
    with closing(opened(old_url)) as store:
        assert (store.key,) == before
        assert [fact.position for fact in store.log(0, 20)] == list(range(1, 16))
        assert [text is None for _, text in store.kept_texts()].count(True) == 2
        states = store.views()
        assert [state.id for state in states] == [ViewId(name, 1) for name in OF_REPORTS]
        assert {(state.position, state.ready_from, state.is_inline, state.fence) for state in states} == {
            (14, 0, False, 0)
        }
        assert catch_up(store, BUILT_IN) == 15
        assert [len(list(view_of(store, it).rows())) for it in BUILT_IN if it.name in OF_REPORTS] == [3, 3, 3, 3]
        store.append([append(1, 0)])
        assert store.head() == 16
    assert answer(old_url, "SELECT * FROM ticketing_view_turnaround_1 ORDER BY ticket_id") == rows
    assert len(rows) == 3


def test_a_store_that_cannot_be_brought_up_stays_as_it_was(old_url: str) -> None:
    before = tables(old_url)
    answer(old_url, "CREATE TABLE ticketing_dead_letters (somebody_elses integer)")
    with pytest.raises(StoreError, match="already exists"):
        opened(old_url)
    answer(old_url, "DROP TABLE ticketing_dead_letters")
    assert tables(old_url) == before
    assert answer(old_url, "SELECT schema_version FROM ticketing_store") == [(1,)]


def test_what_is_opened_again_is_not_brought_up_again(old_url: str) -> None:
    opened(old_url).close()
    once = answer(old_url, "SELECT xmin::text FROM ticketing_store")
    opened(old_url).close()
    assert answer(old_url, "SELECT xmin::text FROM ticketing_store") == once


def test_the_letters_of_a_ticket_are_found_by_an_index(postgres_url: str) -> None:
    opened(postgres_url).close()
    definitions = answer(postgres_url, "SELECT indexdef FROM pg_indexes WHERE tablename = 'ticketing_dead_letters'")
    assert any("(name, version, is_next, ticket_id)" in definition for (definition,) in definitions)


def test_a_schemas_name_may_hold_signs_that_mean_something_to_the_driver(postgres_server: str) -> None:
    schema = '100 %s {of} "it" %(all)s % it\'s'
    url = with_schema(postgres_server, schema)
    try:
        with closing(opened(url)) as store, closing(store.watch("one")) as watch:
            make_inline(store, MARKS, 1000)
            assert watch.lead(ViewId(MARKS.name, MARKS.version)) == 1
            store.append([append(1, 0, mark("a"))])
            assert [fact.position for fact in store.log(0, 10)] == [1]
            assert [row.marks for row in view_of(store, MARKS).rows()] == [("a",)]
            save(view_of(store, MARKS, is_next=True), [], 1)
            view_of(store, MARKS, is_next=True).switch()
            store.remove_view(ViewId(MARKS.name, MARKS.version))
            assert store.views() == []
    finally:
        with psycopg.connect(postgres_server) as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


# processes of the older code


@pytest.mark.parametrize("statement", [OLD_STANDING, OLD_APPEND, OLD_SAVE, OLD_CLEAR, OLD_VIEW])
def test_what_the_older_code_writes_is_refused_once_the_tables_are_newer(old_url: str, statement: str) -> None:
    answer(old_url, statement)
    opened(old_url).close()
    with pytest.raises((psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedColumn)):
        answer(old_url, statement)


def test_an_append_of_a_process_that_knows_other_tables_is_refused_in_clear_words(postgres_url: str) -> None:
    opened(postgres_url).close()
    standing = "SELECT * FROM ticketing_standing(%s, '{}', '{}', '{}', '{}')"
    answer(postgres_url, standing, STORE_SCHEMA)
    with pytest.raises(
        psycopg.errors.RaiseException,
        match=f"version {STORE_SCHEMA}, and this process knows version {STORE_SCHEMA - 1}",
    ):
        answer(postgres_url, standing, STORE_SCHEMA - 1)


# settings of the server


def test_a_store_does_not_depend_on_how_the_servers_transactions_are_set_up(postgres_url: str) -> None:
    def work(ticket: int) -> None:
        with closing(opened(strict)) as store:
            for version in range(20):
                store.append([append(ticket, version, mark("a"))])

    joint = "&" if "?" in postgres_url else "?"
    strict = f"{postgres_url}{joint}options=-c%20default_transaction_isolation%3Dserializable"
    with closing(opened(strict)) as store:
        make_inline(store, MARKS, 1000)
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(work, range(3)))
        assert [fact.position for fact in store.log(0, 100)] == list(range(1, 61))
        assert [row.marks for row in view_of(store, MARKS).rows()] == [("a",) * 20] * 3
