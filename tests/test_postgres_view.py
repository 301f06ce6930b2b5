"""What is PostgreSQL's own about views: rebuilt rows take their place while others read and write."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from threading import Event as Signal

import psycopg
import pytest

from tests.store_examples import MARKS, START, ExampleRow, FakeClock, append, fake_random_bytes, letter, number, save
from ticketing.adapters.projector import make_inline
from ticketing.adapters.store import Log, Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.adapters.view import View, ViewId
from ticketing.domain.errors import Conflict

ROWS = 1_200
REBUILDS = 10
IDS = [number(n) for n in range(ROWS)]


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    with closing(opened(postgres_url)) as store:
        yield store


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)


def example(log: Log, *, is_next: bool = False) -> View[ExampleRow]:
    return log.view("example", 1, ExampleRow, is_next=is_next)


def rebuild(store: Store, build: int) -> None:
    """Writes the whole set of rows anew, the last of them in the transaction of the switch, and switches."""
    rows = [ExampleRow(ticket_id=ticket_id, visits=build) for ticket_id in IDS]
    view = example(store, is_next=True)
    for begin in range(0, ROWS - 200, 500):
        save(view, rows[begin : begin + 500], begin)
    while True:
        try:
            with store.locked() as log:
                last = example(log, is_next=True)
                save(last, rows[ROWS - 200 :], 10_000 + build)
                last.switch()
        except Conflict:
            continue
        return


def test_who_reads_all_the_time_sees_whole_sets_of_rows_through_every_switch(store: Store, postgres_url: str) -> None:
    def stream() -> int:
        with closing(opened(postgres_url)) as mine:
            view, seen = example(mine), 0
            while not is_done.is_set():
                require_whole([row.visits for row in view.rows()])
                seen += 1
            return seen

    def load() -> int:
        with closing(opened(postgres_url)) as mine:
            view, seen = example(mine), 0
            while not is_done.is_set():
                loaded = view.load(IDS)
                require_whole([row.visits for row in loaded.rows.values()])
                assert {row.visits for row in loaded.rows.values()} == {loaded.position - 10_000}
                assert len(view.letters()) == 0
                assert view.state().is_ready
                seen += 1
            return seen

    rebuild_first(store)
    is_done = Signal()
    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(work) for work in (stream, stream, load, load)]
        try:
            for build in range(1, REBUILDS + 1):
                rebuild(store, build)
        finally:
            is_done.set()
        seen = [reader.result() for reader in readers]
    assert min(seen) >= REBUILDS / 3, seen


def rebuild_first(store: Store) -> None:
    example(store)
    rebuild(store, 0)


def require_whole(builds: list[int | None]) -> None:
    assert len(builds) == ROWS
    assert len(set(builds)) == 1


def test_rows_are_rebuilt_time_and_again_without_a_name_in_the_way(store: Store, postgres_url: str) -> None:
    served = example(store)
    for build in range(5):
        view = example(store, is_next=True)
        save(view, [ExampleRow(ticket_id=number(1), visits=build)], build, letter(2, build))
        view.switch()
        assert [row.visits for row in served.rows()] == [build]
        assert served.letters() == [letter(2, build)]
    conninfo, schema = split_schema(postgres_url)
    with psycopg.connect(conninfo) as connection:
        listed = connection.execute(
            "SELECT tablename FROM pg_indexes WHERE schemaname = %s AND starts_with(tablename, 'ticketing_view_')",
            (schema,),
        ).fetchall()
    assert listed == [("ticketing_view_example_1",)]


def test_a_reader_who_takes_his_time_is_in_the_way_for_a_moment_and_keeps_nobody_from_reading(store: Store) -> None:
    rebuild_first(store)
    save(example(store, is_next=True), [], 20_000)
    slow = example(store).rows()
    next(slow)
    with ThreadPoolExecutor(1) as threads:
        switch = threads.submit(example(store, is_next=True).switch)
        begun = time.monotonic()
        assert len(list(example(store).rows())) == ROWS
        with pytest.raises(Conflict, match="rows of view example version 1 are in use"):
            switch.result()
        assert time.monotonic() - begun < 2
    assert len(list(slow)) == ROWS - 1
    example(store, is_next=True).switch()
    assert list(example(store).rows()) == []


def test_a_leader_who_writes_while_rows_are_switched_is_in_nobodys_way_for_long(
    store: Store, postgres_url: str
) -> None:
    def write() -> int:
        with closing(opened(postgres_url)) as mine:
            view, written = example(mine), 0
            while not is_done.is_set():
                loaded = view.load(IDS[:3])
                try:
                    view.save(loaded.rows.values(), revision=loaded.revision, position=loaded.position)
                except Conflict:
                    continue
                written += 1
            return written

    rebuild_first(store)
    is_done = Signal()
    with ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write) for _ in range(2)]
        try:
            for build in range(1, 6):
                rebuild(store, build)
        finally:
            is_done.set()
        assert all(writer.result() for writer in writers)
    assert {row.visits for row in example(store).rows()} == {5}


def test_a_rebuild_that_gave_way_leaves_its_transaction_undone(store: Store) -> None:
    rebuild_first(store)
    save(example(store, is_next=True), [ExampleRow(ticket_id=number(1), visits=1)], 20_000)
    slow = example(store).rows()
    next(slow)
    with pytest.raises(Conflict):
        finish(store)
    slow.close()  # type: ignore[attr-defined]  # rows come from a generator
    assert [row.ticket_id for row in example(store, is_next=True).rows()] == [number(1)]
    store.append([append(1, 0)])
    assert [state.id for state in store.views()] == [ViewId("example", 1), ViewId("example", 1, is_next=True)]


def finish(store: Store) -> None:
    with store.locked() as log:
        save(example(log, is_next=True), [ExampleRow(ticket_id=number(2), visits=1)], 20_001)
        example(log, is_next=True).switch()


def test_a_view_is_not_removed_while_an_append_that_found_it_is_under_way(postgres_url: str) -> None:
    def stalling_clock() -> datetime:
        is_reached.set()
        assert may_go_on.wait(30)
        return START

    is_reached, may_go_on = Signal(), Signal()
    marks = ViewId(MARKS.name, MARKS.version)
    with (
        closing(
            open_store(postgres_url, clock=stalling_clock, random_bytes=fake_random_bytes, projections=[MARKS])
        ) as store,
        closing(opened(postgres_url)) as another,
        ThreadPoolExecutor(2) as threads,
    ):
        make_inline(store, MARKS, 1000)
        appending = threads.submit(store.append, [append(1, 0)])
        try:
            assert is_reached.wait(30)
            removing = threads.submit(another.remove_view, marks)
            with pytest.raises(TimeoutError):
                removing.result(0.5)
        finally:
            may_go_on.set()
        appending.result()
        removing.result()
        assert store.views() == []


def test_a_view_is_removed_when_its_reader_is_done_and_nobody_who_appends_waits_for_him(store: Store) -> None:
    rebuild_first(store)
    slow = example(store).rows()
    next(slow)
    with ThreadPoolExecutor(1) as threads:
        removing = threads.submit(store.remove_view, ViewId("example", 1))
        begun = time.monotonic()
        for version in range(5):
            store.append([append(1, version)])
        assert time.monotonic() - begun < 5
        assert not removing.done()
        assert len(list(slow)) == ROWS - 1
        removing.result(10)
    assert store.views() == []


def test_rows_are_taken_away_only_by_who_has_seen_the_last_change(store: Store) -> None:
    view = example(store)
    save(view, [ExampleRow(ticket_id=number(n)) for n in range(3)], 1)
    revision = view.load([]).revision
    with pytest.raises(Conflict):
        view.save([], revision=revision - 1, position=2, gone=[number(0)])
    view.save([ExampleRow(ticket_id=number(3))], revision=revision, position=2, gone=[number(0), number(1), number(9)])
    assert {row.ticket_id for row in view.rows()} == {number(2), number(3)}
