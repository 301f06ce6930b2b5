"""The daemon: in bounded memory, one leader at a time, through whatever the store does, until it is told to stop."""

import logging
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from statistics import median
from threading import Event as Flag
from typing import Any

import pytest

from tests.daemons import LONG, appends_all_the_time, meanwhile, running, until
from tests.store_examples import (
    MARKS,
    TALLY,
    FakeClock,
    append,
    fake_random_bytes,
    mark,
    number,
)
from tests.tree_contract import roots
from ticketing.adapters.daemon import Turn
from ticketing.adapters.memory import MemoryStore
from ticketing.adapters.notary import Notary
from ticketing.adapters.projector import Followed, fold_next_page, view_of
from ticketing.adapters.store import Store, Stored, Watch
from ticketing.adapters.upkeep import Upkeep
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import ViewId, ViewState
from ticketing.domain.errors import StoreError
from ticketing.domain.events import RepairStarted

MARKED, TALLIED = ViewId("marks", 1), ViewId("tally", 2)
SHORT = timedelta(milliseconds=20)


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=(MARKS, TALLY))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(opened(store_url)) as store:
        yield store


@pytest.fixture
def another(store: Store, store_url: str) -> Iterator[Store]:
    """The same store, as a second process would open it; in memory there is but one."""
    if store_url == "memory:":
        yield store
        return
    with closing(opened(store_url)) as another:
        yield another


def upkeep(store: Store, *, name: int = 0, page_size: int = 100) -> Upkeep:
    """The upkeep of two projections in a process of that name."""
    return Upkeep(
        store,
        (MARKS, TALLY),
        clock=FakeClock(),
        random_bytes=lambda count: bytes([name]) * count,
        page_size=page_size,
    )


def tallied(kept: Upkeep) -> int:
    """How many facts are in the rows."""
    return sum(row.facts for row in kept.rows(TALLY))


# folding


def test_a_daemon_folds_page_by_page_and_tells_of_every_turn(store: Store) -> None:
    store.append([append(ticket, 0) for ticket in range(5)])
    turns: list[Turn] = []
    kept = upkeep(store, page_size=2)
    with running(kept, poll=SHORT, on_turn=turns.append):
        until(lambda: Turn((MARKED, TALLIED), None) in turns)
        store.append([append(5, 0)])
        kept.wait(6, timeout=LONG)
    both = (MARKED, TALLIED)
    positions = [turn.position for turn in turns if turn.position is not None]
    assert (positions, {turn.led for turn in turns}) == ([2, 4, 5, 6], {both})
    assert tallied(kept) == 6


def test_projections_that_are_behind_are_brought_up_first_and_nothing_is_folded_twice(store: Store) -> None:
    kept = upkeep(store, page_size=2)
    store.append([append(1, 0, *[mark("a")] * 3)])
    kept.catch_up([TALLY])
    store.append([append(1, 3, *[mark("b")] * 2)])
    turns: list[Turn] = []
    with running(kept, poll=SHORT, on_turn=turns.append):
        kept.wait(5, timeout=LONG)
    assert [turn.position for turn in turns if turn.position is not None] == [2, 4, 5]
    assert tallied(kept) == 5
    assert [row.marks for row in kept.rows(MARKS)] == [("a", "a", "a", "b", "b")]


def test_a_projection_that_has_far_to_go_keeps_no_other_from_what_is_new(store: Store) -> None:
    kept = upkeep(store)
    store.append([append(ticket, 0) for ticket in range(50)])
    kept.catch_up([TALLY])
    store.append([append(50, 0)])
    followed: list[Followed[Any]] = [Followed(one, view_of(store, one)) for one in (MARKS, TALLY)]
    assert fold_next_page(store, followed, 1) == 1
    assert [one.view.position() for one in followed] == [1, 51]


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_a_daemon_ends_when_its_store_is_closed(url: str, request: pytest.FixtureRequest) -> None:
    store = opened(request.getfixturevalue(url))
    turns: list[Turn] = []
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(upkeep(store).run, Flag(), poll=SHORT, on_turn=turns.append)
        until(lambda: bool(turns))
        store.close()
        ended.result(LONG.total_seconds())


def test_a_daemon_folds_what_it_is_asked_to(store: Store) -> None:
    kept = upkeep(store)
    store.append([append(1, 0)])
    turns: list[Turn] = []
    with running(kept, [TALLY], poll=SHORT, on_turn=turns.append):
        kept.wait(1, [TALLY], timeout=LONG)
    assert {turn.led for turn in turns} == {(TALLIED,)}
    assert [(it.name, it.position) for it in kept.status()] == [("marks", 0), ("tally", 1)]


def test_inline_rows_are_left_to_the_appends_and_taken_up_again_afterwards(store: Store) -> None:
    kept = upkeep(store)
    turns: list[Turn] = []
    with running(kept, poll=SHORT, on_turn=turns.append):
        kept.make_inline(MARKS)
        turns.clear()
        until(lambda: len(turns) > 2)
        assert {turn.led for turn in turns[1:]} == {(TALLIED,)}
        store.append([append(1, 0, mark("a"))])
        kept.wait(1, timeout=LONG)
        kept.leave_to_daemon(MARKS)
        store.append([append(1, 1, mark("b"))])
        kept.wait(2, timeout=LONG)
        until(lambda: turns[-1].led == (MARKED, TALLIED))
    assert [row.marks for row in kept.rows(MARKS)] == [("a", "b")]


# memory


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_the_memory_of_a_daemon_does_not_grow_with_the_log(kind: str, request: pytest.FixtureRequest) -> None:
    facts, tickets, in_one_call = 8_000, 10, 100
    with closing(opened(request.getfixturevalue(kind))) as store:
        for version in range(0, facts // tickets, in_one_call):
            store.append([append(ticket, version, *[RepairStarted()] * in_one_call) for ticket in range(tickets)])
        assert store.head() == facts
        peaks: list[int] = []

        def measure(turn: Turn) -> None:
            """Notes the peak of each 800 facts."""
            if turn.position is not None and turn.position % 800 == 0:
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()

        kept = upkeep(store, page_size=100)
        tracemalloc.start()
        try:
            with running(kept, [TALLY], on_turn=measure):
                kept.wait(facts, [TALLY], timeout=2 * LONG)
        finally:
            tracemalloc.stop()
        assert tallied(kept) == facts
    # At first things are made that stay; from then on 800 facts need what the ones before needed, but for a moment in
    # which something else is loaded: what grows with the log is above it in most of them.
    settled, *later = peaks[1:]
    assert len(later) == 8
    assert median(later) < settled + 100_000, peaks
    assert settled < 4_000_000, peaks


# leaders


def leaders(kept: Upkeep) -> set[str | None]:
    return {None if it.leader is None else it.leader.rpartition(":")[2] for it in kept.status()}


def test_of_two_daemons_one_leads_and_the_other_takes_over_when_it_ends(store: Store, another: Store) -> None:
    first, second = upkeep(store, name=0xA), upkeep(another, name=0xB)
    seconds: list[Turn] = []
    with ExitStack() as stack:
        with running(first, poll=SHORT):
            until(lambda: leaders(first) == {"0a0a0a0a"})
            stack.enter_context(running(second, poll=SHORT, on_turn=seconds.append))
            store.append([append(ticket, 0) for ticket in range(9)])
            first.wait(9, timeout=LONG)
            until(lambda: len(seconds) > 3)
            assert (leaders(second), set(seconds)) == ({"0a0a0a0a"}, {Turn((), None)})
        store.append([append(ticket, 1) for ticket in range(9)])
        second.wait(18, timeout=LONG)
        assert leaders(second) == {"0b0b0b0b"}
    assert leaders(second) == {None}
    assert tallied(second) == 18


def test_daemons_that_come_and_go_while_others_append_miss_nothing_and_fold_nothing_twice(
    store: Store, another: Store
) -> None:
    first, second = upkeep(store, name=0xA, page_size=7), upkeep(another, name=0xB, page_size=7)
    with meanwhile(appends_all_the_time(store)):
        for _ in range(4):
            with running(first, poll=SHORT), running(second, poll=SHORT):
                second.wait(store.head(), timeout=LONG)
            with running(second, poll=SHORT):
                first.wait(store.head(), timeout=LONG)
    first.catch_up()
    assert tallied(first) == store.head()
    assert sum(row.weight for row in first.rows(MARKS)) == store.head()
    assert all(row.marks == tuple(map(str, range(row.weight))) for row in second.rows(MARKS))


# the store goes away


class Moody(MemoryStore):
    """A store that now and then cannot do one thing."""

    cannot: str | None = None

    def _must(self, what: str) -> None:
        if self.cannot == what:
            raise StoreError(f"the store cannot {what}")

    def views(self) -> list[ViewState]:
        self._must("list its views")
        return super().views()

    def stored_log(self, after: int, limit: int) -> list[Stored]:
        self._must("read the log")
        return super().stored_log(after, limit)

    def watch(self, leader: str) -> Watch:
        self._must("be watched")
        return super().watch(leader)


@pytest.mark.parametrize("what", ["list its views", "read the log", "be watched"])
def test_a_daemon_lives_through_a_store_that_goes_away(what: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Moody(clock=FakeClock(), random_bytes=fake_random_bytes)
    kept = upkeep(store)
    turns: list[Turn] = []
    with caplog.at_level(logging.WARNING, "ticketing"), running(kept, poll=SHORT, on_turn=turns.append):
        store.append([append(1, 0)])
        kept.wait(1, timeout=LONG)
        store.cannot = "read the log"  # or nobody would notice that it cannot be watched
        until(lambda: bool(caplog.messages))
        store.cannot = what
        store.append([append(1, 1)])
        until(lambda: f"projections: the store cannot {what}; trying again in 0.5 s" in caplog.messages)
        assert view_of(store, TALLY).position() == 1
        store.cannot = None
        kept.wait(2, timeout=LONG)
    assert tallied(kept) == 2
    assert turns[-1].led == (MARKED, TALLIED)


def test_rows_that_are_removed_under_a_daemon_are_begun_anew(
    store: Store, another: Store, caplog: pytest.LogCaptureFixture
) -> None:
    kept = upkeep(store)
    store.append([append(1, 0), append(2, 0)])
    with running(kept, poll=SHORT):
        kept.wait(2, timeout=LONG)
        another.remove_view(TALLIED)
        until(lambda: bool(caplog.messages))
        store.append([append(1, 1)])
        until(lambda: {it.position for it in kept.status()} == {3})
    assert {row.ticket_id: row.facts for row in kept.rows(TALLY)} == {number(1): 2, number(2): 1}


# stopping


def test_a_daemon_stops_after_the_page_at_hand(store: Store) -> None:
    store.append([append(ticket, 0) for ticket in range(50)])
    stop = Flag()
    kept = upkeep(store, page_size=5)
    kept.run(stop, on_turn=lambda turn: stop.set() if turn.position == 10 else None)
    assert {it.position for it in kept.status()} == {10}
    kept.run(stop)
    assert {it.position for it in kept.status()} == {10}


def test_a_daemon_that_waits_stops_by_the_next_poll(store: Store) -> None:
    kept = upkeep(store)
    idle = Flag()
    with running(kept, poll=timedelta(seconds=0.5), on_turn=lambda turn: idle.set()) as stop:
        assert idle.wait(LONG.total_seconds())
        begun = time.monotonic()
        stop.set()
    assert time.monotonic() - begun < 3
    assert leaders(kept) == {None}


def test_a_daemon_whose_store_is_away_stops_too(caplog: pytest.LogCaptureFixture) -> None:
    store = Moody(clock=FakeClock(), random_bytes=fake_random_bytes)
    with running(upkeep(store), poll=SHORT) as stop:
        store.cannot = "read the log"
        until(lambda: len(caplog.messages) == 3)
        begun = time.monotonic()
        stop.set()
    assert time.monotonic() - begun < 3
    assert caplog.messages[2].endswith("trying again in 1.0 s")


# the tree


def test_a_daemon_keeps_the_tree_beside_the_rows(store: Store) -> None:
    store.append([append(ticket, 0) for ticket in range(20)])
    with running(upkeep(store, page_size=7), poll=SHORT):
        until(lambda: store.tree.size() == 20)
        store.append([append(1, 1)])
        until(lambda: store.tree.size() == 21)
    assert Notary(store).root(21) == roots(store)[21]


def test_a_daemon_of_some_projections_leaves_the_tree_to_others(store: Store) -> None:
    store.append([append(1, 0)])
    turns: list[Turn] = []
    with running(upkeep(store), [TALLY], poll=SHORT, on_turn=turns.append):
        until(lambda: Turn((TALLIED,), None) in turns)
    assert store.tree.size() == 0


def test_a_tree_that_does_not_fit_the_log_is_told_once_and_the_rows_go_on(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.append([append(1, 0)])
    store.tree.grow(0, 9, {(0, 0): bytes(9 * 32)})
    kept = upkeep(store)
    with caplog.at_level(logging.WARNING, "ticketing"), running(kept, poll=SHORT):
        until(lambda: bool(caplog.messages))
        store.append([append(1, 1)])
        kept.wait(2, timeout=LONG)
    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "the tree has 9 leaves, and the log ends at 1: its end is gone"
    ]
