import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.postgres import with_schema
from tests.processes import Ready, processes
from tests.store_contract import StoreContract
from tests.store_examples import (
    FILLED_ROW,
    MARKS,
    START,
    ExampleRow,
    FakeClock,
    append,
    fake_random_bytes,
    mark,
    note,
    number,
    salted,
    save,
)
from ticketing.adapters.projector import make_inline, view_of
from ticketing.adapters.store import STORE_SCHEMA, Claim, Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.errors import BadInput, MissingProjection, StoreError

PASSWORD = "pa%2Fss-word"  # nothing is behind it


class TestStores(StoreContract):
    """Memory, SQLite and PostgreSQL, by the fixture `store_url`."""


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def lasting_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store that outlives its process."""
    url: str = request.getfixturevalue(request.param)
    return url


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)


def test_a_store_is_found_again_as_it_was(lasting_url: str) -> None:
    text = salted("the lid was loose")
    with closing(opened(lasting_url)) as store:
        (facts,) = store.append([append(1, 0, note(text), claims=[Claim("number", "R-1")], texts=[text])])
        save(store.view("example", 1, ExampleRow), [FILLED_ROW], 1)
    with closing(open_store(lasting_url, clock=FakeClock(), random_bytes=lambda count: b"\0" * count)) as store:
        assert store.key == fake_random_bytes(32)
        assert store.stream(number(1)) == list(facts)
        assert store.last_recorded_at() == START
        assert store.holders("number", "R-1") == (number(1),)
        assert store.texts([text.digest]) == {text.digest: text.text}
        assert list(store.view("example", 1, ExampleRow).rows()) == [FILLED_ROW]


def test_those_who_start_at_once_on_an_empty_store_make_one(lasting_url: str) -> None:
    start = Barrier(5)

    def work(key: int) -> bytes:
        start.wait()
        with closing(
            open_store(lasting_url, clock=FakeClock(), random_bytes=lambda count: bytes([key]) * count)
        ) as store:
            store.view("example", 1, ExampleRow)
            store.append([append(key, 0)])
            return store.key

    with ThreadPoolExecutor(5) as threads:
        keys = list(threads.map(work, range(5)))
    assert len(set(keys)) == 1
    with closing(opened(lasting_url)) as store:
        assert (store.key, store.head()) == (keys[0], 5)


def test_a_process_that_has_an_inline_projection_goes_on_beside_one_that_lacks_it(lasting_url: str) -> None:
    having = open_store(lasting_url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=[MARKS])
    with closing(having), closing(opened(lasting_url)) as lacking:
        lacking.append([append(1, 0, mark("a"))])
        make_inline(having, MARKS, 10)
        with pytest.raises(MissingProjection, match="projection marks version 1 inline"):
            lacking.append([append(1, 1, mark("b"))])
        having.append([append(1, 1, mark("c"))])
        assert [row.marks for row in view_of(lacking, MARKS).rows()] == [("a", "c")]


def append_20(url: str, process: int, ready: Ready) -> None:
    with closing(opened(url)) as store:
        ready()
        for version in range(20):
            store.append([append(process, version)])


def test_processes_append_at_once_and_nothing_is_lost_or_doubled(lasting_url: str) -> None:
    with processes(*(partial(append_20, lasting_url, process) for process in range(3))) as writers:
        writers.go()
        writers.answers()
    with closing(opened(lasting_url)) as store:
        log = store.log(0, 100)
    assert [fact.position for fact in log] == list(range(1, 61))
    assert len({fact.recorded_at for fact in log}) == 60
    for process in range(3):
        assert [fact.version for fact in log if fact.stream_id == number(process)] == list(range(1, 21))


def test_a_closed_store_says_so(lasting_url: str) -> None:
    store = opened(lasting_url)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.head()
    with pytest.raises(StoreError, match="closed"):
        store.append([append(1, 0)])


# newer tables


def test_an_sqlite_store_of_a_newer_version_is_refused_untouched(sqlite_url: str) -> None:
    opened(sqlite_url).close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE ticketing_store SET schema_version = ?", (STORE_SCHEMA + 1,))
    with pytest.raises(StoreError, match=rf"newer version of ticketing .*version {STORE_SCHEMA + 1}, this one knows"):
        opened(sqlite_url)


def test_a_postgresql_store_of_a_newer_version_is_refused_untouched(postgres_url: str) -> None:
    opened(postgres_url).close()
    url, schema = split_schema(postgres_url)
    with psycopg.connect(url) as connection:
        table = sql.Identifier(schema, "ticketing_store")
        connection.execute(sql.SQL("UPDATE {} SET schema_version = %s").format(table), (STORE_SCHEMA + 1,))
    with pytest.raises(StoreError, match=rf"newer version of ticketing .*version {STORE_SCHEMA + 1}, this one knows"):
        opened(postgres_url)


# erasure


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_an_erased_text_is_in_none_of_the_sqlite_files(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    texts = [salted(f"SECRET{n:04} " + "he said " * (n % 90)) for n in range(400)]
    with closing(opened(sqlite_url)) as store, closing(opened(sqlite_url)) as another:
        store.append([append(n, 0, note(text), texts=[text]) for n, text in enumerate(texts)])
        assert another.head() == 400
        assert all(text.text.encode() in bytes_on_disk(path) for text in texts)
        erased = [text for n, text in enumerate(texts) if n % 3 or 100 < n < 200]
        for begin in range(0, len(erased), 50):
            store.erase(text.digest for text in erased[begin : begin + 50])
        found = bytes_on_disk(path)
        assert not [text.text for text in erased if text.text[:10].encode() in found]
        assert not [text.salt for text in erased if text.salt in found and text.salt != texts[0].salt]
        kept = [text for text in texts if text not in erased]
        assert store.texts(text.digest for text in kept) == {text.digest: text.text for text in kept}


def test_an_erasure_that_an_open_reader_keeps_from_the_file_says_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.adapters.sqlite_file.BUSY_SECONDS", 0.1)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    text = salted("the whole street knows")
    with closing(opened(sqlite_url)) as store:
        store.append([append(1, 0, note(text), texts=[text])])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM ticketing_private_texts").fetchone()
            with pytest.raises(StoreError, match="erase again"):
                store.erase([text.digest])
        assert store.texts([text.digest]) == {text.digest: None}
        assert store.erase([text.digest]) == 0
        assert text.text.encode() not in bytes_on_disk(path)


def test_an_erased_text_is_in_no_row_of_postgresql(postgres_url: str) -> None:
    text = salted("the postman, probably")
    with closing(opened(postgres_url)) as store:
        store.append([append(1, 0, note(text), texts=[text])])
        store.erase([text.digest])
    url, schema = split_schema(postgres_url)
    with psycopg.connect(url) as connection:
        table = sql.Identifier(schema, "ticketing_private_texts")
        statement = sql.SQL("SELECT digest, salt, text, erased_at FROM {}").format(table)
        assert connection.execute(statement).fetchall() == [(text.digest, None, None, START)]


# the tree


def test_leaves_that_cannot_all_be_kept_leave_the_tree_as_it_was(lasting_url: str) -> None:
    with closing(opened(lasting_url)) as store:
        store.tree.grow(0, 1, {(0, 0): bytes(32)})
        not_all: dict[tuple[int, int], Any] = {(0, 0): bytes(64), (1, 0): None}
        with pytest.raises(StoreError):
            store.tree.grow(1, 2, not_all)
        assert (store.tree.size(), store.tree.tiles([(0, 0)])) == (1, {(0, 0): bytes(32)})


# a writer that waits


def test_a_writer_kept_waiting_too_long_by_another_process_says_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.adapters.sqlite_file.BUSY_SECONDS", 0.1)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(opened(sqlite_url)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has held it locked"):
            store.append([append(1, 0)])
        assert store.head() == 0
        other.execute("ROLLBACK")
        store.append([append(1, 0)])


def test_connections_that_the_server_ended_are_replaced(postgres_url: str) -> None:
    url, schema = split_schema(postgres_url)
    joint = "&" if "?" in postgres_url else "?"
    with closing(opened(f"{postgres_url}{joint}application_name={schema}")) as store:
        store.append([append(1, 0)])
        with psycopg.connect(url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (schema,)
            ).fetchall()
        assert ended
        store.append([append(1, 1)])
        assert store.head() == 2


def test_a_connection_that_the_server_ends_in_use_is_one_clear_error(postgres_url: str) -> None:
    url, schema = split_schema(postgres_url)

    def end_connections(count: int) -> bytes:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (schema,)
            )
        return fake_random_bytes(count)

    joint = "&" if "?" in postgres_url else "?"
    with pytest.raises(StoreError, match="terminating connection") as refused:
        open_store(f"{postgres_url}{joint}application_name={schema}", clock=FakeClock(), random_bytes=end_connections)
    assert "\n" not in str(refused.value)
    opened(postgres_url).close()


def test_a_schema_that_is_not_there_is_made(postgres_url: str) -> None:
    url, schema = split_schema(postgres_url)
    other = f'{schema[:40]}_"Ünusual-name'
    try:
        with closing(opened(with_schema(url, other))) as store:
            store.append([append(1, 0)])
            save(store.view("example", 1, ExampleRow), [FILLED_ROW], 1)
            assert [fact.position for fact in store.log(0, 5)] == [1]
    finally:
        with psycopg.connect(url) as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(other)))


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tickets.db",
        "memory",
        "memory://",
        "mysql://root@localhost/tickets",
        "sqlite:tickets.db",
        "sqlite://tickets.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///tickets.db?mode=ro",
        "postgresql://localhost/tickets?schema=",
        "postgresql://localhost/tickets?schema=a&schema=b",
        "postgresql://localhost/tickets?schema=" + "s" * 64,
        "postgresql://localhost/tickets?shcema=a",
        f"postgresql://me:{PASSWORD}@[::1/tickets",
        f"postgresql://me:{PASSWORD}%zz@localhost/tickets",
        f"postgresql://localhost/tickets?password={PASSWORD}&port=%00",
        f"postgresql://me:{PASSWORD}@localhost/tickets?shcema=a",
    ],
)
def test_a_url_that_means_no_store_gets_one_clear_line(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        opened(url)
    assert "\n" not in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "without", "schema"),
    [
        ("postgresql://", "postgresql://", "public"),
        ("postgresql:///tickets", "postgresql:///tickets", "public"),
        ("postgresql:///tickets?host=/tmp&schema=a", "postgresql:///tickets?host=%2Ftmp", "a"),
        ("postgresql://me@/tickets?schema=%C3%BC%20b", "postgresql://me@/tickets", "ü b"),
        (
            "postgres://me:p%3Fw@[::1]:5433/t?schema=a&sslmode=require",
            "postgres://me:p%3Fw@[::1]:5433/t?sslmode=require",
            "a",
        ),
    ],
)
def test_our_own_parameter_is_taken_out_of_a_url(url: str, without: str, schema: str) -> None:
    assert split_schema(url) == (without, schema)


def unreachable(tmp_path: Path) -> Iterator[tuple[str, str]]:
    (tmp_path / "notes.txt").write_text("nothing of SQLite's\n" * 100)
    yield f"sqlite:///{tmp_path / 'notes.txt'}", "no SQLite database"
    yield f"sqlite:///{tmp_path}", "folder"
    yield f"sqlite:///{tmp_path / 'nowhere' / 'tickets.db'}", "no such folder"
    yield f"postgresql://me:{PASSWORD}@127.0.0.1:1/tickets", "127.0.0.1"
    yield f"postgresql://me@/tickets?host={str(tmp_path).replace('/', '%2F')}", "No such file"


def test_a_store_that_cannot_be_opened_gets_one_clear_line_at_once(tmp_path: Path) -> None:
    for url, reason in unreachable(tmp_path):
        begun = time.monotonic()
        with pytest.raises(StoreError) as refused:
            opened(url)
        assert time.monotonic() - begun < 4
        assert reason in str(refused.value)
        assert "\n" not in str(refused.value)
        assert PASSWORD not in str(refused.value)


def test_a_database_that_does_not_exist_gets_one_clear_line(postgres_server: str) -> None:
    with pytest.raises(StoreError, match="no_such_database") as refused:
        opened(f"{postgres_server}&dbname=no_such_database" if "?" in postgres_server else f"{postgres_server}_no_such")
    assert "\n" not in str(refused.value)


def test_a_relative_sqlite_path_is_relative_to_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened("sqlite:///my%20store.db").close()
    assert (tmp_path / "my%20store.db").is_file()


def test_many_stores_may_be_open_at_once(lasting_url: str) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(opened(lasting_url))) for _ in range(5)]
        for ticket, store in enumerate(stores):
            store.append([append(ticket, 0)])
        assert {store.head() for store in stores} == {5}
