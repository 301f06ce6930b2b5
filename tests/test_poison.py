"""Poison: what a projection fails at stops one ticket and not the report, and can be tried again or given up."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.daemons import LONG, running
from tests.repairs import TECHNICIAN, WHY, Company, day
from tests.store_examples import (
    ILLEGIBLE,
    MARKS,
    MICROSECOND,
    START,
    TALLY,
    FakeClock,
    Marks,
    MarksRow,
    append,
    correction,
    fake_random_bytes,
    mark,
    number,
    retraction,
)
from ticketing import reports
from ticketing.adapters.codec import Codec
from ticketing.adapters.memory import MemoryStore
from ticketing.adapters.store import Append, Store, Stored
from ticketing.adapters.upkeep import Upkeep
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import DeadLetter
from ticketing.domain import events as e
from ticketing.domain.errors import NotFound, NotReady, StoreError, UnreadableEvent
from ticketing.domain.record import RecordNote
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BUILT_IN, TURNAROUND_ROWS
from ticketing.projections.report import Report
from ticketing.projections.row import Projection, Row
from ticketing.projections.whole import row_of

EARLIER = START - timedelta(days=1)
LATER = START + timedelta(hours=5)


class LearnedMarks(Marks):
    """The projection as it is after somebody mended it: it can read everything."""

    def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
        if isinstance(fact.event, e.HostFactRecorded) and fact.event.data["mark"] == ILLEGIBLE:
            return replace(row, marks=(*row.marks, "read at last"))
        return super().apply(row, fact)


LEARNED = LearnedMarks()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(store_url: str, clock: FakeClock) -> Iterator[Store]:
    projections = (MARKS, TALLY)
    with closing(open_store(store_url, clock=clock, random_bytes=fake_random_bytes, projections=projections)) as store:
        yield store


def upkeep(store: Store, *projections: Projection[Any], page_size: int = 3) -> Upkeep:
    clock = FakeClock(LATER)
    return Upkeep(store, projections, clock=clock, random_bytes=fake_random_bytes, page_size=page_size)


Way = Callable[[Upkeep, Store], None]


def caught_up(kept: Upkeep, store: Store) -> None:
    kept.catch_up()


def followed(kept: Upkeep, store: Store) -> None:
    with running(kept):
        kept.wait(store.head(), timeout=LONG)


def rebuilt(kept: Upkeep, store: Store) -> None:
    for projection in kept.known.values():
        kept.rebuild(projection)


def already_inline(kept: Upkeep, store: Store) -> None:
    kept.wait(store.head(), timeout=timedelta(0))


@pytest.fixture(params=[caught_up, followed, rebuilt, already_inline])
def brought_up_to_date(request: pytest.FixtureRequest, store: Store) -> Way:
    """Every way in which rows are brought up to date; the last is that they are at every append."""
    if request.param is already_inline:
        for projection in (MARKS, TALLY):
            upkeep(store, MARKS, TALLY).make_inline(projection)
    way: Way = request.param
    return way


def marks(kept: Upkeep, projection: Projection[MarksRow] = MARKS) -> dict[int, tuple[str, ...]]:
    """The marks of the first tickets that have a row."""
    rows = {row.ticket_id: row.marks for row in kept.rows(projection)}
    return {n: rows[number(n)] for n in range(9) if number(n) in rows}


def fresh(store: Store, projection: Projection[Any], *without: int) -> list[Row]:
    """The rows from the log, but for what stands at some positions."""
    histories = [[fact for fact in it if fact.position not in without] for it in store.histories()]
    return [row_of(projection, it[0].stream_id, it, store.rules_at(store.head())) for it in histories if it]


# set aside


def test_a_failing_event_and_the_later_ones_of_its_ticket_are_set_aside_and_others_go_on(
    store: Store, brought_up_to_date: Way
) -> None:
    kept = upkeep(store, MARKS, TALLY)
    store.append([append(1, 0, mark("a"), mark("b")), append(2, 0, mark("x"))])
    store.append([append(1, 2, mark(ILLEGIBLE), mark("c")), append(2, 1, mark("y"))])
    store.append([append(1, 4, mark("early"), at=EARLIER), append(3, 0, mark("z")), append(2, 2, correction(1, "X"))])
    brought_up_to_date(kept, store)
    assert marks(kept) == {1: ("a", "b"), 2: ("X", "y"), 3: ("z",)}
    assert kept.dead_letters(MARKS) == [
        DeadLetter(
            ticket_id=number(1),
            position=4,
            version=3,
            topic="ticketing:HostFactRecorded",
            reason="ValueError: a mark that is illegible",
            recorded_at=store.log(3, 1)[0].recorded_at,
        )
    ]
    # Nobody else waits for it: neither another projection, nor the position.
    assert list(kept.rows(TALLY)) == fresh(store, TALLY)
    assert kept.dead_letters(TALLY) == []
    standing = {it.name: (it.position, it.lag_events, it.dead_letters) for it in kept.status()}
    assert standing == {"marks": (9, 0, 1), "tally": (9, 0, 0)}


def test_what_comes_after_the_rows_were_brought_up_to_date_waits_too(store: Store, brought_up_to_date: Way) -> None:
    kept = upkeep(store, MARKS, TALLY)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE))])
    brought_up_to_date(kept, store)
    store.append([append(1, 2, mark("b")), append(2, 0, mark("x")), append(1, 3, mark(ILLEGIBLE), retraction(1))])
    brought_up_to_date(kept, store)
    assert marks(kept) == {1: ("a",), 2: ("x",)}
    assert [letter.position for letter in kept.dead_letters(MARKS)] == [2]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRow(Row):
    """A row of another class."""


class Unkeepable(Marks):
    """Makes of some marks what no column takes."""

    def apply(self, row: MarksRow, fact: Recorded[Event]) -> Any:  # noqa: ANN401 - that it is no MarksRow is the point
        after = super().apply(row, fact)
        return {
            "heavy": replace(after, weight=2**63),
            "of another class": OtherRow(ticket_id=row.ticket_id),
            "of nothing": None,
            "of another ticket": replace(after, ticket_id=number(2)),
        }.get(after.marks[-1], after)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow(Row):
    """The last mark as a text."""

    mark: str = ""


class Texts:
    """Keeps the last mark, though texts with a zero character cannot be kept in every store."""

    name = "texts"
    version = 1
    row = TextRow

    def apply(self, row: TextRow, fact: Recorded[Event]) -> TextRow:
        assert isinstance(fact.event, e.HostFactRecorded)
        return replace(row, mark=str(fact.event.data["mark"]).replace("zero", "\0"))


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("heavy", "MarksRow.weight: int '9223372036854775808' is no value for it"),
        ("of another class", "a OtherRow in place of a MarksRow"),
        ("of nothing", "TypeError"),
        ("of another ticket", f"the row of another ticket: {number(2)}"),
    ],
)
def test_a_row_that_no_column_takes_stops_its_ticket_alone(store: Store, what: str, reason: str) -> None:
    kept = upkeep(store, Unkeepable(), page_size=100)
    store.append([append(1, 0, mark("a"), mark(what), mark("b")), append(2, 0, mark("x"), mark("y"))])
    kept.catch_up()
    assert marks(kept) == {1: ("a",), 2: ("x", "y")}
    (letter,) = kept.dead_letters(MARKS)
    assert (letter.ticket_id, letter.position) == (number(1), 2)
    assert letter.reason.startswith(reason)


def test_a_row_with_a_zero_character_stops_its_ticket_alone(store: Store) -> None:
    kept = upkeep(store, Texts(), page_size=100)
    store.append([append(1, 0, mark("a"), mark("zero")), append(2, 0, mark("x"))])
    kept.catch_up()
    assert [row.mark for row in kept.rows(Texts())] == [row.mark for row in sorted_rows({1: "a", 2: "x"})]
    assert [letter.position for letter in kept.dead_letters(Texts())] == [2]


def sorted_rows(texts: dict[int, str]) -> list[TextRow]:
    rows = [TextRow(ticket_id=number(ticket), mark=text) for ticket, text in texts.items()]
    return sorted(rows, key=lambda row: row.ticket_id)


# tried again


def test_a_ticket_is_whole_again_once_the_projection_was_mended(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("b")), append(2, 0, mark(ILLEGIBLE))])
    kept.catch_up()
    store.append([append(1, 3, mark("c")), append(1, 4, mark("early"), at=EARLIER)])
    first, second = kept.dead_letters(MARKS)
    assert [(it.letter, it.now) for it in kept.retry(MARKS)] == [(first, first), (second, second)]
    mended = upkeep(store, LEARNED)
    (retried,) = mended.retry(LEARNED, number(1))
    assert (retried.letter, retried.now) == (first, None)
    # What was not folded yet is not folded by a retry either: positions 5 and 6 are the daemon's.
    assert marks(mended) == {1: ("a", "read at last", "b")}
    assert mended.dead_letters(LEARNED) == [second]
    mended.catch_up()
    assert marks(mended) == {1: ("early", "a", "read at last", "b", "c")}
    assert [it.now for it in mended.retry(LEARNED)] == [None]
    assert list(mended.rows(LEARNED)) == fresh(store, LEARNED)
    assert mended.retry(LEARNED) == []


@pytest.mark.parametrize(
    ("remedy", "found"), [(correction(2, "b"), ("a", "b", "c")), (retraction(2), ("a", "c"))], ids=["set right", "back"]
)
def test_a_ticket_is_whole_again_when_its_poison_was_set_right_or_taken_back(
    store: Store, remedy: Event, found: tuple[str, ...]
) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("c"))])
    kept.catch_up()
    store.append([append(1, 3, remedy)])
    kept.catch_up()
    assert (marks(kept), len(kept.dead_letters(MARKS))) == ({1: ("a",)}, 1)
    assert [it.now for it in kept.retry(MARKS)] == [None]
    for _ in range(2):
        assert (marks(kept), kept.dead_letters(MARKS)) == ({1: found}, [])
        kept.rebuild(MARKS)


def test_a_second_poison_after_a_retry_is_a_new_letter(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("b", 2**63))])
    kept.catch_up()
    mended = upkeep(store, LEARNED)
    ((letter, now),) = [(it.letter, it.now) for it in mended.retry(LEARNED)]
    assert letter.position == 2
    assert now is not None
    assert (now.position, now.reason[:16]) == (3, "MarksRow.weight:")
    assert mended.dead_letters(LEARNED) == [now]
    assert marks(mended) == {1: ("a", "read at last")}


def test_a_poison_after_all_was_well_again_is_a_new_letter(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark(ILLEGIBLE))])
    kept.catch_up()
    upkeep(store, LEARNED).retry(LEARNED)
    store.append([append(1, 1, mark("b"), mark(ILLEGIBLE), mark("c"))])
    kept.catch_up()
    assert [(letter.position, letter.dropped_at) for letter in kept.dead_letters(MARKS)] == [(3, None)]
    assert marks(kept) == {1: ("read at last", "b")}


def test_only_a_ticket_that_waits_can_be_tried_again_or_go_on_without(store: Store) -> None:
    kept = upkeep(store, MARKS, TALLY)
    store.append([append(1, 0, mark(ILLEGIBLE)), append(2, 0, mark("x"))])
    kept.catch_up()
    for projection, ticket in ((MARKS, 2), (MARKS, 7), (TALLY, 1)):
        for change in (kept.retry, kept.drop):
            with pytest.raises(NotFound, match=f"ticket {number(ticket)} does not wait in {projection.name}"):
                change(projection, number(ticket))
    kept.drop(MARKS, number(1))
    with pytest.raises(NotFound):
        kept.drop(MARKS, number(1))


# given up


def test_an_event_that_somebody_healed_meanwhile_is_not_dropped(store: Store) -> None:
    store.append([append(1, 0, mark(ILLEGIBLE), mark("b"))])
    upkeep(store, MARKS).catch_up()

    def heal_and_tell() -> datetime:
        """The clock, which is asked between the look at the letters and the drop."""
        upkeep(store, LEARNED).retry(LEARNED)
        return START

    dropping = Upkeep(store, (MARKS,), clock=heal_and_tell, random_bytes=fake_random_bytes, page_size=3)
    with pytest.raises(NotFound, match="waits for that event no more"):
        dropping.drop(MARKS, number(1))
    assert marks(dropping) == {1: ("read at last", "b")}
    assert dropping.dead_letters(MARKS) == []


def test_a_ticket_that_stops_at_its_first_event_now_has_no_row_of_before(store: Store) -> None:
    class FailingMarks(Marks):
        def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
            raise ValueError(fact.version)

    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE))])
    kept = upkeep(store, MARKS)
    kept.catch_up()
    assert marks(kept) == {1: ("a",)}
    upkeep(store, FailingMarks()).retry(FailingMarks())
    assert (marks(kept), [letter.version for letter in kept.dead_letters(MARKS)]) == ({}, [1])


def test_a_ticket_goes_on_without_an_event_that_was_dropped(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("b")), append(2, 0, mark("x"))])
    kept.catch_up()
    dropped = kept.drop(MARKS, number(1))
    assert (dropped.letter.position, dropped.now) == (2, None)
    assert kept.dead_letters(MARKS) == [replace(dropped.letter, dropped_at=LATER)]
    assert marks(kept) == {1: ("a", "b"), 2: ("x",)}
    (standing,) = [it for it in kept.status() if it.name == "marks"]
    assert (standing.dead_letters, standing.dropped) == (0, 1)
    mended = upkeep(store, LEARNED, page_size=100)
    for each in (kept, mended):
        each.rebuild(each.named("marks"))
        assert marks(each) == {1: ("a", "b"), 2: ("x",)}
    # Later facts, late facts and corrections leave it out, and so do rebuilds, with a mended projection too.
    store.append([append(1, 3, mark("c")), append(1, 4, mark("early"), at=EARLIER)])
    store.append(
        [append(1, 5, correction(1, "A")), append(1, 6, correction(2, "of no use")), append(1, 7, retraction(3))]
    )
    kept.catch_up()
    whole = {1: ("early", "A", "c"), 2: ("x",)}
    assert marks(kept) == whole
    kept.rebuild(MARKS)
    assert marks(kept) == whole
    mended.rebuild(LEARNED)
    assert marks(mended) == whole
    assert list(mended.rows(LEARNED)) == fresh(store, LEARNED, 2)
    assert mended.dead_letters(LEARNED) == [replace(dropped.letter, dropped_at=LATER)]


def test_an_event_that_was_dropped_while_a_rebuild_was_under_way_is_left_out_of_its_rows(store: Store) -> None:
    kept = upkeep(store, MARKS, page_size=2)
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("b"), mark("c")), append(2, 0, mark(ILLEGIBLE))])
    kept.catch_up()
    seen = []

    def drop_at_the_second_page(progress: object) -> None:
        seen.append(progress)
        if len(seen) == 2:
            kept.drop(MARKS, number(1))

    mended = upkeep(store, LEARNED, page_size=2)
    mended.rebuild(LEARNED, on_progress=drop_at_the_second_page)
    assert marks(mended) == {1: ("a", "b", "c"), 2: ("read at last",)}
    assert [(letter.position, letter.dropped_at) for letter in mended.dead_letters(LEARNED)] == [(2, LATER)]


def test_behind_a_dropped_event_the_next_poison_waits(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark(ILLEGIBLE), mark("a"), mark(ILLEGIBLE), mark("b"))])
    kept.catch_up()
    now = kept.drop(MARKS, number(1)).now
    assert now is not None
    assert (now.position, now.dropped_at) == (3, None)
    assert marks(kept) == {1: ("a",)}
    assert kept.drop(MARKS, number(1)).now is None
    assert marks(kept) == {1: ("a", "b")}
    assert [letter.dropped_at for letter in kept.dead_letters(MARKS)] == [LATER, LATER]


def test_a_ticket_of_which_nothing_is_left_has_no_row(store: Store) -> None:
    kept = upkeep(store, MARKS)
    store.append([append(1, 0, mark(ILLEGIBLE))])
    kept.catch_up()
    assert kept.drop(MARKS, number(1)).now is None
    assert marks(kept) == {}
    store.append([append(1, 1, mark("a"))])
    kept.catch_up()
    assert marks(kept) == {1: ("a",)}


# nobody's poison


class Faltering(MemoryStore):
    """A store that cannot be read now and then."""

    is_away = False

    def stored_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Stored]:
        if self.is_away:
            raise StoreError("the connection was lost")
        return super().stored_stream(stream_id, after_version=after_version)


def test_a_store_that_goes_away_in_the_middle_of_a_page_poisons_nothing() -> None:
    store = Faltering(clock=FakeClock(), random_bytes=fake_random_bytes, projections=[MARKS])
    kept = upkeep(store, MARKS, page_size=100)
    store.append([append(1, 0, mark("b")), append(2, 0, mark("x")), append(1, 1, mark("a"), at=EARLIER)])
    store.is_away = True  # while the history of the late entry's ticket is read
    with pytest.raises(StoreError, match="connection was lost"):
        kept.catch_up()
    with running(kept, poll=timedelta(milliseconds=10)):
        with pytest.raises(NotReady, match="marks is at position 0, not 3 yet"):
            kept.wait(3, timeout=timedelta(milliseconds=100))
        store.is_away = False
        kept.wait(3, timeout=LONG)
    assert (marks(kept), kept.dead_letters(MARKS)) == ({1: ("a", "b"), 2: ("x",)}, [])


def test_who_is_interrupted_in_the_middle_of_a_page_poisons_nothing(store: Store) -> None:
    class Interrupted(Marks):
        def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
            raise KeyboardInterrupt

    store.append([append(1, 0, mark("a"))])
    with pytest.raises(KeyboardInterrupt):
        upkeep(store, Interrupted()).catch_up()
    kept = upkeep(store, MARKS)
    kept.catch_up()
    assert (marks(kept), kept.dead_letters(MARKS)) == ({1: ("a",)}, [])


def test_a_projection_that_fails_at_everything_stops_no_daemon(store: Store) -> None:
    class Broken(Marks):
        name = "broken"

        def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
            raise RecursionError

    kept = upkeep(store, Broken(), TALLY)
    with running(kept):
        for version in range(3):
            store.append([append(ticket, version) for ticket in range(5)])
        kept.wait(15, timeout=LONG)
    assert list(kept.rows(TALLY)) == fresh(store, TALLY)
    assert [letter.position for letter in kept.dead_letters(Broken())] == [1, 2, 3, 4, 5]
    assert list(kept.rows(Broken())) == []


# what cannot be read

AS_IT_WAS = ("UnitHandedBack", 1)
WITHOUT_UPCAST = Codec(schemas={"UnitHandedBack": 2})
WITH_UPCAST = Codec(schemas={"UnitHandedBack": 2}, upcasts={AS_IT_WAS: lambda stored: stored})
OLD = Codec()


def to_the_second(version: int, at: datetime, *events: Event) -> Append:
    """What another process appends to ticket 2, which is at that version."""
    one = append(2, version, *events, at=at)
    second = UUID(int=2)
    return replace(one, stream_id=second, envelopes=tuple(replace(it, stream_id=second) for it in one.envelopes))


@pytest.fixture
def company(store_url: str) -> Iterator[Company]:
    """Tickets 1 and 3 came on day 0 and went on day 5 and 9; a newer version of the package gave 2 back on day 6."""
    with Company(store_url) as company:
        company.app.projections.catch_up()
        company.repairs(1, 0, 5)
        company.repairs(2, 0, None)
        company.app.store.codec = WITH_UPCAST
        company.now = day(6)
        company.app.store.append([to_the_second(2, day(6), e.UnitHandedBack())])
        company.app.store.append([to_the_second(3, day(6), e.TicketClosed(outcome="repaired"))])
        company.app.store.codec = OLD
        company.repairs(3, 0, 9)
        company.now = day(20)
        yield company


def handed_back_in_days(report: Report) -> list[tuple[int, float | None, float | None]]:
    return [
        (row.denominator, row.percentiles["p50"], row.percentiles["p90"])
        for row in report.of("turnaround")
        if row.percentiles is not None
    ]


def both_ways(company: Company) -> Iterator[Report]:
    """The report from the rows, and the same from the log as of now."""
    yield reports.turnaround(company.app, unit="d", percentiles=(50, 90))
    yield reports.turnaround(company.app, unit="d", percentiles=(50, 90), as_of=company.now)


def test_an_event_that_cannot_be_read_is_left_out_of_the_report_with_its_ticket(company: Company) -> None:
    from_rows, from_log = both_ways(company)
    assert from_rows.to_json() == from_log.to_json()
    assert from_rows.set_aside == 1
    # Of tickets 1 and 3, half were back after 5 days and nine in ten after 9.
    assert handed_back_in_days(from_rows) == [(2, 5.0, 9.0)]
    for projection in BUILT_IN:
        company.app.projections.catch_up([projection])
        (letter,) = company.app.projections.dead_letters(projection)
        assert (letter.ticket_id, letter.position, letter.version) == (UUID(int=2), 7, 3)
        assert letter.topic == "ticketing:UnitHandedBack"
        assert "schema 2 was written by a newer version" in letter.reason


def test_a_daemon_goes_on_past_an_event_that_cannot_be_read(company: Company) -> None:
    app = company.app
    with running(app.projections):
        app.projections.wait(app.store.head(), timeout=LONG)
    report = reports.turnaround(app, unit="d", percentiles=(50, 90), stale=True)
    assert (report.position, report.set_aside) == (app.store.head(), 1)
    assert handed_back_in_days(report) == [(2, 5.0, 9.0)]


def test_a_report_with_cuts_goes_past_an_event_that_cannot_be_read(company: Company) -> None:
    app = company.app
    # Position 7 was recorded on day 6; before that, nothing of ticket 2 was amiss.
    known = {position: app.store.stored_log(position - 1, 1)[0].recorded_at for position in (6, 7)}
    assert reports.turnaround(app, position=6).set_aside == 0
    assert reports.turnaround(app, known_at=known[6]).set_aside == 0
    assert reports.turnaround(app, known_at=known[7] - MICROSECOND).set_aside == 0
    for at_it in (reports.turnaround(app, position=7), reports.turnaround(app, known_at=known[7])):
        assert (at_it.set_aside, at_it.position) == (1, 7)


def test_an_upcast_and_a_retry_bring_the_ticket_back(company: Company) -> None:
    app = company.app
    for projection in BUILT_IN:
        app.projections.catch_up([projection])
        assert [it.now is None for it in app.projections.retry(projection)] == [False]
    app.store.codec = WITH_UPCAST
    for projection in BUILT_IN:
        assert [(it.letter.position, it.now) for it in app.projections.retry(projection, UUID(int=2))] == [(7, None)]
        assert list(app.projections.rows(projection)) == fresh(app.store, projection)
    from_rows, from_log = both_ways(company)
    assert from_rows.to_json() == from_log.to_json()
    # All three are back: one after 5 days, two of them after 6, three after 9.
    assert (from_rows.set_aside, handed_back_in_days(from_rows)) == (0, [(3, 6.0, 9.0)])


def test_where_an_upcast_was_forgotten_all_that_need_it_wait_and_one_retry_brings_them_back(company: Company) -> None:
    app = company.app
    app.store.codec = WITHOUT_UPCAST
    # Ticket 2 was handed back in the new form, which can be read.
    from_rows, from_log = both_ways(company)
    assert from_rows.to_json() == from_log.to_json()
    assert (from_rows.set_aside, handed_back_in_days(from_rows)) == (2, [(1, 6.0, 6.0)])
    app.store.codec = WITH_UPCAST
    retried = app.projections.retry(TURNAROUND_ROWS)
    assert {it.letter.ticket_id.int: it.now for it in retried} == {1: None, 3: None}
    assert list(app.projections.rows(TURNAROUND_ROWS)) == fresh(app.store, TURNAROUND_ROWS)


def test_a_report_goes_on_without_an_event_that_was_dropped(company: Company) -> None:
    app = company.app
    app.projections.catch_up()
    app.projections.drop(TURNAROUND_ROWS, UUID(int=2))
    for report in both_ways(company):
        # Without its hand-back ticket 2 was closed without one, which is another ending: it never counts as back.
        assert report.set_aside == 0
        assert handed_back_in_days(report) == [(3, 9.0, None)]
    (row,) = [row for row in app.projections.rows(TURNAROUND_ROWS) if row.ticket_id == UUID(int=2)]
    assert (row.version, row.handed_back_at) == (4, None)


def test_a_fact_ahead_of_the_clock_is_waited_for_though_an_event_before_it_was_dropped(company: Company) -> None:
    app = company.app
    app.projections.catch_up()
    app.projections.drop(TURNAROUND_ROWS, UUID(int=2))
    app.store.codec = WITH_UPCAST
    company.finds(UUID(int=2), e.TicketReopened(ground="same_fault"), day(20) + timedelta(minutes=3))
    company.now = day(20)
    app.store.codec = OLD
    from_rows, from_log = both_ways(company)
    assert from_rows.to_json() == from_log.to_json()
    assert from_rows.set_aside == 0


def test_inline_rows_of_a_ticket_wait_once_its_history_cannot_be_read(company: Company) -> None:
    app = company.app
    # A newer version writes the rows too, so they are right until this one has to fold the ticket anew.
    app.projections.make_inline(TURNAROUND_ROWS)
    app.store.codec = WITH_UPCAST
    app.projections.retry(TURNAROUND_ROWS)
    app.store.codec = OLD
    app.store.append([to_the_second(4, day(7), e.TicketReopened(ground="same_fault"))])
    assert app.projections.dead_letters(TURNAROUND_ROWS) == []
    app.store.append([to_the_second(5, day(1), e.CustomerNotified())])
    (letter,) = app.projections.dead_letters(TURNAROUND_ROWS)
    assert (letter.position, letter.topic) == (app.store.head(), "ticketing:CustomerNotified")
    assert "position 7" in letter.reason
    assert reports.turnaround(app).set_aside == 1


def test_commands_to_a_ticket_that_cannot_be_read_are_refused_and_others_work(company: Company) -> None:
    app = company.app
    note = RecordNote(ticket_id=UUID(int=2), text=WHY, actor=TECHNICIAN)
    with pytest.raises(UnreadableEvent, match=r"^position 7: stream .* version 3, ticketing:UnitHandedBack: schema 2"):
        app.handle(note)
    for question in (app.ticket, app.history):
        with pytest.raises(UnreadableEvent):
            question(UUID(int=2))
    assert app.handle(note.model_copy(update={"ticket_id": UUID(int=3)})).version == 5
    app.store.codec = WITH_UPCAST
    assert app.handle(note).version == 5


def test_a_damaged_row_is_one_clear_error_and_a_rebuild_mends_it(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(
        open_store(sqlite_url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=(MARKS,))
    ) as store:
        kept = upkeep(store, MARKS)
        kept.make_inline(MARKS)
        store.append([append(1, 0, mark("a")), append(2, 0, mark("b"))])
        with closing(sqlite3.connect(path)) as damaging:
            damaging.execute("UPDATE ticketing_view_marks_1 SET marks = 'oops' WHERE ticket_id = ?", (number(1).hex,))
            damaging.commit()
        with pytest.raises(StoreError, match=rf"the MarksRow of ticket {number(1).hex} is damaged .*: rebuild"):
            store.append([append(1, 1, mark("c"))])
        store.append([append(2, 1, mark("d"))])
        assert store.head() == 3
        kept.rebuild(MARKS)
        store.append([append(1, 1, mark("c"))])
        assert marks(kept) == {1: ("a", "c"), 2: ("b", "d")}
