"""A lost wake-up costs a poll and nothing else: what is in the log is in the rows within two seconds."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event as Flag

import psycopg
import pytest
from psycopg import sql

from tests.processes import Ready, processes, until
from tests.race import Running
from tests.store_examples import MARKS, TALLY, append, mark, number
from ticketing.adapters.codec import Codec
from ticketing.adapters.daemon import POLL_SECONDS, Turn
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.projector import view_of
from ticketing.adapters.store import Append
from ticketing.adapters.urls import file_of, split_schema
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.domain.values import instant_text

SEEN_WITHIN_SECONDS = 2.0
TRIES = 3
POLL = timedelta(seconds=POLL_SECONDS)
SELDOM = timedelta(seconds=30)
"""Between two polls, where these shall not be what helps."""

TALLIES = ViewId(TALLY.name, TALLY.version)

_HEAD = sql.SQL("SELECT coalesce(max(notification_id), 0) FROM {}")
_COPY = sql.SQL("""
COPY {} (notification_id, originator_id, originator_version, topic, state, recorded_at, stream_kind) FROM STDIN
""")
_SQLITE_HEAD = "SELECT coalesce(max(rowid), 0) FROM ticketing_events"
_INSERT = """
INSERT INTO ticketing_events (rowid, originator_id, originator_version, topic, state, recorded_at, stream_kind)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_END_WATCHES = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_locks
WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objid = %s::regclass::oid
"""
"""Whoever waits to be woken holds a shared lock."""


def opened(url: str) -> Ticketing:
    return Ticketing(url, projections=[MARKS, TALLY])


def write_past(url: str, *appends: Append) -> None:
    """Writes facts into the table of events, in their place and under the lock, and tells nobody."""
    envelopes = [envelope for one in appends for envelope in one.envelopes]
    forms = [(one.stream_id, one.version, Codec().encode(one)[0]) for one in envelopes]
    now = datetime.now(UTC)
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(file_of(url), isolation_level="IMMEDIATE")) as database, database:
            database.execute("BEGIN IMMEDIATE")
            ((head,),) = database.execute(_SQLITE_HEAD)
            for position, (stream_id, version, form) in enumerate(forms, head + 1):
                place = (position, stream_id.hex, version)
                database.execute(_INSERT, (*place, form.topic, form.state, instant_text(now), "ticket"))
        return
    conninfo, schema = split_schema(url)
    statements = Statements(schema)
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.execute(statements.lock_log)
        ((head,),) = cursor.execute(_HEAD.format(statements.names["events"])).fetchall()
        with cursor.copy(_COPY.format(statements.names["events"])) as copy:
            for position, (stream_id, version, form) in enumerate(forms, head + 1):
                copy.write_row((position, stream_id, version, form.topic, form.state, now, "ticket"))


def end_watches(url: str) -> int:
    """How many connections were ended on which somebody waited to be woken."""
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        events = Statements(schema).names["events"].as_string(connection)
        return len(connection.execute(_END_WATCHES, (events,)).fetchall())


@contextmanager
def daemon(app: Ticketing, *, poll: timedelta = POLL) -> Iterator[None]:
    """A daemon in a thread; when this begins it leads and has nothing to do."""
    stop, is_idle = Flag(), Flag()

    def on_turn(turn: Turn) -> None:
        if turn.led and turn.position is None:
            is_idle.set()

    running = Running(lambda: app.projections.run(stop, poll=poll, on_turn=on_turn))
    try:
        assert is_idle.wait(60), running.is_done(0)
        yield
    finally:
        stop.set()
        app.store.append([append(1000 + app.store.head(), 0)])  # it looks for the flag when it wakes
        assert running.is_done(), "the daemon does not stop"


def require_seen(app: Ticketing, write: Callable[[int], None]) -> None:
    """What is written to a ticket is in the rows within two seconds from when `write` returns.

    It may take longer once or twice, for then the machine may have had other things to do.
    """
    taken = []
    for _ in range(TRIES):
        ticket = app.store.head() + 1
        write(ticket)
        taken.append(seconds_until_seen(app, ticket))
        if taken[-1] < SEEN_WITHIN_SECONDS:
            return
        print(f"seen after {taken[-1]:.1f} seconds; trying again, for the machine may be busy")
    raise AssertionError(f"seen after {taken} seconds")


def seconds_until_seen(app: Ticketing, ticket: int) -> float:
    begun = time.monotonic()
    while number(ticket) not in {row.ticket_id for row in app.projections.rows(TALLY)}:
        if time.monotonic() > begun + 2 * SEEN_WITHIN_SECONDS:
            return float("inf")
        time.sleep(0.005)
    return time.monotonic() - begun


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def lasting_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store that outlives its process."""
    url: str = request.getfixturevalue(request.param)
    return url


def test_facts_that_nobody_was_told_of_are_seen_within_two_seconds(lasting_url: str) -> None:
    with closing(opened(lasting_url)) as app, daemon(app):
        for _ in range(3):
            require_seen(app, lambda ticket: write_past(lasting_url, append(ticket, 0), append(ticket + 1, 0)))


def test_facts_are_seen_within_two_seconds_though_the_listening_connection_was_ended(postgres_url: str) -> None:
    def append_unheard(ticket: int) -> None:
        until(lambda: end_watches(postgres_url) == 1)
        app.store.append([append(ticket, 0)])

    def write_past_unheard(ticket: int) -> None:
        until(lambda: end_watches(postgres_url) == 1)
        write_past(postgres_url, append(ticket, 0))

    with closing(opened(postgres_url)) as app, daemon(app):
        for _ in range(3):
            require_seen(app, append_unheard)
            require_seen(app, write_past_unheard)


def test_a_connection_that_is_ended_time_and_again_loses_no_fact(postgres_url: str) -> None:
    with closing(opened(postgres_url)) as app, daemon(app):
        for ticket in range(1, 41):
            app.store.append([append(ticket, 0)])
            if ticket % 4 == 0:
                end_watches(postgres_url)
        require_seen(app, lambda ticket: write_past(postgres_url, append(ticket, 0)))
        assert {row.ticket_id: row.facts for row in app.projections.rows(TALLY)}.items() >= {
            (number(ticket), 1) for ticket in range(1, 41)
        }


def test_an_append_wakes_who_would_not_look_for_long(store_url: str) -> None:
    with closing(opened(store_url)) as app, daemon(app, poll=SELDOM):
        for _ in range(3):
            require_seen(app, lambda ticket: keep(app, ticket))


def keep(app: Ticketing, ticket: int) -> None:
    app.store.append([append(ticket, 0)])


def append_elsewhere(url: str, ticket: int, ready: Ready) -> None:
    with closing(opened(url)) as app:
        ready()
        keep(app, ticket)


def test_so_does_an_append_of_another_process(lasting_url: str) -> None:
    def write(ticket: int) -> None:
        with processes(partial(append_elsewhere, lasting_url, ticket)) as other:
            other.go()
            other.answers()

    with closing(opened(lasting_url)) as app, daemon(app, poll=SELDOM):
        require_seen(app, write)


def test_a_watch_is_woken_by_what_was_appended_while_it_did_something_else(store_url: str) -> None:
    with closing(opened(store_url)) as app:
        view_of(app.store, TALLY)
        with closing(app.store.watch("one")) as watch, closing(app.store.watch("other")) as other:
            assert seconds_of(lambda: watch.wait(0.2)) >= 0.2
            for ticket in (1, 2, 3):
                keep(app, ticket)
                assert watch.lead(TALLIES) == 1
                assert other.lead(TALLIES) is None
                assert seconds_of(lambda: watch.wait(30)) < SEEN_WITHIN_SECONDS
                assert seconds_of(lambda: other.wait(30)) < SEEN_WITHIN_SECONDS


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def test_rows_kept_inline_take_in_what_came_by_another_way_with_the_next_append(lasting_url: str) -> None:
    with closing(opened(lasting_url)) as app:
        app.projections.make_inline(MARKS)
        app.store.append([append(1, 0, mark("a"))])
        write_past(lasting_url, append(1, 1, mark("b"), mark("c")), append(2, 0, mark("x")))
        app.store.append([append(1, 3, mark("d")), append(2, 1, mark("y"))])
        assert view_of(app.store, MARKS).position() == app.store.head() == 6
        marks = {row.ticket_id: row.marks for row in app.projections.rows(MARKS)}
        assert marks == {number(1): ("a", "b", "c", "d"), number(2): ("x", "y")}
