"""What is PostgreSQL's own about watches: notifications only for who listens, leads that end with their connection."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event as Signal

import psycopg
import pytest
from psycopg import sql

from tests.postgres import fresh_schema
from tests.processes import until
from tests.store_examples import FILLED_ROW, ExampleRow, FakeClock, Tally, TallyRow, append, fake_random_bytes
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.projector import make_inline
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.adapters.view import View, ViewId
from ticketing.domain.errors import Conflict, StoreError
from ticketing.domain.values import Event, Recorded

SERVED = ViewId("example", 1)
WATCHERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND objid = %s::regclass::oid
"""
LEADERS = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND pid IN (
    SELECT pid FROM pg_stat_activity WHERE application_name = %s
)
"""
RAISE_FENCE = sql.SQL("UPDATE {} SET fence = fence + 5, leader = 'another'")


@pytest.fixture
def url(postgres_url: str) -> str:
    """The URL of an empty store whose connections bear the name of its schema."""
    _, schema = split_schema(postgres_url)
    return f"{postgres_url}{'&' if '?' in postgres_url else '?'}application_name={schema}"


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = opened(url)
    assert isinstance(store, PostgresStore)
    with closing(store):
        yield store


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)


def example(store: Store) -> View[ExampleRow]:
    return store.view("example", 1, ExampleRow)


def pids(url: str, statement: str, name: str) -> list[int]:
    conninfo, _ = split_schema(url)
    with psycopg.connect(conninfo) as connection:
        return [pid for (pid,) in connection.execute(statement.encode(), (name,)).fetchall()]


def watchers(url: str) -> list[int]:
    _, schema = split_schema(url)
    return pids(url, WATCHERS, Statements(schema).names["events"].as_string())


def leaders(url: str) -> list[int]:
    """The connections of a store that lead, once for each time that they took a lock."""
    _, schema = split_schema(url)
    return pids(url, LEADERS, schema)


def end(url: str, connections: list[int]) -> None:
    conninfo, _ = split_schema(url)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for pid in connections:
            assert connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,)).fetchone() == (True,)


class Stalling(Tally):
    """A projection that takes its time; kept inline it holds an append up after its rows are written."""

    name = "stalling"

    def __init__(self) -> None:
        self.is_reached = Signal()
        self.may_go_on = Signal()

    def apply(self, row: TallyRow, fact: Recorded[Event]) -> TallyRow:
        self.is_reached.set()
        assert self.may_go_on.wait(30)
        return super().apply(row, fact)


# wake-ups


def test_nobody_is_notified_while_nobody_watches(store: Store, url: str) -> None:
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo, autocommit=True) as listener:
        listener.execute(Statements(schema).listen)
        store.append([append(1, 0)])
        assert list(listener.notifies(timeout=0.3)) == []
        with closing(store.watch("one")), closing(store.watch("other")):
            assert len(watchers(url)) == 2
            store.append([append(1, 1)])
            assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
        until(lambda: watchers(url) == [])
        store.append([append(1, 2)])
        assert list(listener.notifies(timeout=0.3)) == []


def test_appends_to_another_schema_wake_nobody(store: Store, postgres_server: str) -> None:
    with (
        fresh_schema(postgres_server) as other_url,
        closing(opened(other_url)) as other,
        closing(other.watch("other")) as watch,
    ):
        store.append([append(1, 0)])
        assert seconds(lambda: watch.wait(0.3)) >= 0.3


def test_who_begins_to_watch_while_an_append_is_under_way_finds_what_it_appended(url: str) -> None:
    def watch() -> int:
        with closing(opened(url)) as another, closing(another.watch("late")):
            return another.head()

    stalling = Stalling()
    with (
        closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=[stalling])) as store,
        ThreadPoolExecutor(2) as threads,
    ):
        make_inline(store, stalling, 1000)
        appending = threads.submit(store.append, [append(1, 0)])
        assert stalling.is_reached.wait(30)
        late = threads.submit(watch)
        until(lambda: len(watchers(url)) == 1)
        assert not late.done()
        stalling.may_go_on.set()
        assert late.result() == 1
        appending.result()


def test_notifications_that_come_together_are_one_wake_up(store: Store) -> None:
    with closing(store.watch("one")) as watch:
        for version in range(20):
            store.append([append(1, version)])
        wake_ups = 0
        while seconds(lambda: watch.wait(0.5)) < 0.5:
            wake_ups += 1
        assert 1 <= wake_ups < 10


def test_a_notification_that_comes_while_the_leader_asks_is_not_lost(store: Store) -> None:
    example(store)
    with closing(store.watch("one")) as watch:
        for version in range(3):
            store.append([append(1, version)])
            assert watch.lead(SERVED) == 1  # its answer brings the notification along
            assert seconds(lambda: watch.wait(30)) < 5


def test_an_append_whose_notification_fails_is_kept(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store._sql, "wake", b"SELECT 1 / 0")
    with closing(store.watch("one")):
        store.append([append(1, 0)])
        store.append([append(1, 1)])
    assert store.head() == 2


# leads


def test_a_lead_ends_with_its_connection_and_its_leader_is_told_at_once(store: Store, url: str) -> None:
    view = example(store)
    first, second = store.watch("first"), store.watch("second")
    with closing(first), closing(second):
        fence = first.lead(SERVED)
        assert second.lead(SERVED) is None
        assert view.state().leader == "first"
        end(url, leaders(url))
        assert view.state().leader is None
        assert store.views()[0].leader is None
        with pytest.raises(StoreError, match="connection"):
            first.lead(SERVED)
        with pytest.raises(StoreError, match="connection"):
            first.wait(30)
        assert second.lead(SERVED) == 2
        assert view.state().leader == "second"
        revision = view.load([]).revision
        with pytest.raises(Conflict, match="led, by another"):
            view.save([FILLED_ROW], revision=revision, position=1, fence=fence)
        view.save([FILLED_ROW], revision=revision, position=1, fence=2)


def test_who_waits_is_told_at_once_that_his_connection_is_gone(store: Store, url: str) -> None:
    with closing(store.watch("one")) as watch, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(watch.wait, 30)
        end(url, watchers(url))
        with pytest.raises(StoreError):
            waiting.result(5)


def test_a_lead_that_is_kept_takes_its_lock_once_and_writes_nothing(store: Store, url: str) -> None:
    view = example(store)
    with closing(store.watch("first")) as first, closing(store.watch("second")) as second:
        assert first.lead(SERVED) == 1
        revision = view.load([]).revision
        assert [first.lead(SERVED) for _ in range(5)] == [1] * 5
        assert view.load([]).revision == revision
        assert len(leaders(url)) == 1
        first.close()
        assert second.lead(SERVED) == 2


def test_a_leader_whose_number_is_no_longer_the_last_gets_a_new_one(store: Store, url: str) -> None:
    view = example(store)
    conninfo, schema = split_schema(url)
    with closing(store.watch("first")) as watch:
        assert watch.lead(SERVED) == 1
        with psycopg.connect(conninfo) as connection:
            connection.execute(RAISE_FENCE.format(Statements(schema).names["views"]))
        with pytest.raises(Conflict):
            view.save([], revision=view.load([]).revision, position=1, fence=1)
        assert watch.lead(SERVED) == 7
        assert view.state().leader == "first"
        view.save([], revision=view.load([]).revision, position=1, fence=7)


def test_the_lead_of_a_view_that_is_gone_is_a_conflict_and_of_one_made_anew_it_is_taken_again(store: Store) -> None:
    example(store)
    with closing(store.watch("first")) as watch:
        assert [watch.lead(SERVED), watch.lead(SERVED)] == [1, 1]
        store.remove_view(SERVED)
        with pytest.raises(Conflict):
            watch.lead(SERVED)
        view = example(store)
        fence = watch.lead(SERVED)
        view.save([], revision=view.load([]).revision, position=1, fence=fence)
        assert view.state().leader == "first"


def seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
