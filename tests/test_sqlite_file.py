"""What becomes of a store in SQLite that was closed, or whose process was forked."""

import multiprocessing
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Event as Signal

import pytest

from tests.store_examples import FILLED_ROW, ExampleRow, FakeClock, append, fake_random_bytes, number, save
from ticketing.adapters.sqlite import SqliteStore
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import StoreClosed, StoreError

FORK = multiprocessing.get_context("fork")


def opened(url: str) -> SqliteStore:
    store = open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)
    assert isinstance(store, SqliteStore)
    return store


def uses(store: SqliteStore) -> list[Callable[[], object]]:
    """One use of each way into the file."""
    view, watch = store.view("example", 1, ExampleRow), store.watch("leader")
    return [
        lambda: store.append([append(2, 0)]),
        lambda: store.log(0, 10),
        lambda: store.erase([]),
        lambda: store.locked().__enter__(),
        lambda: list(view.rows()),
        lambda: save(view, [FILLED_ROW], 1),
        lambda: watch.wait(0),
        lambda: store.recorder.select_notifications(1, 10),
    ]


def said_by(asks: list[Callable[[], object]]) -> set[str]:
    """What those that are refused as closed say; the others end the process."""
    said = set()
    for ask in asks:
        with pytest.raises(StoreClosed) as refused:
            ask()
        said.add(str(refused.value).split(": ", 1)[1])
    return said


def run_forked(target: Callable[..., None], *values: object) -> None:
    process = FORK.Process(target=target, args=values)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_a_closed_store_says_so_whatever_is_asked_of_it(sqlite_url: str) -> None:
    with closing(opened(sqlite_url)) as store:
        asks = uses(store)
    assert said_by(asks) == {"the store is closed"}


def test_a_forked_process_is_told_to_open_the_store_anew(sqlite_url: str) -> None:
    def ask_and_close(store: Store, asks: list[Callable[[], object]]) -> None:
        assert said_by(asks) == {"the store was opened before this process was forked: open it anew"}
        store.close()

    with closing(opened(sqlite_url)) as store:
        asks = uses(store)
        with store.locked():  # a lock that is held at the fork stays held in the forked process
            run_forked(ask_and_close, store, asks)
        store.append([append(1, 0)])
        assert store.head() == 1


def test_what_a_forked_process_appends_outlives_the_store_that_was_open_at_the_fork(sqlite_url: str) -> None:
    def append_before_and_after(has_appended: Signal, is_closed: Signal) -> None:
        with closing(opened(sqlite_url)) as anew:
            anew.append([append(1, 0)])
            has_appended.set()
            assert is_closed.wait(30)
            anew.append([append(2, 0)])

    has_appended, is_closed = FORK.Event(), FORK.Event()
    with closing(opened(sqlite_url)) as store:
        store.append([append(3, 0)])
        process = FORK.Process(target=append_before_and_after, args=(has_appended, is_closed))
        process.start()
        assert has_appended.wait(30)
        store.append([append(4, 0)])
    is_closed.set()
    process.join(60)
    assert process.exitcode == 0
    with closing(opened(sqlite_url)) as store:
        assert [fact.stream_id for fact in store.log(0, 10)] == [number(3), number(1), number(4), number(2)]


def test_a_process_that_was_forked_while_the_store_was_in_use_cannot_open_it(sqlite_url: str) -> None:
    def open_anew() -> None:
        with pytest.raises(StoreError, match="forked while the store was in use"):
            opened(sqlite_url)

    with closing(opened(sqlite_url)) as store:
        with store.locked():
            run_forked(open_anew)
        store.append([append(1, 0)])
        assert store.head() == 1
