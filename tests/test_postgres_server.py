"""What is PostgreSQL's own about connections: a server that goes away and comes back, and who uses them all."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import psycopg
import pytest

from tests.postgres import MortalServer, mortal_server
from tests.store_examples import ExampleRow, FakeClock, append, fake_random_bytes, number, save
from ticketing.adapters import postgres_pool
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.postgres_pool import MAX_CONNECTIONS
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.errors import StoreError

AT_ONCE_SECONDS = 5


def opened(url: str) -> PostgresStore:
    store = open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)
    assert isinstance(store, PostgresStore)
    return store


def use_all_connections(store: PostgresStore) -> None:
    def use(_: int) -> None:
        with store._server.reading():
            ready.wait(30)

    ready = Barrier(MAX_CONNECTIONS)
    with ThreadPoolExecutor(MAX_CONNECTIONS) as threads:
        list(threads.map(use, range(MAX_CONNECTIONS)))


@pytest.fixture
def server() -> Iterator[MortalServer]:
    with mortal_server() as server:
        yield server


def test_while_the_server_is_away_every_call_says_so_at_once_and_when_it_is_back_all_work(
    server: MortalServer,
) -> None:
    def in_a_transaction() -> None:
        with store.locked() as log:
            log.head()

    with closing(opened(server.url)) as store:
        view = store.view("example", 1, ExampleRow)
        save(view, [ExampleRow(ticket_id=number(n)) for n in range(1_500)], 1)
        use_all_connections(store)
        watch = store.watch("leader")
        half_read = view.rows()
        next(half_read)
        server.kill()
        calls: list[Callable[[], object]] = [
            lambda: store.append([append(1, 0)]),
            lambda: list(half_read),
            lambda: list(view.rows()),
            lambda: list(store.stored_histories()),
            lambda: list(store.kept_texts()),
            lambda: view.load([number(1)]),
            lambda: store.erase(["ab" * 32]),
            lambda: store.watch("another"),
            lambda: watch.lead(view.state().id),
            lambda: watch.wait(30),
            store.views,
            in_a_transaction,
        ]
        begun = time.monotonic()
        for call in calls:
            with pytest.raises(StoreError) as said:
                call()
            assert "\n" not in str(said.value)
        assert time.monotonic() - begun < AT_ONCE_SECONDS
        watch.close()
        server.start()
        begun = time.monotonic()
        store.append([append(1, 0)])
        assert time.monotonic() - begun < AT_ONCE_SECONDS
        assert len(list(view.rows())) == 1_500
        in_a_transaction()
        with closing(store.watch("leader")) as watch:
            assert watch.lead(view.state().id) == 1


def test_a_transaction_that_the_server_takes_away_is_one_clear_error_and_leaves_nothing(server: MortalServer) -> None:
    with closing(opened(server.url)) as store:
        view = store.view("example", 1, ExampleRow)
        with pytest.raises(StoreError):
            lose_the_server(store, server)
        server.start()
        assert (view.position(), list(view.rows())) == (0, [])


def lose_the_server(store: Store, server: MortalServer) -> None:
    with store.locked() as log:
        save(log.view("example", 1, ExampleRow), [ExampleRow(ticket_id=number(1))], 1)
        server.kill()


def test_connections_that_were_all_ended_are_replaced_at_once(postgres_url: str) -> None:
    url, schema = split_schema(postgres_url)
    with closing(opened(f"{postgres_url}{'&' if '?' in postgres_url else '?'}application_name={schema}")) as store:
        use_all_connections(store)
        with psycopg.connect(url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (schema,)
            ).fetchall()
        assert len(ended) == MAX_CONNECTIONS
        begun = time.monotonic()
        store.append([append(1, 0)])
        assert time.monotonic() - begun < AT_ONCE_SECONDS


def test_a_thread_for_whom_no_connection_is_left_is_told_so(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def use(_: int) -> None:
        with store._server.reading():
            in_use.wait(30)
            refused.wait(30)

    monkeypatch.setattr(postgres_pool, "ROOM_SECONDS", 0.1)
    in_use, refused = Barrier(MAX_CONNECTIONS + 1), Barrier(MAX_CONNECTIONS + 1)
    with closing(opened(postgres_url)) as store, ThreadPoolExecutor(MAX_CONNECTIONS) as threads:
        using = [threads.submit(use, n) for n in range(MAX_CONNECTIONS)]
        in_use.wait(30)
        with pytest.raises(StoreError, match=f"all {MAX_CONNECTIONS} connections were in use"):
            store.head()
        refused.wait(30)
        assert [one.result() for one in using] == [None] * MAX_CONNECTIONS
        assert store.head() == 0


def test_a_store_that_is_closed_while_its_rows_are_read_gives_that_connection_back_too(postgres_url: str) -> None:
    store: Store = opened(postgres_url)
    view = store.view("example", 1, ExampleRow)
    save(view, [ExampleRow(ticket_id=number(n)) for n in range(1_500)], 1)
    rows = view.rows()
    next(rows)
    store.close()
    assert len(list(rows)) == 1_499
    with pytest.raises(StoreError, match="closed"):
        view.position()
