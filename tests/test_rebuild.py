"""Rebuilds beside what is served: readers see whole rows, never older ones, whoever writes and whatever ends early."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.daemons import LONG, appends_all_the_time, meanwhile, running, until
from tests.processes import Ready, processes
from tests.store_examples import (
    ILLEGIBLE,
    MARKS,
    START,
    TALLY,
    Marks,
    MarksRow,
    append,
    mark,
    number,
)
from ticketing import reports
from ticketing.adapters import sqlite_watch
from ticketing.adapters.estimate import Progress
from ticketing.adapters.upkeep import Upkeep
from ticketing.adapters.urls import file_of, split_schema
from ticketing.adapters.view import ViewId
from ticketing.application import Settings, Ticketing
from ticketing.domain.errors import Conflict, NotReady
from ticketing.domain.events import TicketOpened
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BACKLOG_ROWS
from ticketing.projections.row import Projection, Row
from ticketing.projections.whole import row_of

TICKETS = range(20)
MARKED = ViewId("marks", 1)


class Capitals(Marks):
    """The next version of the projection, which marks in capitals."""

    version = 2

    def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
        after = super().apply(row, fact)
        return replace(after, marks=tuple(text.upper() for text in after.marks))


class Mended(Capitals):
    """The same under the version of before, as somebody may mend a projection and forget to raise it."""

    version = 1


CAPITALS, MENDED = Capitals(), Mended()


def opened(url: str, *projections: Projection[Any], page_size: int = 7, seed: int = 1) -> Ticketing:
    return Ticketing(
        url,
        projections=projections,
        clock=lambda: START,
        random_bytes=Random(seed).randbytes,
        settings=Settings(page_size=page_size),
    )


@pytest.fixture
def app(store_url: str) -> Iterator[Ticketing]:
    """An application on twenty open tickets, which its rows know of."""
    with opened(store_url, MARKS, TALLY) as app:
        for ticket in TICKETS:
            event = TicketOpened(number=f"R-{ticket}", site="berlin", channel="counter")
            app.store.append([append(ticket, 0, event)])
        app.projections.catch_up()
        yield app


@pytest.fixture
def another(app: Ticketing, store_url: str) -> Iterator[Ticketing]:
    """The same store, as a second process would open it; in memory there is but one."""
    if store_url == "memory:":
        yield app
        return
    with opened(store_url, MARKS, TALLY, seed=2) as another:
        yield another


def fresh(app: Ticketing, projection: Projection[Any]) -> list[Row]:
    """The rows from the log."""
    rules = app.store.rules_at(app.store.head())
    return [row_of(projection, it[0].stream_id, it, rules) for it in app.store.histories()]


# under writes


class Reader:
    """Reads the rows all the time; what it sees must be whole, and no older than what it has seen."""

    def __init__(self, app: Ticketing) -> None:
        self._app = app
        self._seen: dict[UUID, int] = {}
        self.readings = 0

    def read_rows(self, stop: threading.Event) -> None:
        while not stop.is_set():
            rows = {row.ticket_id: row for row in self._app.projections.rows(MARKS)}
            assert len(rows) == len(TICKETS)
            for ticket_id, row in rows.items():
                assert row.marks == tuple(map(str, range(1, row.version)))
                assert row.version >= self._seen.get(ticket_id, 1)
                self._seen[ticket_id] = row.version
            self.readings += 1

    def read_reports(self, stop: threading.Event) -> None:
        while not stop.is_set():
            for stale in (True, False):
                report = reports.backlog(self._app, stale=stale)
                total, *_ = report.of("backlog")
                assert (total.denominator, report.set_aside) == (len(TICKETS), 0)
            self.readings += 1


@pytest.mark.parametrize("mode", ["beside", "inline"])
def test_readers_see_whole_and_ever_newer_rows_while_these_are_rebuilt(
    app: Ticketing, another: Ticketing, mode: str
) -> None:
    rebuilt: tuple[Projection[Any], ...] = (MARKS, BACKLOG_ROWS)
    if mode == "inline":
        for projection in rebuilt:
            app.projections.make_inline(projection)
    first, second = Reader(another), Reader(another)
    write = appends_all_the_time(app.store, tickets=TICKETS, version=1)
    with (
        running(another.projections, poll=timedelta(milliseconds=20)),
        meanwhile(write, first.read_rows, second.read_reports) as stop,
    ):
        for _ in range(2):
            for projection in rebuilt:
                of_same_store(app, MARKS, page_size=50).rebuild(projection)
        until(lambda: stop.is_set() or (first.readings > 5 and second.readings > 2))
    assert app.projections.catch_up() == app.store.head() > len(TICKETS)
    for projection in (*rebuilt, TALLY):
        assert list(app.projections.rows(projection)) == fresh(app, projection)
    assert {it.mode for it in app.projections.status() if it.name == "marks"} == {
        "inline" if mode == "inline" else "daemon"
    }


def test_who_has_begun_to_read_the_old_rows_reads_them_to_the_end(app: Ticketing, another: Ticketing) -> None:
    begun = threading.Event()

    def read_slowly(stop: threading.Event) -> None:
        rows = another.projections.rows(MARKS)
        found = [next(rows)]
        begun.set()
        time.sleep(0.3)
        found += rows
        assert len(found) == len(TICKETS)

    with meanwhile(read_slowly):
        assert begun.wait(LONG.total_seconds())
        app.projections.rebuild(MARKS)
    assert [state.id for state in app.store.views() if state.id.name == "marks"] == [MARKED]


def test_what_was_appended_while_the_rows_were_rebuilt_is_in_them(app: Ticketing) -> None:
    versions = iter(range(1, 100))

    def append_one(progress: Progress) -> None:
        app.store.append([append(3, next(versions), mark("more"))])

    app.projections.rebuild(MARKS, on_progress=append_one)
    (row,) = [row for row in app.projections.rows(MARKS) if row.ticket_id == number(3)]
    # Pages of seven reach 7, 14 and 21, one fact of the three that came meanwhile with the last of them; the next page
    # takes in the other two, and what came then is folded under the log's lock.
    assert row.marks == ("more",) * 4
    assert app.projections.ready_view(MARKS).position() == app.store.head() == 24


# mended


def test_old_rows_are_served_until_all_of_the_new_ones_are_there(app: Ticketing, store_url: str) -> None:
    app.store.append([append(ticket, 1, mark("a")) for ticket in TICKETS])
    app.projections.catch_up()
    served = []

    def look(progress: Progress) -> None:
        served.append({row.marks for row in app.projections.rows(MARKS)})

    mended = of_same_store(app, MENDED)
    mended.rebuild(MENDED, on_progress=look)
    assert served == [{("a",)}] * 6
    assert {row.marks for row in app.projections.rows(MARKS)} == {("A",)}


def of_same_store(app: Ticketing, *projections: Projection[Any], page_size: int = 7) -> Upkeep:
    """The upkeep of another process, with other projections."""
    randbytes = Random(3).randbytes
    return Upkeep(app.store, projections, clock=lambda: START, random_bytes=randbytes, page_size=page_size)


def test_progress_comes_to_the_end_page_by_page(app: Ticketing) -> None:
    told: list[Progress] = []
    app.projections.rebuild(MARKS, on_progress=told.append)
    assert [(it.done, it.total) for it in told] == [(7, 20), (14, 20), (20, 20)]
    assert told[-1].remaining == timedelta(0)


def test_rows_that_were_never_folded_and_an_empty_log_can_be_rebuilt(store_url: str) -> None:
    with opened(store_url, MARKS) as app:
        app.projections.rebuild(MARKS)
        assert list(app.projections.rows(MARKS)) == []
        app.store.append([append(1, 0, mark("a"))])
        app.projections.rebuild(MARKS)
        assert [row.marks for row in app.projections.rows(MARKS)] == [("a",)]


# interrupted


def interrupt_at(position: int) -> Callable[[Progress], None]:
    def interrupt(progress: Progress) -> None:
        if progress.done == position:
            raise InterruptedError

    return interrupt


def test_a_rebuild_that_was_interrupted_goes_on_from_where_it_was(app: Ticketing, another: Ticketing) -> None:
    app.store.append([append(4, 1, mark(ILLEGIBLE))])
    with pytest.raises(InterruptedError):
        app.projections.rebuild(MARKS, on_progress=interrupt_at(14))
    assert [(it.mode, it.position) for it in app.projections.status() if it.name == "marks"] == [
        ("daemon", 20),
        ("rebuild", 14),
    ]
    app.store.append([append(5, 1, mark("a"))])
    another.projections.catch_up()
    told: list[Progress] = []
    another.projections.rebuild(MARKS, on_progress=told.append)
    assert [it.done for it in told] == [21, 22]
    assert [it.mode for it in app.projections.status() if it.name == "marks"] == ["daemon"]
    marks = {row.ticket_id: row.marks for row in app.projections.rows(MARKS)}
    assert (len(marks), marks[number(5)]) == (20, ("a",))
    assert [letter.position for letter in app.projections.dead_letters(MARKS)] == [21]


def test_a_rebuild_that_was_interrupted_is_begun_again_where_one_says_so(app: Ticketing) -> None:
    with pytest.raises(InterruptedError):
        app.projections.rebuild(MARKS, on_progress=interrupt_at(14))
    told: list[Progress] = []
    app.projections.rebuild(MARKS, is_afresh=True, on_progress=told.append)
    assert [it.done for it in told] == [7, 14, 20]
    assert list(app.projections.rows(MARKS)) == fresh(app, MARKS)


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_rows_whose_table_somebody_dropped_are_rebuilt(url: str, request: pytest.FixtureRequest) -> None:
    store_url: str = request.getfixturevalue(url)
    with opened(store_url, MARKS) as app:
        app.store.append([append(ticket, 0, mark("a")) for ticket in range(9)])
        app.projections.catch_up()
        if store_url.startswith("sqlite:"):
            with closing(sqlite3.connect(file_of(store_url))) as sqlite:
                sqlite.execute("DROP TABLE ticketing_view_marks_1")
        else:
            libpq_url, schema = split_schema(store_url)
            with psycopg.connect(libpq_url) as postgres:
                postgres.execute(SQL("DROP TABLE {}").format(Identifier(schema, "ticketing_view_marks_1")))
        app.projections.rebuild(MARKS)
        assert list(app.projections.rows(MARKS)) == fresh(app, MARKS)
        app.projections.rebuild(MARKS)


def rebuild_and_hang(url: str, ready: Ready) -> None:
    """Rebuilds the rows up to position 14, and is not heard of again."""
    sqlite_watch.LEASE_SECONDS = 0.5  # its heirs do not wait for long

    def hang(progress: Progress) -> None:
        if progress.done == 14:
            ready()
            time.sleep(LONG.total_seconds())

    with closing(opened(url, MARKS, TALLY, seed=4)) as app:
        app.projections.rebuild(MARKS, on_progress=hang)


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_a_rebuild_whose_process_was_killed_goes_on_from_where_it_was(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(kind)
    with opened(url, MARKS, TALLY) as app:
        app.store.append([append(ticket, 0, mark("a")) for ticket in range(25)])
        app.projections.catch_up()
        with processes(partial(rebuild_and_hang, url)) as killed:
            killed.go()
            # While it lives nobody else rebuilds the same rows, and who wants to may read the old ones.
            with pytest.raises(Conflict, match="another process is rebuilding marks"):
                app.projections.rebuild(MARKS)
            assert len(list(app.projections.rows(MARKS))) == 25
        told: list[Progress] = []
        until(lambda: is_rebuilt(app, told))
        assert [it.done for it in told] == [21, 25]
        assert list(app.projections.rows(MARKS)) == fresh(app, MARKS)


def is_rebuilt(app: Ticketing, told: list[Progress]) -> bool:
    with suppress(Conflict):  # who was killed is waited for a moment
        app.projections.rebuild(MARKS, on_progress=told.append)
        return True
    return False


def test_two_rebuild_the_same_rows_one_after_the_other(app: Ticketing, another: Ticketing) -> None:
    refused = []

    def rebuild_too(progress: Progress) -> None:
        with pytest.raises(Conflict, match="another process is rebuilding marks"):
            another.projections.rebuild(MARKS)
        refused.append(progress.done)

    app.projections.rebuild(MARKS, on_progress=rebuild_too)
    assert refused == [7, 14, 20]
    another.projections.rebuild(MARKS)
    assert list(app.projections.rows(MARKS)) == fresh(app, MARKS)


def test_who_rebuilds_for_long_keeps_the_lead_and_shows_how_fast_it_goes(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_watch, "LEASE_SECONDS", 0.6)
    with opened(sqlite_url, MARKS) as app:
        app.store.append([append(ticket, 0) for ticket in range(35)])
        seen = []

        def look(progress: Progress) -> None:
            (it,) = [it for it in app.projections.status() if it.mode == "rebuild"]
            seen.append((it.leader is not None, it.rate is not None))
            time.sleep(0.25)

        app.projections.rebuild(MARKS, on_progress=look)
    # A lease of 0.6 s, and five pages in 1.25 s.
    assert seen == [(True, True)] * 5


# a new version


def test_a_new_version_is_folded_beside_the_old_one_which_is_served_all_the_while(
    app: Ticketing, another: Ticketing
) -> None:
    app.store.append([append(ticket, 1, mark("a")) for ticket in TICKETS])
    head = app.store.head()
    upgraded = of_same_store(another, CAPITALS, page_size=3)
    seen: list[tuple[int, bool]] = []

    def look(turn: object) -> None:
        with suppress(NotReady):
            assert {row.marks for row in upgraded.rows(CAPITALS)} == {("A",)}
            seen.append((position_of(upgraded), True))
            return
        seen.append((position_of(upgraded), False))

    with running(app.projections, poll=timedelta(milliseconds=20)):
        app.projections.wait(head, timeout=LONG)
        with running(upgraded, on_turn=look):
            until(lambda: {row.marks for row in app.projections.rows(MARKS)} == {("a",)} and (head, True) in seen)
        app.store.append([append(0, 2, mark("b"))])
        app.projections.wait(head + 1, timeout=LONG)
    # In pages of three up to forty: not to be read before all of it is there.
    assert [at for at, is_ready in seen if not is_ready] == list(range(3, head, 3))
    # The process that has the old version goes on with it, and the new one stands where its own left it.
    assert {it.version: it.position for it in upgraded.status() if it.name == "marks"} == {1: head + 1, 2: head}
    assert ("a", "b") in {row.marks for row in app.projections.rows(MARKS)}
    upgraded.remove("marks", 1)
    assert {row.marks for row in upgraded.rows(CAPITALS)} == {("A",)}


def position_of(kept: Upkeep) -> int:
    (it,) = [it for it in kept.status() if it.is_known]
    return it.position


def test_a_new_version_may_be_read_once_it_is_as_far_as_the_log_was_when_it_was_begun(app: Ticketing) -> None:
    upgraded = of_same_store(app, CAPITALS, page_size=5)
    with pytest.raises(NotReady, match="marks version 2 are being folded for the first time: position 0 of 20"):
        upgraded.rows(CAPITALS)
    reached = []

    def append_more(position: int) -> None:
        reached.append(position)
        if position <= 20:
            app.store.append([append(ticket, position // 5, mark("more")) for ticket in TICKETS])
        if position < 20:
            with pytest.raises(NotReady, match=f"position {position} of 20"):
                upgraded.rows(CAPITALS)
        else:
            assert len(list(upgraded.rows(CAPITALS))) == len(TICKETS)

    upgraded.catch_up(on_page=append_more)
    assert reached == [5, 10, 15, 20]
    assert app.store.head() == 100
