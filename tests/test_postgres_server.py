"""What is PostgreSQL's own about connections: a server that goes away and comes back, who uses them all, who forks."""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import psycopg
import pytest

from tests.postgres import MortalServer, mortal_server
from tests.store_examples import FILLED_ROW, ExampleRow, FakeClock, append, fake_random_bytes, number, save
from ticketing.adapters import postgres_pool
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.postgres_pool import MAX_CONNECTIONS, MAX_STREAMS
from ticketing.adapters.store import Store, Watch
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.errors import StoreClosed, StoreError

AT_ONCE_SECONDS = 5
FORK = multiprocessing.get_context("fork")
TOLD = "SELECT name FROM pg_settings WHERE source = 'session' AND starts_with(name, 'tcp_') ORDER BY name"
SHOW_SILENCE = "SHOW idle_in_transaction_session_timeout"


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
    with pytest.raises(StoreClosed, match="the store is closed"):
        view.position()


def uses(store: PostgresStore, watch: Watch) -> list[Callable[[], object]]:
    """One use of each way to the server."""
    view = store.view("example", 1, ExampleRow)
    return [
        lambda: store.append([append(2, 0)]),
        lambda: store.log(0, 10),
        lambda: store.erase([]),
        lambda: store.locked().__enter__(),
        lambda: list(view.rows()),
        lambda: save(view, [FILLED_ROW], 1),
        lambda: store.watch("another"),
        lambda: watch.lead(view.state().id),
        lambda: watch.wait(0),
        lambda: store.recorder.select_notifications(1, 10),
    ]


def require_refused(asks: list[Callable[[], object]], reason: str) -> None:
    for ask in asks:
        with pytest.raises(StoreClosed, match=reason):
            ask()


def test_a_closed_store_says_so_whatever_is_asked_of_it(postgres_url: str) -> None:
    with closing(opened(postgres_url)) as store, closing(store.watch("leader")) as watch:
        asks = uses(store, watch)
        store.close()
        require_refused(asks, "the store is closed")


def test_a_forked_process_is_told_to_open_the_store_anew_and_the_other_goes_on(postgres_url: str) -> None:
    def use_and_close() -> None:
        inherited = [*asks, log.head, lambda: list(half_read)]
        require_refused(inherited, "the store was opened before this process was forked: open it anew")
        abandoned.close()  # type: ignore[attr-defined]  # rows come from a generator
        watch.close()
        store.close()
        with closing(opened(postgres_url)) as anew:
            assert anew.head() == 0

    with closing(opened(postgres_url)) as store:
        view = store.view("example", 1, ExampleRow)
        save(view, [ExampleRow(ticket_id=number(n)) for n in range(1_500)], 1)
        use_all_connections(store)
        half_read, abandoned = view.rows(), view.rows()
        next(half_read), next(abandoned)
        with closing(store.watch("forked")) as watch:
            assert watch.lead(view.state().id) == 1
            asks = uses(store, watch)
            with store.locked() as log, store._group._committing:  # as another thread may hold it at the fork
                process = FORK.Process(target=use_and_close)
                process.start()
                process.join(60)
                assert process.exitcode == 0
                assert log.head() == 0
            assert watch.lead(view.state().id) == 1
        assert len(list(half_read)) == len(list(abandoned)) == 1_499
        use_all_connections(store)
        store.append([append(1, 0)])
        assert store.head() == 1


def test_readers_who_take_their_time_leave_the_others_their_connections(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "ROOM_SECONDS", 0.1)
    with closing(opened(postgres_url)) as store:
        view = store.view("example", 1, ExampleRow)
        save(view, [ExampleRow(ticket_id=number(n)) for n in range(1_500)], 1)
        for _ in range(3):
            readers = [view.rows() for _ in range(MAX_STREAMS)]
            assert {next(reader).ticket_id for reader in readers} == {min(number(n) for n in range(1_500))}
            with pytest.raises(StoreError, match=f"all {MAX_STREAMS} connections for reading piece by piece"):
                next(view.rows())
            use_all_connections(store)
            readers.clear()  # unfinished
        assert len(list(view.rows())) == 1_500


def test_a_connection_that_another_thread_takes_first_is_not_missed(postgres_url: str) -> None:
    class TakenMeanwhile(deque[postgres_pool.Connection]):
        """Empty, and not yet when it was looked at."""

        def __bool__(self) -> bool:
            return True

    with closing(opened(postgres_url)) as store:
        store._server._connections._idle.pop().close()
        store._server._connections._idle = TakenMeanwhile()
        assert store.head() == 0


def test_who_holds_the_logs_lock_and_says_nothing_is_put_out_by_the_server(postgres_url: str) -> None:
    conninfo, _ = split_schema(postgres_url)
    with closing(opened(postgres_url)) as store, psycopg.connect(conninfo) as silent:
        for statement, values in ((store._sql.lock_log, None), (store._sql.select_standing, ([], [], [], []))):
            silent.execute(statement, values)
            assert silent.execute(SHOW_SILENCE).fetchone() == ("1min",)
            silent.rollback()
            assert silent.execute(SHOW_SILENCE).fetchone() == ("0",)


def test_the_server_is_told_to_notice_clients_that_vanished(postgres_url: str) -> None:
    with closing(opened(postgres_url)) as store, store._server.reading() as cursor:
        told = [name for (name,) in cursor.execute(TOLD)]
    assert told == ["tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_user_timeout"]
